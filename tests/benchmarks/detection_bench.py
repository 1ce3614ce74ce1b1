"""What parts of the detection benchmark share: the verdict as deployed, test pictures, what was counted.

Every case is sent by a caller of its own, so nothing sent earlier serves as its reference unless it says so.
"""

import itertools
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from detection_baselines import Baselines
from detection_tally import Case, Tally, interval, pooled, show

from calibration.image import Image, ImageError, decode, load
from calibration.image_source import DecodeLimits
from calibration.profile import default_profile
from gateway.assembly import detection_calibration, detectors
from gateway.detection.combination import DetectionCalibration
from gateway.detection.inspector import Inspector
from gateway.detection.protocol import Detector, Examined
from gateway.detection.unread_file import judge_unread
from gateway.detection.verdict import Verdict, unchecked
from gateway.memory.kept_picture import KeptPicture
from gateway.memory.seen_pictures import SeenPictures
from gateway.settings import Settings
from predictor.predict import Predictor

__all__ = ["ALPHA", "Bench", "Case", "Pixels", "as_image", "interval", "pooled", "resized", "show"]

Pixels = npt.NDArray[np.uint8]

ALPHA = 0.01
_KEPT_FROM_LEARNING = 300  # photographs of BIQ2021, its last


@dataclass
class Bench:
    """One run: what is measured, on how many pictures, and where made things are kept."""

    data: Path
    count: int  # cases a cell
    cache: Path | None = None
    save: Path | None = None  # where wrongly judged files are written
    only: str = ""  # a word in the names of the cells to measure
    has_baselines: bool = True
    is_development: bool = False  # pictures that detectors may be fitted to, instead of the test's
    judged: list[tuple[str, str, bool]] = field(default_factory=list)  # cell, source, whether it was flagged
    _callers: Iterable[int] = field(default_factory=itertools.count)

    @cached_property
    def predictor(self) -> Predictor:
        return Predictor.load()

    @cached_property
    def seen(self) -> SeenPictures[KeptPicture]:
        """What callers sent, under the default settings."""
        near = Settings().near_duplicate
        return SeenPictures[KeptPicture](
            near.max_entries, near.ttl_seconds, time.monotonic, max_bytes=near.max_bytes
        )

    @cached_property
    def deployed(self) -> list[Detector]:
        """The detectors of the gateway under its default settings."""
        return detectors(Settings(), self.predictor, self.seen)

    @cached_property
    def calibration(self) -> DetectionCalibration | None:
        """What ships with the package; None: each detector is a test of its own."""
        return detection_calibration(self.predictor, None)

    @cached_property
    def baselines(self) -> Baselines:
        """Simple detectors, their thresholds set on photographs for calibration (names ending in 7)."""
        files = [path for path in _biq(self.data) if path.stem[-1] == "7" and path not in self._last][:100]
        return Baselines.fitted([load(path).pixels for path in files])

    @cached_property
    def _last(self) -> set[Path]:
        return set(_biq(self.data)[-_KEPT_FROM_LEARNING:])

    def photographs(self, count: int | None = None) -> list[tuple[str, Pixels]]:
        """Return (name, pixels) of photographs for the test, those kept from all learning first."""
        if self.is_development:
            return self._development(count or self.count)
        files = _biq(self.data)
        later = [path for path in files if path.stem[-1] in "89" and path not in self._last]
        kodak = sorted((self.data / "photos" / "kodak").glob("*.png"))[::-1]
        first = sorted(self._last, key=lambda path: path.stem[::-1])
        chosen = [*kodak[:4], *first, *later, *kodak[4:]][: count or self.count]
        return [(path.stem, load(path).pixels) for path in chosen]

    def _development(self, count: int) -> list[tuple[str, Pixels]]:
        """Return photographs whose names end in 0 to 6; every second is two of them, as large as Kodak's."""
        files = [path for path in _biq(self.data) if path.stem[-1] in "0123456" and path not in self._last]
        chosen = sorted(files, key=lambda path: path.stem[::-1])[: 2 * count]
        pictures = [load(path).pixels for path in chosen]
        pictures[::2] = [np.hstack((each, pictures[n + 1][:, :256])) for n, each in enumerate(pictures[:-1])][
            ::2
        ]
        return [(path.stem, pixels) for path, pixels in zip(chosen, pictures, strict=True)][:count]

    def lessons(self, count: int) -> list[Pixels]:
        """Return photographs an attacker learns from, none of the test's: names ending in 0."""
        files = [path for path in _biq(self.data) if path.stem[-1] == "0" and path not in self._last]
        return [load(path).pixels for path in files[:count]]

    def pictures_in(self, *folders: str) -> list[tuple[str, bytes]]:
        """Return (name, file) of every picture in folders of the data."""
        suffixes = {".png", ".jpg", ".jpeg"}
        files = [path for name in folders for path in sorted((self.data / name).rglob("*"))]
        return [(path.stem, path.read_bytes()) for path in files if path.suffix.lower() in suffixes]

    def caller(self) -> str:
        """Name somebody who sent nothing yet."""
        return f"caller {next(iter(self._callers))}"

    def verdict(
        self, case: Case, chosen: Sequence[Detector] | None = None, caller: str | None = None
    ) -> Verdict:
        """Judge a case as the gateway does, after what its caller sent before; None: a new caller.

        The upstream knows every caller's key, so that a full memory keeps room for each.
        """
        inspector = Inspector(self.deployed if chosen is None else chosen, ALPHA, self.calibration)
        caller = caller or self.caller()
        self.seen.accept(caller)
        for data in case.before:
            _inspect(inspector, data, caller)
        if not case.beside:
            return _inspect(inspector, case.data, caller)
        with ThreadPoolExecutor(1 + len(case.beside)) as threads:
            verdicts = list(
                threads.map(lambda data: _inspect(inspector, data, caller), (*case.beside, case.data))
            )
        return max(verdicts, key=lambda one: len(one.flags))

    def measure(
        self, cases: Iterable[Case], *, is_attack: bool, chosen: Sequence[Detector] | None = None
    ) -> dict[str, dict[str, object]]:
        """Judge cases -> one row a cell, in the order of their first case."""
        tallies: dict[str, Tally] = {}
        last = ""
        for case in cases:
            if self.only not in case.cell:
                continue
            if last not in ("", case.cell):
                show(last, tallies[last].summary(is_attack=is_attack))
            last = case.cell
            verdict = self.verdict(case, chosen)
            self.judged.append((case.cell, case.source, bool(verdict.flags)))
            simple = self.baselines.flagged(case.data) if self.has_baselines else ()
            for cell in filter(None, (case.cell, case.also)):
                tallies.setdefault(cell, Tally()).add(case, verdict, simple)
            if bool(verdict.flags) != is_attack:
                self._keep(case)
        rows = {cell: tally.summary(is_attack=is_attack) for cell, tally in tallies.items()}
        for cell in {last, *(cell for cell in rows if cell.startswith("also "))} & set(rows):
            show(cell, rows[cell])
        return rows

    def _keep(self, case: Case) -> None:
        if self.save is not None:
            folder = self.save / case.cell.replace("/", "-")
            folder.mkdir(parents=True, exist_ok=True)
            suffix = {b"\x89P": "png", b"\xff\xd8": "jpg", b"GI": "gif", b"RI": "webp"}.get(
                case.data[:2], "bin"
            )
            (folder / f"{case.source}.{suffix}").write_bytes(case.data)


def resized(pixels: Pixels, width: int, height: int) -> Pixels:
    """Shrink by area, enlarge by bicubic."""
    is_smaller = width * height < pixels.shape[0] * pixels.shape[1]
    kernel = cv2.INTER_AREA if is_smaller else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=kernel))


def _inspect(inspector: Inspector, data: bytes, caller: str) -> Verdict:
    try:
        decoded = decode(data)
    except ImageError as error:
        return judge_unread(data, error, DecodeLimits()) or unchecked(str(error))
    lone = Examined.by_itself(decoded, data, default_profile())
    return inspector.inspect(
        Examined(lone.decoded, data, lone.digest, lone.profile, model=lone.model, tenant=caller)
    )


def _biq(data: Path) -> list[Path]:
    return sorted((data / "photos" / "biq2021").glob("*.jpg"))


def as_image(pixels: npt.NDArray[np.generic]) -> Image:
    """Round and bound pixels of any type."""
    return Image(np.ascontiguousarray(np.clip(np.rint(pixels.astype(np.float64)), 0, 255).astype(np.uint8)))
