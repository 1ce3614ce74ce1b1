"""Predict whether a model that sees every pixel it is shown notices a difference, as people would.

The same kind of network, link and settings as `model`'s, on both views of `FullSizeViewer` at once. It serves
the default profile, and models that tile or whose input nobody knows; a model whose input is known sees less,
and is `model`'s matter. Where in a picture a difference would be noticed is told by `local`, for all models.
"""

from collections.abc import Sequence

import torch

from calibration.image import Image
from calibration.profile import JndProfile
from predictor.artifact import ArtifactError, Part
from predictor.noticeability.bands import Measures
from predictor.noticeability.known_references import KnownReferences
from predictor.noticeability.model import Noticeability, conclude, levels_taken, link_of, log_thresholds
from predictor.noticeability.network import JndNetwork, PairSize, in_either_order
from predictor.noticeability.quick_bands import measure_candidates
from predictor.noticeability.settings import Settings, settings_from_card
from predictor.views import FullSizeViewer, PairView

NETWORK = "network"  # before the names of its arrays: the part holds others
VIEWS = 2  # the tiles, and the whole at half size


class FullSizeModel:
    """The trained network with its link, ready to judge pictures at the size they are shown."""

    def __init__(
        self, network: JndNetwork, settings: Settings, references: KnownReferences | None = None
    ) -> None:
        """`references` are shared with whoever else measures the pictures that are judged."""
        self._network = network.eval()
        self._settings = settings
        self._references = KnownReferences() if references is None else references

    @classmethod
    def from_part(cls, part: Part, references: KnownReferences | None = None) -> "FullSizeModel":
        """Rebuild from an artifact's people part.

        Raises:
            ArtifactError: The arrays or settings are not those of this network.
        """
        try:
            settings = settings_from_card(part.card["settings"])
            network = JndNetwork(len(settings.families), views=VIEWS)
            prefix = NETWORK + "."
            network.load_state_dict(
                {
                    name.removeprefix(prefix): tensor
                    for name, tensor in part.tensors.items()
                    if name.startswith(prefix)
                }
            )
        except (LookupError, TypeError, ArithmeticError, ValueError, RuntimeError, AttributeError) as error:
            raise ArtifactError(f"the people part does not fit this network: {error}") from error
        return cls(network, settings, references)

    def judge(
        self, viewer: FullSizeViewer, candidates: Sequence[Image], profile: JndProfile
    ) -> list[Noticeability]:
        """Judge candidates of the viewer's reference, one after another.

        Raises:
            PairError: The aspect ratio of a candidate differs by more than 2 %.
        """
        sizes = [self._size(viewer.views(candidate), profile) for candidate in candidates]
        return [self._conclude(float(size.log_size), profile) for size in sizes]

    def judge_unordered(self, viewer: FullSizeViewer, other: Image, profile: JndProfile) -> Noticeability:
        """Judge one pair of which nobody knows the original.

        Raises:
            PairError: The aspect ratios differ by more than 2 %.
        """
        views = viewer.views(other)
        swapped = [view.swapped() for view in views]
        size = in_either_order(self._size(views, profile), self._size(swapped, profile))
        return self._conclude(float(size), profile)

    def floor(self, profile: JndProfile) -> float:
        """Return P("different") of identical pictures."""
        return self._settings.certainty_of(profile).over(link_of(profile)).floor

    def levels_taken(self, profile: JndProfile) -> dict[str, float]:
        """Return the thresholds, in levels, that judging reads from a profile, its gaps filled."""
        return levels_taken(profile, self._settings)

    def _size(self, views: Sequence[PairView], profile: JndProfile) -> PairSize:
        measured = [
            measure_candidates([(self._references.measures_of(view.seen), view.distorted.pixels)])
            for view in views
        ]
        certainty = self._settings.certainty_of(profile)
        thresholds = torch.tensor(
            [value - certainty.log_scale for value in log_thresholds(profile, self._settings)]
        )
        with torch.inference_mode():
            found: PairSize = self._network(Measures.beside(measured), thresholds[None])
        return found

    def _conclude(self, log_size: float, profile: JndProfile) -> Noticeability:
        certainty = self._settings.certainty_of(profile)
        return conclude(log_size, certainty.over(link_of(profile)), certainty)
