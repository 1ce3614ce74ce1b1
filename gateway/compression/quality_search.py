"""Find the lowest codec quality that passes, in few tries when there is a good guess.

Knows nothing of codecs or pictures: it only sees qualities and whether they passed. A quality above one that
passed is taken to pass, too.
"""

from collections.abc import Sequence


class QualitySearch:
    """Walks from the guess in growing steps until the border is crossed, then bisects."""

    def __init__(self, qualities: Sequence[int], start: int | None = None) -> None:
        """`qualities` ascend; without `start`, the search begins in the middle and bisects at once."""
        self._qualities = qualities
        self._low, self._high = 0, len(qualities) - 1
        self._step = 0 if start is None else 1
        above = sum(quality < start for quality in qualities) if start is not None else len(qualities) // 2
        self._at = min(above, self._high)
        self._outcomes: set[bool] = set()

    @property
    def next(self) -> int | None:
        """The quality to try; None when nothing is left to learn."""
        return self._qualities[self._at] if self._low <= self._high else None

    def tell(self, passed: bool) -> None:
        """Say how the try went."""
        self._outcomes.add(passed)
        if passed:
            self._high = self._at - 1
        else:
            self._low = self._at + 1
        if self._step and len(self._outcomes) == 1:
            walked = self._at - self._step if passed else self._at + self._step
            self._at, self._step = min(max(walked, self._low), self._high), 2 * self._step
        else:
            self._at = (self._low + self._high) // 2
