"""Measure the critic that is an LMM on photographs it never saw, the specialist beside; one JSON line last.

Floors, told as met or missed: through its five words SRCC >= .65 with people's scores on the third of BIQ2021
that is never trained on; its description begins with the right attribute in >= .80 of strongly distorted
pictures; it finds the less damaged of two levels of one damage in >= .95; <= 15 MB. Beside them: plain
regressions on what its tower sees, its answer in words to "which is better", pairs of KADID's kinds whose
levels people tell apart, attributes beside the specialist's, the origin of pictures of 32 pixels,
milliseconds. `--fold` takes a fold of the training photographs instead of the third, for a model trained with
`--leave-out` it; recipes are chosen by that. `--note` writes the figures into the model's card. Needs the
development data beside the repository (../shared/data).
"""

import argparse
import json
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from critic import SHARED, mos_of, scores
from scipy.stats import pearsonr, spearmanr
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR

from calibration.critic.estimates import expected_value, masses_of
from calibration.critic.reading import read_words
from calibration.critic.scales import ATTRIBUTES, ORIGIN, PAIRS, QUALITY, SCALES
from calibration.image import Image, load
from calibration.observers.critic.architecture import quickened
from calibration.observers.critic.observer import MODEL_FOLDER, CriticObserver, load_critic
from calibration.observers.critic.views import cut
from calibration.observers.embedded.batches import normalise
from calibration.observers.embedded.observer import load_folder
from calibration.observers.protocol import Manner, Query
from predictor.artifact import default_directory
from predictor.critic.measures import Floats
from predictor.critic.specialist import Specialist, examine, load_specialist
from predictor.learning.critic.kadid import KINDS, LEVELS
from predictor.learning.critic.lessons import Opinions, load_opinions
from predictor.learning.critic.split import fold_of, is_held_out
from predictor.learning.critic_lmm.damage import FLAWED, Damage, attribute_damage, kadid_damage
from predictor.learning.critic_lmm.judged import ATTRIBUTE_OF
from predictor.learning.critic_lmm.sayings import BETTER, DESCRIBE, first_fault
from predictor.learning.critic_lmm.seeing import look
from predictor.one_thread import use_one_thread

Truths = npt.NDArray[np.bool_]

_STRONG = (4, 5)
_TOLD_APART = 0.15  # of KADID's opinion, 1 to 5
_FLOORS = {"srcc": 0.65, "worst_attribute_right": 0.80, "comparison_right": 0.95}
_MOST_MEGABYTES = 15.0
_READING = (
    "the third of BIQ2021 that was never read, nor chosen by: recipes were chosen by fold 0 of the others, "
    "left out; six kinds of damage to one attribute at levels 4 and 5, and two levels of each, on "
    "some of its photographs; the probes are fitted to what the tower sees of the training photographs"
)
_WIDTH, _COST, _TUBE, _RIDGE = 0.25, 20.0, 2.0, 1000.0  # of plain regressions, as of the specialist's


def _is_left_out(name: str, fold: int) -> bool:
    return not is_held_out(name) and fold_of(name) == fold


def learnt_from(names: Iterable[str], fold: int | None) -> list[str]:
    """Return the photographs that the model may have learned from."""
    return [name for name in names if not is_held_out(name) and fold_of(name) != fold]


def values(observer: CriticObserver, name: str, shown: Sequence[Sequence[Image]]) -> list[float]:
    """Return the mean value of a scale's words, by their probabilities, for each group of pictures."""
    scale = SCALES[name]
    manner = Manner(words=scale.words, opening=scale.opening)
    replies = observer.ask([Query(scale.prompt, images, manner=manner) for images in shown])
    readings = [read_words(reply, scale) for reply in replies]
    return [
        expected_value(masses_of(reading.alternatives, scale.words), scale.values).score
        for reading in readings
    ]


def opinion(
    observer: CriticObserver, specialist: Specialist, folder: Path, names: Sequence[str]
) -> dict[str, float]:
    """Compare with people's scores, and attributes with the specialist's."""
    mos = scores(folder)
    truth = [mos[name] for name in names]
    images = [load(folder / name) for name in names]
    started = time.process_time()
    said = values(observer, QUALITY, [[image] for image in images])
    milliseconds = 1000 * (time.process_time() - started) / len(images)
    beside = [mos_of(specialist, image) for image in images]
    found = {
        "pictures": len(names),
        "srcc": float(spearmanr(said, truth)[0]),
        "plcc": float(pearsonr(said, truth)[0]),
        "specialist_srcc": float(spearmanr(beside, truth)[0]),
        "specialist_plcc": float(pearsonr(beside, truth)[0]),
        "milliseconds": milliseconds,
    }
    some = images[:40]
    judged = [specialist.attributes.judge(examine(image, specialist.network)[0]) for image in some]
    for name in ATTRIBUTES:
        told = values(observer, name, [[image] for image in some])
        measured = [getattr(one, name) for one in judged]
        found[f"{name}_as_specialist"] = float(spearmanr(told, measured)[0])
    return found


