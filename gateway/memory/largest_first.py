"""Name whoever holds most, without going through all: a heap whose outdated entries are passed over."""

import heapq
from itertools import count

_LEAST_COMPACTED = 1000  # entries


class LargestFirst:
    """Holders by what they hold; of equals, the one noted longest ago comes first. Not locked."""

    def __init__(self) -> None:
        self._numbers = count()
        self._latest: dict[str, tuple[float, int, str]] = {}
        self._heap: list[tuple[float, int, str]] = []

    def note(self, name: str, load: float) -> None:
        """Say what somebody holds now."""
        entry = (-load, next(self._numbers), name)
        self._latest[name] = entry
        heapq.heappush(self._heap, entry)
        if len(self._heap) > 2 * len(self._latest) + _LEAST_COMPACTED:
            self._heap = sorted(self._latest.values())

    def forget(self, name: str) -> None:
        """Leave somebody out, known or not."""
        self._latest.pop(name, None)

    def largest(self) -> tuple[float, str] | None:
        """Return (what is held, by whom); None where nobody is left."""
        while self._heap:
            load, _, name = self._heap[0]
            if self._latest.get(name) == self._heap[0]:
                return -load, name
            heapq.heappop(self._heap)
        return None
