"""Read amounts as people write them, `64MB`, `30s`, `1%`, to tell the plain number that a key expects."""

import re
from collections.abc import Mapping

_AMOUNT = re.compile(r"([0-9][0-9_,]*(?:\.[0-9]+)?) *([A-Za-z%]*)")
_THOUSANDS = re.compile(r"[0-9]{1,3}([_,][0-9]{3})+(\.[0-9]+)?")
_PLAIN = re.compile(r"[0-9]+(\.[0-9]+)?")
_BYTES = {"": 1, "b": 1, "byte": 1, "bytes": 1} | {
    letter + ending: 1024**power for power, letter in enumerate("kmgt", start=1) for ending in ("", "b", "ib")
}
_SECONDS = {
    "": 1.0, "ms": 0.001, "s": 1, "sec": 1, "secs": 1, "second": 1, "seconds": 1, "m": 60, "min": 60,
    "mins": 60, "minute": 60, "minutes": 60, "h": 3600, "hour": 3600, "hours": 3600, "d": 86_400,
}  # fmt: skip
_PIXELS = {"": 1, "px": 1, "pixels": 1, "k": 1000, "m": 1_000_000, "mp": 1_000_000, "mpx": 1_000_000}
_OTHER = {"": 1, "%": 0.01}
_UNITS: Mapping[str, Mapping[str, float]] = {"bytes": _BYTES, "seconds": _SECONDS, "pixels": _PIXELS}


def plain_number(text: str, key_name: str) -> str:
    """Return the number meant by an amount, in the unit that the key's name ends in; empty where unclear."""
    found = _AMOUNT.fullmatch(text.strip())
    units = _UNITS.get(key_name.rpartition("_")[2], _OTHER)
    if not found or found[2].lower() not in units:
        return ""
    if not _PLAIN.fullmatch(found[1]) and not _THOUSANDS.fullmatch(found[1]):
        return ""
    number = float(re.sub("[_,]", "", found[1])) * units[found[2].lower()]
    return str(int(number)) if number.is_integer() else f"{number:.10g}"
