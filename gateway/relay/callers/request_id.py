"""Name each request, so that a line of the log and an answer can be brought together."""

import random
import re

_SANE = re.compile(rb"[A-Za-z0-9._:/+=@-]{1,128}")


def request_id(callers_own: bytes) -> str:
    """Return the caller's own id if it is one line of harmless characters, else a made-up one."""
    if callers_own and _SANE.fullmatch(callers_own):
        return callers_own.decode("ascii")
    return f"{random.getrandbits(64):016x}"
