"""The pictures that nobody need look at twice: known by the SHA-256 of their files, never flagged.

Files are read again once they have changed, so that a picture allowed on the review page is heard by every
worker within a second.
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from gateway.configuration.policies import digest_of
from gateway.detection.verdict import Verdict
from gateway.settings import Policy, Review, Settings

log = logging.getLogger(__name__)

ALLOWED = "allowed"  # the reason of a picture on the list
_LONGEST_BYTES = 64 * 1024 * 1024  # of the file: a million pictures
_LOOK_SECONDS = 1.0  # between two looks at whether a file has changed
_LISTED = "It is on the list of allowed pictures"
_REVIEWED = "allowed.txt"  # in the folder of review

_Stamp = tuple[int, int, int] | None


class AllowListError(ValueError):
    """The file cannot be read, or is not a list of SHA-256; says where."""


def load_allow_list(policy: Policy) -> frozenset[bytes]:
    """Return the digests that the settings and their file list, 32 bytes each.

    Raises:
        AllowListError: The file cannot be read, or holds something else.
    """
    return frozenset((*_own(policy), *(() if policy.allow_file is None else _read(policy.allow_file))))


def written_list(policy: Policy, review: Review) -> Path | None:
    """Return the file into which the review page writes; None where there is none."""
    if policy.allow_file is not None:
        return policy.allow_file
    return None if review.store == "off" or review.directory is None else review.directory / _REVIEWED


class AllowList:
    """The digests that are allowed now; asked from several threads."""

    def __init__(
        self, policy: Policy, written: Path | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Read the settings' list and its file.

        Args:
            policy: Whose list it is.
            written: A file that may not be there yet.
            clock: Seconds.

        Raises:
            AllowListError: A file cannot be read, or holds something else.
        """
        self._own = frozenset(_own(policy))
        self._must = policy.allow_file
        self._files: Sequence[Path] = [each for each in dict.fromkeys((policy.allow_file, written)) if each]
        self._clock = clock
        self._looked_at = clock()
        self._stamps = self._stamped()
        self._listed = self._read_all()

    @classmethod
    def of(cls, settings: Settings) -> "AllowList":
        """Read what the settings name; raises as the class does."""
        return cls(settings.policy, written_list(settings.policy, settings.review))

    def __contains__(self, digest: object) -> bool:
        """Tell whether a picture is allowed."""
        if self._files and self._clock() - self._looked_at >= _LOOK_SECONDS:
            self._look_again()
        return digest in self._listed

    def _look_again(self) -> None:
        self._looked_at = self._clock()
        stamps = self._stamped()
        if stamps == self._stamps:
            return
        self._stamps = stamps
        try:
            self._listed = self._read_all()
        except AllowListError as error:
            log.error("the list of allowed pictures from before stays in use: %s", error)

    def _stamped(self) -> Sequence[_Stamp]:
        return [_stamp(each) for each in self._files]

    def _read_all(self) -> frozenset[bytes]:
        there = [each for each in self._files if each == self._must or each.exists()]
        return frozenset((*self._own, *(digest for each in there for digest in _read(each))))


def excused(verdict: Verdict) -> Verdict:
    """Return the verdict on a picture of the list: what was found stays told, and raises no flag.

    One that was excused before, with fewer images beside it, stays as it is.
    """
    if verdict.outcome == "unchecked" or verdict.explanation.startswith(_LISTED):
        return verdict
    explanation = _LISTED
    explanation += "." if verdict.outcome == "clean" else f", whatever was found: {verdict.explanation}"
    return replace(verdict, outcome="clean", flags=(), explanation=explanation)


def _own(policy: Policy) -> Iterator[bytes]:
    return (bytes.fromhex(each) for each in policy.allow)


def _stamp(path: Path) -> _Stamp:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _read(path: Path) -> Iterator[bytes]:
    try:
        if path.stat().st_size > _LONGEST_BYTES:
            raise AllowListError(f"{str(path)!r} is longer than {_LONGEST_BYTES} bytes")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise AllowListError(f"cannot read {str(path)!r}: {error}") from error
    for number, line in enumerate(text.split("\n"), start=1):
        words = line.partition("#")[0].split(maxsplit=1)  # behind a digest, sha256sum writes the file's name
        if words:
            try:
                yield bytes.fromhex(digest_of(words[0]))
            except ValueError as error:
                raise AllowListError(f"{str(path)!r}, line {number}: {error}") from error
