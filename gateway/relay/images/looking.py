"""Look for the images of a body, and for the model it asks for.

Small bodies without any sign of an image are done with on the event loop, in microseconds; all others on two
threads of their own, so that looking never waits for image work, nor a body of usual size for a large one.
Where there is no sign, nothing but the model's name is read.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec

from gateway.dialects.protocol import Dialect, Slot
from gateway.dialects.reading.document import NotJsonError, Object, TooManyValuesError, read_document
from gateway.dialects.reading.glance import Signs
from gateway.dialects.reading.strays import Strays, find_strays

INLINE_BYTES = 65_536  # a body of this size without images costs the event loop a millisecond at worst
LARGE_BYTES = 1_048_576  # above, a hostile body takes seconds
_MOST_AT_ONCE_BYTES = (
    8_388_608  # the fastest parser lets nobody else run: 16 ms for a hostile body of this size
)
_MOST_KNOWN = 1_000  # slots beyond the limit that are told from strays; nobody looks into them anyway


@dataclass(frozen=True)
class Problem:
    """Why something could not be checked."""

    kind: str  # one word, a label
    message: str  # for the caller
    param: str | None = None  # path of the image in the body


@dataclass(frozen=True)
class Looked:
    """What a body holds."""

    body: bytes
    dialect: Dialect
    model: str = ""
    slots: Sequence[Slot] = ()  # those that are looked into
    strays: Sequence[Strays] = ()
    further: int = 0  # slots beyond these, as far as they were counted
    beyond: Sequence[Slot] = ()  # those, for whoever knows the pictures in them already
    is_counted: bool = True  # there are no more than these
    problem: Problem | None = None  # why it could not be looked into
    met: Sequence[Any] = ()  # what is known of each slot; empty: nobody has asked

    @property
    def is_cut(self) -> bool:
        """Whether there are more slots than are looked into."""
        return self.further > 0


class Looking:
    """Threads for looking, and its limits."""

    def __init__(self, *, max_values: int, max_images: int) -> None:
        """Bound the values of a body, and the images of it that are looked into."""
        self._max_values = max_values
        self._max_images = max_images
        # Looking is Python, one thread of it at a time: more threads would look no faster, but take the
        # event loop's turns. With four, a health check waited .2 s.
        self._usual = ThreadPoolExecutor(1, thread_name_prefix="look")
        self._large = ThreadPoolExecutor(1, thread_name_prefix="look-large")

    async def look(
        self, body: bytes, dialect: Dialect, path: str, also: Callable[[Looked], Looked] | None = None
    ) -> Looked:
        """Find the images of a body, and the model.

        `also` goes on with images that were found, on the same thread: it is for what takes less than a
        change of thread does, and is left out for large bodies.
        """
        if len(body) <= INLINE_BYTES and not _signs(tuple(dialect.markers)).are_in(body):
            model = _model_in(body, dialect, path)
            if model:
                return Looked(body, dialect, model)
        loop = asyncio.get_running_loop()
        if len(body) > LARGE_BYTES:
            return await loop.run_in_executor(self._large, self.look_slowly, body, dialect, path)
        return await loop.run_in_executor(self._usual, self._look_and_go_on, body, dialect, path, also)

    def _look_and_go_on(
        self, body: bytes, dialect: Dialect, path: str, also: Callable[[Looked], Looked] | None
    ) -> Looked:
        looked = self.look_slowly(body, dialect, path)
        return also(looked) if also is not None and looked.slots else looked

    def look_slowly(self, body: bytes, dialect: Dialect, path: str) -> Looked:
        """Do the same as `look` on this thread, in short steps."""
        places = _signs(tuple(dialect.markers)).places(body, 0, len(body))
        if len(body) <= _MOST_AT_ONCE_BYTES and next(places, None) is None:
            model = _model_in(body, dialect, path)
            if model:
                return Looked(body, dialect, model)
        return self.look_closely(body, dialect, path)

    def look_closely(self, body: bytes, dialect: Dialect, path: str) -> Looked:
        """Do the same whatever the body is, by reading where everything in it lies."""
        try:
            document = read_document(body, max_values=self._max_values)
        except NotJsonError as error:
            problem = Problem(error.reason, f"the body is not a JSON object: {error}")
            return Looked(body, dialect, problem=problem)
        except TooManyValuesError as error:
            return Looked(body, dialect, problem=Problem(error.reason, str(error)))
        model = dialect.model_of(path, document)
        slots, further, is_complete = self._slots(dialect, document)
        known = [text for slot in (*slots, *further) for text in slot.source.texts]
        strays = find_strays(document, known, dialect) if is_complete else []
        return Looked(
            body,
            dialect,
            model,
            slots,
            strays,
            further=len(further),
            beyond=further,
            is_counted=is_complete,
        )

    async def close(self) -> None:
        """Wait for what is being looked at."""
        for pool in (self._usual, self._large):
            await asyncio.to_thread(pool.shutdown, cancel_futures=True)

    def _slots(self, dialect: Dialect, document: Object) -> tuple[list[Slot], list[Slot], bool]:
        """Return the slots to look into, further ones, and whether these are all."""
        found: list[Slot] = []
        for slot in dialect.slots(document):
            if len(found) >= self._max_images + _MOST_KNOWN:
                return found[: self._max_images], found[self._max_images :], False
            found.append(slot)
        return found[: self._max_images], found[self._max_images :], True


@lru_cache(maxsize=64)
def _signs(markers: tuple[bytes, ...]) -> Signs:
    return Signs(markers)


class _Names(msgspec.Struct):
    """Where APIs name a model."""

    model: Any = None
    agent: Any = None
    name: Any = None


_NAMES = msgspec.json.Decoder(_Names)


def _model_in(body: bytes, dialect: Dialect, path: str) -> str:
    """Return the model by the fastest parser; empty where that does not take the body, or finds none."""
    try:
        names = _NAMES.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return ""
    return dialect.model_of(path, msgspec.structs.asdict(names))
