"""Part benign: single pictures nobody hid anything in, stratum by stratum.

The same photographs are in most strata, so cases depend on each other: the pooled bound is also given where
whole sources are drawn again. A single flag brings a stratum of forty over 2 %; one is `surely` over where
the lower end of its interval is.
"""

import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

import numpy as np
from detection_bench import Bench, Case, Pixels, pooled
from detection_benign_drawn import DRAWN
from detection_benign_encodings import ENCODINGS, as_file
from detection_benign_files import FILES
from detection_benign_graphics import GRAPHICS
from detection_benign_photographs import PHOTOGRAPHS
from detection_benign_words import WORDS
from detection_tally import upper, upper_by_cluster

from calibration.image import ImageError, decode

Made = TypeVar("Made")

_FLOOR, _STRATUM_FLOOR = 0.01, 0.02
_FOLDERS = {
    "screens": ("screens",),
    "documents": ("documents",),
    "charts": ("charts",),
    "cifake": ("authenticity/cifake32",),
    "easy_vqa": ("vqa/easy_vqa/images",),
    "konjnd": ("photos/konjnd",),
}


def measure(bench: Bench) -> dict[str, object]:
    """Judge every stratum."""
    known = len(bench.judged)
    rows = bench.measure(_cases(bench), is_attack=False)
    judged = bench.judged[known:]
    over: dict[str, list[float]] = {
        cell: row["interval"] for cell, row in rows.items() if float(str(row["rate"])) > _STRATUM_FLOOR
    }
    bounds = _bounds(judged)
    return {
        "pooled": pooled(rows),
        **bounds,
        "by_kind": _by_kind(rows),
        "flagged": [f"{cell}: {source}" for cell, source, is_flagged in judged if is_flagged],
        "strata_over_2_percent": over,
        "strata_surely_over_2_percent": [cell for cell, (low, _) in over.items() if low > _STRATUM_FLOOR],
        "rows": rows,
        "floors": {"pooled": max(bounds.values()) <= _FLOOR, "strata": not over},
    }


def _cases(bench: Bench) -> Iterator[Case]:
    yield from _stored(bench)
    photographs = bench.photographs()
    for stratum, make in _chosen(bench, {"photo": PHOTOGRAPHS, "words": WORDS, "file": FILES}):
        for name, pixels in photographs:
            yield Case(stratum, name, make(pixels, _rng(stratum, name)))
    for stratum, draw in _chosen(bench, {"drawn": DRAWN, "graphic": GRAPHICS}):
        for number in range(bench.count):
            yield Case(stratum, str(number), draw(_rng(stratum, str(number))))


def _chosen(bench: Bench, families: Mapping[str, Mapping[str, Made]]) -> Iterator[tuple[str, Made]]:
    for family, strata in families.items():
        for name, make in strata.items():
            if bench.only in f"{family} {name}":
                yield f"{family} {name}", make


def _stored(bench: Bench) -> Iterator[Case]:
    """Send pictures of the data as they are, and saved again in other ways."""
    for group, folders in _FOLDERS.items():
        files = bench.pictures_in(*folders)
        chosen = np.random.default_rng(8).permutation(len(files))[: bench.count]
        read = [(*files[index], _pixels(files[index][1])) for index in chosen]
        for stratum, encoding in ({"as it is": None} | ENCODINGS).items():
            for name, data, pixels in read:
                if pixels is not None:
                    again = data if encoding is None else as_file(pixels, encoding)
                    yield Case(f"data {group} {stratum}", name, again)


def _pixels(data: bytes) -> Pixels | None:
    try:
        return decode(data).image.pixels
    except ImageError:
        return None


def _rng(stratum: str, name: str) -> np.random.Generator:
    return np.random.default_rng(zlib.crc32(f"{stratum} {name}".encode()))


def _bounds(judged: Sequence[tuple[str, str, bool]]) -> dict[str, float]:
    """Bound the share flagged, 95 % one-sided; what is drawn is a source of its own in every stratum."""
    flags = [is_flagged for _, _, is_flagged in judged]
    sources = [
        f"{cell} {source}" if cell.startswith(("drawn", "graphic")) else source for cell, source, _ in judged
    ]
    by_source = upper_by_cluster(zip(sources, flags, strict=True))
    return {"upper": round(upper(sum(flags), len(flags)), 4), "upper_by_source": round(by_source, 4)}


def _by_kind(rows: Mapping[str, Mapping[str, object]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in rows.values():
        kinds = row["kinds"]
        assert isinstance(kinds, dict)
        for kind, number in kinds.items():
            found[kind] = found.get(kind, 0) + int(number)
    return found
