"""What a comparison needs of its reference alone, measured at most once for every view of it."""

from weakref import WeakKeyDictionary

from predictor.noticeability.quick_bands import ReferenceMeasures, measure_reference
from predictor.views import ReferenceView


class KnownReferences:
    """Measures of references by view, kept as long as somebody holds the view."""

    def __init__(self) -> None:
        self._measures: WeakKeyDictionary[ReferenceView, ReferenceMeasures] = WeakKeyDictionary()

    def measures_of(self, seen: ReferenceView) -> ReferenceMeasures:
        """Measure the reference, or return what was measured before."""
        known = self._measures.get(seen)
        if known is None:
            known = self._measures[seen] = measure_reference(seen.image.pixels)
        return known

    def __len__(self) -> int:
        return len(self._measures)
