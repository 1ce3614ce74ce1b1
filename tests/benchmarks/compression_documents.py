"""Documents, screens and charts: bytes saved, and words that a reader still reads in the provider's view."""

from dataclasses import dataclass, field

from compression_answers import say, upper_bound
from compression_bench import Bench, Found, mean, median
from compression_reader import Reader, unchanged, words_of
from compression_sending import CLAUDE, shown
from compression_watch import CROPPED, RESAVED, cropped
from compression_written import Written, screenshot_4k, written

from calibration.image import Image, decode, encode_jpeg

PART = "documents"
_TURNS_4K = 3
_RESAVE_QUALITY = 98


@dataclass
class Words:
    """One row: words of the originals still read in the versions."""

    saved: list[float] = field(default_factory=list)
    kept: int = 0
    total: int = 0
    changed_pictures: int = 0
    by_group: dict[str, list[float]] = field(default_factory=dict)

    def add(self, group: str, saved: float, counted: tuple[int, int]) -> None:
        kept, total = counted
        self.saved.append(saved)
        self.by_group.setdefault(group, []).append(saved)
        self.kept += kept
        self.total += total
        self.changed_pictures += kept < total

    @property
    def unchanged(self) -> float:
        """Share of words."""
        return self.kept / self.total if self.total else float("nan")

    def row(self) -> dict[str, object]:
        """Sum up as it is printed."""
        return {
            "pictures": len(self.saved),
            "saved": mean(self.saved),
            "saved_by_class": {name: mean(values) for name, values in self.by_group.items()},
            "words": self.total,
            "words_unchanged": round(self.unchanged, 4),
            "pictures_changed": self.changed_pictures,
            "upper_by_picture": round(upper_bound(self.changed_pictures, len(self.saved)), 4),
        }


def measure(bench: Bench) -> Found:
    """Read every picture before and after; harmless handling beside it."""
    reader = Reader()
    rows = {name: Words() for name in ("faithful", "lean", RESAVED, CROPPED, "original, of the words drawn")}
    pictures = written(bench.count(full=28, quick=4))
    for index, one in enumerate(pictures):
        _measure_one(bench, reader, one, rows)
        say(f"documents: {index + 1} of {len(pictures)}")
    figures = {
        "documents_saved": mean(rows["faithful"].saved),
        "documents_words_unchanged": round(rows["faithful"].unchanged, 4),
        "documents_lean_words_unchanged": round(rows["lean"].unchanged, 4),
        "documents_ms_4k": _milliseconds_4k(bench),
    }
    return Found(figures, {name: row.row() for name, row in rows.items() if row.saved})


def _measure_one(bench: Bench, reader: Reader, one: Written, rows: dict[str, Words]) -> None:
    image, data, group = one.picture.decoded.image, one.picture.data, one.picture.group
    before = reader.words(_seen(bench, image))
    for tier in ("faithful", "lean"):
        sent = bench.send(f"{PART} {tier}", bench.sender(tier), one.picture, CLAUDE)
        after = before if sent.data == data else reader.words(_seen(bench, sent.image))
        rows[tier].add(group, sent.saved, unchanged(before, after))
    saved_again = encode_jpeg(image, _RESAVE_QUALITY, progressive=False)
    for name, version, saved in (
        (RESAVED, decode(saved_again).image, 1.0 - len(saved_again) / len(data)),
        (CROPPED, cropped(image), 0.0),
    ):
        rows[name].add(group, saved, unchanged(before, reader.words(_seen(bench, version))))
    if one.words:
        rows["original, of the words drawn"].add(group, 0.0, unchanged(words_of(one.words), before))


def _seen(bench: Bench, image: Image) -> Image:
    return shown(image, CLAUDE, bench.rules)


def _milliseconds_4k(bench: Bench) -> float:
    picture, sender = screenshot_4k(), bench.sender()
    return median([sender.send(picture, CLAUDE).milliseconds for _ in range(_TURNS_4K)])