def regressions(
    tower: object, folder: Path, *, learnt: Sequence[str], judged: Sequence[str]
) -> dict[str, float]:
    """Fit people's scores to what the tower sees, without a language model: by a line and by a kernel."""
    mos = scores(folder)
    rows, others = (_seen(tower, [load(folder / name) for name in names]) for names in (learnt, judged))
    truth = [mos[name] for name in judged]
    fits = {
        "linear_probe_srcc": Ridge(_RIDGE),
        "kernel_probe_srcc": SVR(C=_COST, epsilon=_TUBE, gamma=_WIDTH / rows.shape[1]),
    }
    found = {}
    for name, fit in fits.items():
        fitted = make_pipeline(StandardScaler(), fit).fit(rows, [mos[one] for one in learnt])
        found[name] = float(spearmanr(fitted.predict(others), truth)[0])
    return found


def _seen(tower: object, images: Sequence[Image]) -> Floats:
    """Return (N, 4 F): logarithms of mean and spread of each feature, over the whole and over the pieces."""
    rows = []
    for image in images:
        with torch.inference_mode():
            views = look(tower, normalise([view.pixels for view in cut(image)])).numpy()
        parts = (views[0], views[1:].reshape(-1, views.shape[-1]))
        rows.append(
            np.concatenate([part for each in parts for part in (each.mean(axis=0), each.std(axis=0))])
        )
    logarithms: Floats = np.log(np.stack(rows).clip(0) + 0.02).astype(np.float32)
    return logarithms


def descriptions(observer: CriticObserver, images: Sequence[Image]) -> dict[str, object]:
    """Distort one attribute strongly; does the description begin with it?"""
    rng = np.random.default_rng(0)
    made = [
        attribute_damage(image, name, int(rng.choice(_STRONG)), rng) for image in images for name in FLAWED
    ]
    texts = observer.complete([Query(DESCRIBE[0], [one.image]) for one in made])
    right = [
        first_fault(text) == ATTRIBUTE_OF[one.flaw] for text, one in zip(texts, made, strict=True) if one.flaw
    ]
    by_name = {name: round(float(np.mean(right[at :: len(FLAWED)])), 3) for at, name in enumerate(FLAWED)}
    return {"worst_attribute_right": float(np.mean(right)), "worst_attribute_by_damage": by_name}


def comparisons(observer: CriticObserver, images: Sequence[Image], opinions: Opinions) -> dict[str, object]:
    """Show two levels of one damage, in either order; is the lesser one found better?"""
    rng = np.random.default_rng(1)
    attribute, kadid = [], []
    for image in images:
        for name in FLAWED:
            low, high = sorted(rng.choice(np.arange(1, LEVELS + 1), 2, replace=False).tolist())
            attribute.append([attribute_damage(image, name, level, rng) for level in (low, high)])
        for kind in rng.choice(sorted(KINDS), len(FLAWED), replace=False).tolist():
            levels = rng.choice(np.arange(1, LEVELS + 1), 2, replace=False).tolist()
            low, high = sorted(levels, key=lambda level: -opinions[kind, level])
            if opinions[kind, low] - opinions[kind, high] >= _TOLD_APART:
                kadid.append([kadid_damage(image, kind, level, opinions, rng) for level in (low, high)])
    shown, is_second, right = _compared(observer, attribute)
    names = np.array([low.name for low, _ in attribute] * 2)
    texts = observer.complete([Query(BETTER[0], images) for images in shown])
    told = np.array(["second" in text.split("better")[0].split() for text in texts])
    alike = np.array(["similar" in text for text in texts])
    kadid_shown, _, kadid_right = _compared(observer, kadid)
    return {
        "comparison_right": float(right.mean()),
        "comparison_by_damage": {name: round(float(right[names == name].mean()), 3) for name in FLAWED},
        "comparison_right_in_words": float(np.mean((told == is_second) & ~alike)),
        "comparisons": len(shown),
        "kadid_comparison_right": float(kadid_right.mean()),
        "kadid_comparisons": len(kadid_shown),
    }


