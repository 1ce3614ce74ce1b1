"""The pictures that nobody need look at twice: known by the SHA-256 of their files, never flagged.

Read once, at start: a changed list is heard with a reload, as every setting is.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from gateway.configuration.policies import digest_of
from gateway.detection.verdict import Verdict
from gateway.settings import Policy

ALLOWED = "allowed"  # the reason of a picture on the list
_LONGEST_BYTES = 64 * 1024 * 1024  # of the file: a million pictures


class AllowListError(ValueError):
    """The file cannot be read, or is not a list of SHA-256; says where."""


def load_allow_list(policy: Policy) -> frozenset[bytes]:
    """Return the digests that the settings and their file list, 32 bytes each.

    Raises:
        AllowListError: The file cannot be read, or holds something else.
    """
    own = (bytes.fromhex(each) for each in policy.allow)
    return frozenset((*own, *(() if policy.allow_file is None else _read(policy.allow_file))))


def version_of(allowed: frozenset[bytes]) -> str:
    """Name what a list holds, in whatever order."""
    return hashlib.sha256(b"".join(sorted(allowed))).hexdigest()


def excused(verdict: Verdict) -> Verdict:
    """Return the verdict on a picture of the list: what was found stays told, and raises no flag."""
    if verdict.outcome == "unchecked":
        return verdict
    explanation = "It is on the list of allowed pictures"
    explanation += "." if verdict.outcome == "clean" else f", whatever was found: {verdict.explanation}"
    return replace(verdict, outcome="clean", flags=(), explanation=explanation)


def _read(path: Path) -> Iterator[bytes]:
    try:
        if path.stat().st_size > _LONGEST_BYTES:
            raise AllowListError(f"{str(path)!r} is longer than {_LONGEST_BYTES} bytes")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise AllowListError(f"cannot read {str(path)!r}: {error}") from error
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.partition("#")[0].split(maxsplit=1)  # behind a digest, sha256sum writes the file's name
        if words:
            try:
                yield bytes.fromhex(digest_of(words[0]))
            except ValueError as error:
                raise AllowListError(f"{str(path)!r}, line {number}: {error}") from error
