"""Find how far judged chances may go while promised rates are kept, and write that into the people part.

    python -m predictor.learning.people.margins --judged JUDGED.npz --artifact ARTIFACT

The rule that is controlled is the gateway's: of each picture the lightest quality is sent whose judged chance
is within the limit. For every rate two promises are made of what people's teacher says of the versions sent:
in the mean, the chance of noticing is at most the rate; and at most one version in twenty is beyond four
times its odds, which nine calibrations in ten get right.
"""

import argparse
import hashlib
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit

from calibration.observers.human import NAME
from predictor.artifact import FILE_FIELDS, Part, read_part, write_part
from predictor.guarantees.margin import KeptRate
from predictor.guarantees.risk_control import LossTable, control_expected, control_surely, worst_so_far
from predictor.learning.people.judged import CAME_AT, CODECS, QUALITIES, SCALES, Judged
from predictor.thresholds.delivery import Delivery

RATES = (0.05, 0.1, 0.2)
BEYOND_ODDS, BEYOND_SHARE, DELTA = 4.0, 0.05, 0.1
_KNOBS = expit(np.arange(-6.0, 1.51, 0.02))

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Choices:
    """What people would notice of the version sent, by picture and limit of the judged chance: (N, K)."""

    people: Floats

    def mean_table(self) -> LossTable:
        """Return the chance of noticing."""
        return LossTable(_KNOBS, worst_so_far(self.people))

    def beyond_table(self, rate: float) -> LossTable:
        """Return whether the chance is beyond what the rate allows of one version."""
        most = expit(logit(rate) + np.log(BEYOND_ODDS))
        return LossTable(_KNOBS, worst_so_far(self.people > most))


def choices(judged: Judged, codec: Delivery) -> Choices:
    """Send the lightest quality within each limit; where there is none, nothing is sent nor noticed."""
    by_network, by_people = judged.of(codec)
    allowed = by_network[:, None, :] <= _KNOBS[None, :, None]  # (N, K, qualities)
    lightest = allowed.argmax(axis=2)
    noticed = np.take_along_axis(by_people, lightest, axis=1)
    return Choices(np.where(allowed.any(axis=2), noticed, 0.0))


def keep_rates(judged: Judged, codec: Delivery) -> list[KeptRate]:
    """Choose limits for every rate.

    Raises:
        ValueError: There are too few pictures for some rate.
    """
    sent = choices(judged, codec)
    kinds = ["photograph"] * len(judged)
    kept = [
        KeptRate(
            rate,
            (
                control_expected(sent.mean_table(), rate, strata=kinds),
                control_surely(sent.beyond_table(rate), BEYOND_SHARE, DELTA, strata=kinds),
            ),
        )
        for rate in RATES
    ]
    missing = [each.rate for each in kept if each.judged is None]
    if missing:
        raise ValueError(f"expected more than {len(judged)} pictures: no limit of {codec} keeps {missing}")
    return kept


def write_margins(directory: Path, judged: Judged) -> dict[str, list[float | None]]:
    """Add the limits to the artifact's people part, whose arrays stay; return them by codec.

    Raises:
        ArtifactError: There is no such part.
        OSError: It cannot be written.
        ValueError: There are too few pictures.
    """
    part = read_part(directory, "people")
    kept = {codec: keep_rates(judged, codec) for codec in CODECS}
    margins = {codec: [each.to_card() for each in rates] for codec, rates in kept.items()}
    card = {name: value for name, value in part.card.items() if name not in FILE_FIELDS}
    described = {**card, "margins": margins, "margins_found_on": _provenance(judged)}
    write_part(directory, "people", Part(part.tensors, described))
    return {codec: [each.judged for each in rates] for codec, rates in kept.items()}


def _provenance(judged: Judged) -> dict[str, Any]:
    return {
        "teacher": NAME,
        "photographs": len(judged),
        "names_sha256": hashlib.sha256("\n".join(judged.photos).encode()).hexdigest(),
        "shrunk_to": SCALES,
        "came_at_jpeg": CAME_AT,
        "qualities": QUALITIES,
        "mean": "at most the rate",
        "single_versions": f"at most {BEYOND_SHARE:.0%} beyond {BEYOND_ODDS:g} times its odds",
    }


def main() -> None:
    """Choose and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--judged", type=Path, nargs="+", required=True, help="written by the module judged")
    parser.add_argument("--artifact", type=Path, required=True, help="artifact folder")
    options = parser.parse_args()
    judged = Judged.join([Judged.load(path) for path in options.judged])
    sys.stdout.write(json.dumps(write_margins(options.artifact, judged)) + "\n")


if __name__ == "__main__":
    main()
