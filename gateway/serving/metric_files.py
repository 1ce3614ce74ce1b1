"""One set of numbers for several processes: files that every worker writes and any worker can add up.

Files of workers that have ended are folded into one, so that counters never go back over a crash or a reload
and files do not pile up. The format is `prometheus_client`'s for several processes.
"""

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from prometheus_client import CollectorRegistry, generate_latest, values
from prometheus_client.mmap_dict import MmapedDict, mmap_key
from prometheus_client.multiprocess import MultiProcessCollector

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"  # set in a worker's environment before it loads prometheus_client
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - where a write never waits for a disk; else the temporary folder
_SUMMED = ("counter", "histogram", "summary")  # files whose numbers outlive their process; gauges do not
_ENDED = "ended"
_LOCK = "lock"
_OWNED = "owned"
_PREFIX = "jnd-metrics-"
_MAKING_SECONDS = 60.0  # a folder this young may not be locked yet


def keep_to_this_process() -> None:
    """Let this process write numbers without looking up who it is each time: a worker never forks.

    Call it before any metric is made. That lookup asks the system, an eighth of a text request's time.
    """
    own = os.getpid()
    if VARIABLE in os.environ:  # noqa: TID251 - prometheus_client itself is told so
        # Untyped, as the library is.
        values.ValueClass = values.MultiProcessValue(process_identifier=lambda: own)  # type: ignore[no-untyped-call]


class NoTemporaryFolderError(Exception):
    """There is no place to write to."""


class MetricFiles:
    """The folder of these files."""

    def __init__(self, folder: Path, owned: BinaryIO | None = None) -> None:
        """Take a folder; its owner holds a lock in it for as long as it lives."""
        self.folder = folder
        self._owned = owned

    @classmethod
    def make(cls) -> "MetricFiles":
        """Make an empty private folder; remove those of gateways that were killed.

        Raises:
            NoTemporaryFolderError: There is no place for one.
        """
        for parent in (_SHARED_MEMORY, None):
            with contextlib.suppress(OSError):
                folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
                owned = (folder / _OWNED).open("ab")
                fcntl.flock(owned, fcntl.LOCK_EX)
                _sweep(folder.parent)
                return cls(folder, owned)
        raise NoTemporaryFolderError(
            "cannot make a temporary folder: set TMPDIR to a place that can be written"
        )

    def remove(self) -> None:
        """Remove the folder with everything in it."""
        shutil.rmtree(self.folder, ignore_errors=True)
        if self._owned is not None:
            self._owned.close()

    def fold(self, pid: int) -> None:
        """Add what an ended process counted to the numbers of all ended ones, and forget its gauges."""
        with self._locked(fcntl.LOCK_EX):
            for kind in _SUMMED:
                file = self.folder / f"{kind}_{pid}.db"
                if file.exists():
                    self._add(kind, _values(file))
                    file.unlink()
            for file in self.folder.glob(f"gauge_*_{pid}.db"):
                file.unlink()

    def count(self, name: str, help_text: str, labels: Mapping[str, str], *, amount: float = 1.0) -> None:
        """Count what no worker can count, such as the end of a worker; zero makes the number known."""
        key = mmap_key(name, f"{name}_total", list(labels), list(labels.values()), help_text)
        with self._locked(fcntl.LOCK_EX):
            self._add("counter", {key: amount})

    def exposition(self) -> bytes:
        """Render the numbers of all processes, living and ended, in Prometheus' text format."""
        registry = CollectorRegistry()
        with self._locked(fcntl.LOCK_SH):
            MultiProcessCollector(registry, path=str(self.folder))
            return generate_latest(registry)

    def _add(self, kind: str, values: Mapping[str, float]) -> None:
        with contextlib.closing(MmapedDict(str(self.folder / f"{kind}_{_ENDED}.db"))) as ended:
            for key, value in values.items():
                before, _ = ended.read_value(key)
                ended.write_value(key, before + value, 0.0)

    @contextlib.contextmanager
    def _locked(self, how: int) -> Iterator[None]:
        """Keep folding and adding up apart: halfway, a number is there twice or not at all."""
        with (self.folder / _LOCK).open("ab") as file:
            fcntl.flock(file, how)
            yield


def _sweep(parent: Path) -> None:
    """Remove folders whose owner no longer holds the lock: nobody else will."""
    for folder in parent.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):  # another's, held, or being made just now
            if time.time() - folder.stat().st_mtime < _MAKING_SECONDS:
                continue
            with (folder / _OWNED).open("r+b") as owned:
                fcntl.flock(owned, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder)


def _values(file: Path) -> dict[str, float]:
    return {key: value for key, value, _, _ in MmapedDict.read_all_values_from_file(str(file))}
