"""Pairs as the optimiser of the noticeability network needs them: measured, with their observer's profile."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch

from calibration.image import Image
from calibration.profile import JndProfile
from predictor.learning.dataset import AnsweredPairs, PairSet, shifts_of
from predictor.noticeability.bands import Measures
from predictor.noticeability.model import link_of, log_thresholds
from predictor.noticeability.quick_bands import measure_candidates, measure_reference
from predictor.noticeability.settings import Settings
from predictor.views import Viewer


@dataclass(frozen=True)
class Batch:
    """Pairs as the optimiser needs them; first axis N everywhere."""

    measures: Measures
    thresholds: torch.Tensor  # (N, families)
    links: torch.Tensor  # (N, 3) floor, ceiling, steepness of the observer that answered
    probabilities: torch.Tensor
    families: torch.Tensor

    def take(self, chosen: torch.Tensor) -> "Batch":
        """Return the chosen pairs."""
        return Batch(
            self.measures.take(chosen),
            self.thresholds[chosen],
            self.links[chosen],
            self.probabilities[chosen],
            self.families[chosen],
        )

    def to(self, device: torch.device) -> "Batch":
        """Move to where the network is trained."""
        return Batch(
            self.measures.to(device),
            self.thresholds.to(device),
            self.links.to(device),
            self.probabilities.to(device),
            self.families.to(device),
        )

    def under(self, profile: JndProfile, settings: Settings, shifts: npt.NDArray[np.float32]) -> "Batch":
        """Read the observer's profile by other settings; `shifts` are those of its pairs, (N, families)."""
        thresholds = torch.tensor(log_thresholds(profile, settings)) + torch.from_numpy(
            shifts_of(shifts, settings.families)
        )
        return replace(self, thresholds=thresholds)

    @classmethod
    def join(cls, batches: Sequence["Batch"]) -> "Batch":
        """Put several into one."""
        return cls(
            _join([batch.measures for batch in batches]),
            torch.cat([batch.thresholds for batch in batches]),
            torch.cat([batch.links for batch in batches]),
            torch.cat([batch.probabilities for batch in batches]),
            torch.cat([batch.families for batch in batches]),
        )


def batch_of(pairs: PairSet, profile: JndProfile, settings: Settings) -> Batch:
    """Measure pairs and read what their observer's profile says of it."""
    link = link_of(profile)
    return Batch(
        measure_pairs(pairs),
        torch.tensor(log_thresholds(profile, settings))
        + torch.from_numpy(shifts_of(pairs.shifts, settings.families)),
        torch.tensor([link.floor, link.ceiling, link.steepness]).repeat(len(pairs), 1),
        torch.from_numpy(pairs.probabilities),
        torch.from_numpy(pairs.families),
    )


def measure_pairs(pairs: PairSet) -> Measures:
    """Measure every pair, holding one at a time."""
    return measure_candidates(
        (measure_reference(reference), distorted)
        for reference, distorted in zip(pairs.references, pairs.distorted, strict=True)
    )


def measure_views(pairs: AnsweredPairs, profile: JndProfile) -> tuple[Measures, ...]:
    """Measure every pair in each view in which the model is judged, as serving does, holding one at a time.

    Where a pair has fewer views than another, its first counts again.
    """
    seen = [_measured_views(reference, distorted, profile) for reference, distorted in pairs.shown()]
    most = max(map(len, seen), default=0)
    return tuple(
        _join([views[index if index < len(views) else 0] for views in seen]) for index in range(most)
    )


def _measured_views(reference: Image, distorted: Image, profile: JndProfile) -> list[Measures]:
    views = Viewer(reference, profile).views(distorted)
    return [
        measure_candidates([(measure_reference(view.reference.pixels), view.distorted.pixels)])
        for view in views
    ]


def _join(found: Sequence[Measures]) -> Measures:
    return Measures(
        torch.cat([one.energies for one in found]),
        torch.cat([one.signs for one in found]),
        torch.cat([one.content for one in found]),
    )