def _compared(
    observer: CriticObserver, pairs: Sequence[Sequence[Damage]]
) -> tuple[list[list[Image]], Truths, Truths]:
    """Show every pair in both orders; return what was shown, where the second is better, what is right."""
    forward = [[low.image, high.image] for low, high in pairs]
    shown = [*forward, *([second, first] for first, second in forward)]
    is_second = np.arange(len(shown)) >= len(forward)
    return shown, is_second, (np.array(values(observer, PAIRS, shown)) > 0.5) == is_second


def origin(observer: CriticObserver, folder: Path, count: int) -> dict[str, float]:
    """Tell generated from photographed at 32 pixels; pictures also among the training arrays are left out."""
    with np.load(folder.with_name("cifake32_train.npz")) as arrays:
        learnt = {picture.tobytes() for picture in arrays["images"]}
    images, truth = [], []
    for kind in ("generated", "real"):
        for path in sorted((folder / kind).iterdir())[:count]:
            image = load(path)
            if image.pixels.tobytes() not in learnt:
                images.append(image)
                truth.append(kind == "generated")
    told = np.array(values(observer, ORIGIN, [[image] for image in images]))
    return {"origin_accuracy": float(np.mean((told > 0.5) == truth)), "origin_pictures": len(images)}


def floors(results: Mapping[str, object]) -> list[str]:
    """Say of every floor whose figure was measured whether it is met."""
    told = []
    for name, least in _FLOORS.items():
        if isinstance(figure := results.get(name), float):
            told.append(f"{name} {figure} of at least {least}: {'met' if figure >= least else 'missed'}")
    size = results["weights_mb"]
    is_small = isinstance(size, float) and size <= _MOST_MEGABYTES
    return [*told, f"weights_mb {size} of at most {_MOST_MEGABYTES}: {'met' if is_small else 'missed'}"]


def note(path: Path, results: Mapping[str, object], told: Sequence[str]) -> None:
    """Write figures of a whole run into a model's card."""
    card = json.loads(path.read_text(encoding="utf-8"))
    card["figures"] = {"reading": _READING, **results, "floors": list(told)}
    path.write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=SHARED)
    parser.add_argument("--model", type=Path, default=MODEL_FOLDER)
    parser.add_argument("--fold", type=int, help="photographs of this fold of the training thirds instead")
    parser.add_argument("--note", action="store_true", help="write the figures into the model's card")
    parser.add_argument("--pictures", type=int, default=1000, help="held-out photographs to score")
    parser.add_argument("--damaged", type=int, default=24, help="held-out photographs to damage")
    parser.add_argument(
        "--part", action="append", choices=("opinion", "regressions", "descriptions", "comparisons", "origin")
    )
    options = parser.parse_args()
    use_one_thread()
    observer = load_critic(None if options.model == MODEL_FOLDER else options.model)
    parts = options.part or ["opinion", "regressions", "descriptions", "comparisons", "origin"]
    folder = options.data / "photos" / "biq2021"
    names = sorted(scores(folder))
    held = [
        name
        for name in names
        if (is_held_out(name) if options.fold is None else _is_left_out(name, options.fold))
    ]
    images = [
        load(folder / name) for name in held[:: max(1, len(held) // options.damaged)][: options.damaged]
    ]
    megabytes = (options.model / "model.safetensors").stat().st_size / 1e6
    results: dict[str, object] = {"benchmark": "critic_lmm", "weights_mb": megabytes}
    if options.fold is not None:
        results["fold"] = options.fold
    if "opinion" in parts:
        specialist = load_specialist(default_directory())
        results |= opinion(observer, specialist, folder, held[: options.pictures])
    if "regressions" in parts:
        tower = quickened(load_folder(options.model, "critic LMM").model.model.vision_tower)
        results |= regressions(tower, folder, learnt=learnt_from(names, options.fold), judged=held)
    if "descriptions" in parts:
        results |= descriptions(observer, images)
    if "comparisons" in parts:
        opinions = load_opinions(options.data / "human" / "kadid10k_dmos.csv")
        results |= comparisons(observer, images, opinions)
    if "origin" in parts:
        results |= origin(observer, options.data / "authenticity" / "cifake32", options.pictures)
    rounded = {
        name: round(value, 4) if isinstance(value, float) else value for name, value in results.items()
    }
    told = floors(rounded)
    print("\n".join(told))
    if options.note:
        note(options.model / "card.json", rounded, told)
    print(json.dumps({**rounded, "floors": told}))


if __name__ == "__main__":
    main()
