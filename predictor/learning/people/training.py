r"""Train the artifact's people part: what models that see every pixel shown notice, as people do.

    python -m predictor.learning.people.training --lessons LESSONS.npz... --ladders LADDERS.npz... \
        --out ARTIFACT

Most photographs teach the network; slope, scale and interval are settled on the rest. The ladders teach at
which codec quality people start to notice.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from calibration.observers.human import NAME
from calibration.profile import JndProfile, default_profile
from predictor.artifact import Part, write_part
from predictor.learning.dataset import FAMILIES
from predictor.learning.noticeability.batches import Batch
from predictor.learning.noticeability.settling import Answered, held_out_area, settle
from predictor.learning.noticeability.training import Recipe, fit_network
from predictor.learning.people.lessons import PeopleLessons
from predictor.learning.people.qualities import Ladders, effect_arrays, fit_qualities
from predictor.learning.thresholds.fitting import Fitted
from predictor.noticeability.full_size import NETWORK, VIEWS
from predictor.noticeability.model import link_of
from predictor.noticeability.network import JndNetwork
from predictor.noticeability.settings import Interval, Settings
from predictor.one_thread import use_one_thread
from predictor.thresholds.delivery import Delivery, own_strength
from predictor.thresholds.full_size import FULL_SIZE

SETTLED_SHARE = 0.2  # of the photographs
_SMALLEST = -12.0  # ln of a size: identical pictures
_INTENDED_USE = (
    "P(a model that sees every pixel it is shown notices a difference), by its profile: of the default "
    "profile and of models that tile or whose input is unknown; to compress images and to judge edits."
)
_LIMITS = (
    "The teacher is a metric anchored on people (SSIMULACRA2, KonJND-1k), not people: a proxy. Local edits "
    "and changes of view, which it cannot judge, were taught by the thresholds of the LMM-JND paper. Learned "
    "from photographs of .07 to 1.2 megapixels, some with grain or a first JPEG; drawings, screens and pages "
    "are outside them. Of larger pictures a quarter or less is looked at."
)


@dataclass(frozen=True)
class TrainedPeople:
    """A network with its settings, and what was measured on the way."""

    network: JndNetwork
    settings: Settings
    figures: Mapping[str, Any]

    def to_part(
        self, lessons: PeopleLessons, ladders: Ladders, deliveries: Mapping[Delivery, Fitted]
    ) -> Part:
        """Prepare for `artifact.write_part`."""
        arrays = {name: torch.from_numpy(array) for name, array in effect_arrays(deliveries).items()}
        network = {f"{NETWORK}.{name}": tensor for name, tensor in self.network.state_dict().items()}
        taught = {
            "teacher": NAME,
            "pairs": len(lessons),
            "photographs": len(np.unique(lessons.photos)),
            "pictures_encoded": len(ladders),
            "data_sha256": hashlib.sha256(lessons.probabilities.tobytes()).hexdigest(),
        }
        card = {
            "settings": asdict(self.settings),
            "delivery": {name: asdict(one.settings) for name, one in deliveries.items()},
            "figures": {**self.figures, "delivery": {name: one.figures for name, one in deliveries.items()}},
            "training": taught,
            "intended_use": _INTENDED_USE,
            "limits": _LIMITS,
        }
        return Part(network | arrays, card)


def train_people(
    lessons: PeopleLessons,
    recipe: Recipe,
    *,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> TrainedPeople:
    """Fit the network and settle what turns its sizes into chances.

    Raises:
        ValueError: There are too few photographs to settle on some and learn from others.
    """
    profile = default_profile()
    held = _held_out(lessons, recipe.seed)
    torch.manual_seed(recipe.seed)
    network = fit_network(_batch(lessons.take(~held), profile), recipe, progress, views=VIEWS)
    levels = tuple(float(profile.threshold_of(name) or 1.0) for name in FAMILIES)
    settings = Settings(FAMILIES, levels, 1.0, Interval((), (0.0,), (0.0,)))
    answered = _answered(network.eval(), lessons.take(held), profile)
    settled = settle([answered], settings.pooled)
    with torch.no_grad():
        network.log_scale.add_(settled.certainty.log_scale)
    figures = {
        "training_pairs": int((~held).sum()),
        "settled_pairs": int(held.sum()),
        "settled_log_loss": settled.log_loss,
        "settled_auc": held_out_area(answered),
    }
    finished = replace(
        settings,
        steepness_factor=settled.certainty.steepness_factor,
        interval=settled.certainty.interval,
    )
    return TrainedPeople(network, finished, figures)


def _held_out(lessons: PeopleLessons, seed: int) -> np.ndarray[Any, np.dtype[np.bool_]]:
    names = np.unique(lessons.photos)
    if len(names) < 2:
        raise ValueError(f"expected lessons about several photographs, got {len(names)}")
    chosen = np.random.default_rng(seed).permutation(names)[: max(1, round(SETTLED_SHARE * len(names)))]
    return np.isin(lessons.photos, chosen)


def _batch(lessons: PeopleLessons, profile: JndProfile) -> Batch:
    link = link_of(profile)
    return Batch(
        lessons.measures,
        torch.zeros(len(lessons), len(FAMILIES)),  # people's thresholds over people's
        torch.tensor([link.floor, link.ceiling, link.steepness]).repeat(len(lessons), 1),
        torch.from_numpy(lessons.probabilities),
        torch.from_numpy(lessons.families),
    )


def _answered(network: JndNetwork, lessons: PeopleLessons, profile: JndProfile) -> Answered:
    with torch.inference_mode():
        found = network(lessons.measures, torch.zeros(len(lessons), len(FAMILIES)))
    return Answered(
        found.log_size.clamp(min=_SMALLEST).numpy().astype(np.float64),
        lessons.probabilities.astype(np.float64),
        link_of(profile),
        torch.softmax(found.family_logits, dim=1).numpy().astype(np.float64),
        lessons.photos,
    )


def main() -> None:
    """Train and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--lessons", type=Path, nargs="+", required=True, help="as written by the module lessons"
    )
    parser.add_argument(
        "--ladders", type=Path, nargs="+", required=True, help="as written by the module qualities"
    )
    parser.add_argument("--out", type=Path, required=True, help="artifact folder")
    parser.add_argument("--epochs", type=int, default=240)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    use_one_thread()
    lessons = PeopleLessons.join([PeopleLessons.load(path) for path in options.lessons])
    ladders = Ladders.join([Ladders.load(path) for path in options.ladders])
    trained = train_people(lessons, Recipe(epochs=options.epochs, seed=options.seed))
    people = default_profile()
    own = {name: own_strength(people, name) for name in FULL_SIZE}
    deliveries = fit_qualities(ladders, own, np.random.default_rng(options.seed))
    write_part(options.out, "people", trained.to_part(lessons, ladders, deliveries))
    sys.stdout.write(json.dumps(trained.figures) + "\n")


if __name__ == "__main__":
    main()
