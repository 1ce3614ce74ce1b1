"""Spread connections over the workers that share a listening socket: whoever has fewest takes the next.

A socket wakes every worker, and the one already awake is always first: left alone, it would take fifteen of
sixteen callers. So each worker tells how many it has in a file all of them map, and one that has more than
another leaves that one some time. What is read there may be a moment old, which costs balance and no more.
"""

import asyncio
import mmap
import socket
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

FILE_NAME = "connections"
MOST_WORKERS = 256  # at a time: those of the settings, those that leave, those that start
_NUMBER = struct.Struct("=i")
_ABSENT = -1
_PAUSE_SECONDS = 0.002
_MOST_PAUSES = 5  # then the other is busy or stuck, and the caller has waited long enough


class Occupancy:
    """How many connections each worker has."""

    def __init__(self, file: Path) -> None:
        """Map the file; it is made where it is missing."""
        with file.open("ab") as opened:
            if not opened.tell():
                opened.write(_NUMBER.pack(_ABSENT) * MOST_WORKERS)
        with file.open("r+b") as opened:
            self._numbers = mmap.mmap(opened.fileno(), MOST_WORKERS * _NUMBER.size)

    def tell(self, place: int, connections: int) -> None:
        """Say how many this worker has."""
        _NUMBER.pack_into(self._numbers, place * _NUMBER.size, connections)

    def leave(self, place: int) -> None:
        """Say that this worker takes no more."""
        self.tell(place, _ABSENT)

    def fewest_of_others(self, place: int) -> int | None:
        """Return what the least busy of the other workers has; None where there is none."""
        others = (number for other, number in enumerate(self._all()) if other != place and number != _ABSENT)
        return min(others, default=None)

    def _all(self) -> Iterator[int]:
        return (number for (number,) in _NUMBER.iter_unpack(self._numbers))


class Acceptor:
    """Takes connections from a socket that other processes listen on as well."""

    def __init__(
        self,
        listener: socket.socket,
        new_connection: Callable[[], asyncio.Protocol],
        occupancy: Occupancy,
        place: int,
    ) -> None:
        """Begin to accept, in the place that is this worker's alone."""
        self._listener = listener
        self._new_connection = new_connection
        self._occupancy = occupancy
        self._place = place
        self._connections = 0
        self._pauses = 0
        self._timer: asyncio.TimerHandle | None = None
        self._opening: set[asyncio.Task[object]] = set()
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(listener, self._accept)
        occupancy.tell(place, 0)

    def close(self) -> None:
        """Take no more; others go on."""
        self._occupancy.leave(self._place)
        if self._timer is not None:
            self._timer.cancel()
        self._loop.remove_reader(self._listener)
        self._listener.close()

    def note(self, connections: int) -> None:
        """Hear how many connections there are now."""
        self._connections = connections
        if self._listener.fileno() >= 0:
            self._occupancy.tell(self._place, connections)

    def _accept(self) -> None:
        fewest = self._occupancy.fewest_of_others(self._place)
        if fewest is not None and fewest < self._connections and self._pauses < _MOST_PAUSES:
            self._pauses += 1
            self._loop.remove_reader(self._listener)
            self._timer = self._loop.call_later(
                _PAUSE_SECONDS, self._loop.add_reader, self._listener, self._accept
            )
            return
        self._pauses = 0
        try:
            connection, _ = self._listener.accept()
        except (BlockingIOError, ConnectionAbortedError):  # another was faster, or the caller left
            return
        connection.setblocking(False)
        self.note(self._connections + 1)
        task = asyncio.ensure_future(self._loop.connect_accepted_socket(self._new_connection, connection))
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)
