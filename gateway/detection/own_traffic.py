"""Calibrate detection on a folder of benign pictures: measured in several processes, written as one file."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from calibration.image import ImageError, decode
from calibration.profile import default_profile
from calibration.whole_file import replace_file
from gateway.detection.calibrating import FEWEST, Measured, Measurer, calibrate_detection
from gateway.detection.combination import DetectionCalibration, DetectionCalibrationError
from predictor.one_thread import use_one_thread
from predictor.predict import Predictor

_SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".gif"}
_CHUNK = 16


@dataclass(frozen=True)
class OwnCalibration:
    """What came of a folder."""

    out: Path
    found: Mapping[str, int]  # pictures by stratum
    unreadable: int
    fewest: int  # pictures that calibrate a stratum

    @property
    def calibrated(self) -> tuple[str, ...]:
        """The strata that are calibrated on these pictures."""
        return tuple(sorted(name for name, count in self.found.items() if count >= self.fewest))


_measurers: list[Measurer] = []


def calibrate_on_folder(
    folder: Path,
    out: Path,
    *,
    base: DetectionCalibration,
    artifact: Path | None,
    workers: int,
    fewest: int = FEWEST,
) -> OwnCalibration:
    """Measure every picture below a folder; write `base` with the strata they fill in place of its own.

    Raises:
        ArtifactError: The predictor cannot be loaded.
        DetectionCalibrationError: `base` does not fit the artifact.
        OSError: The folder or the file.
        ValueError: The folder holds no picture.
    """
    if base.detectors != Predictor.load(artifact).detectors:
        raise DetectionCalibrationError(
            "the calibration to begin with was made with the detectors of another artifact; its surprises "
            "do not fit these"
        )
    files = sorted(
        path for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES and path.is_file()
    )  # a pipe would be waited for
    if not files:
        raise ValueError(f"expected pictures in {folder}, found none")
    measured = [one for one in _measured(files, artifact, workers) if one is not None]
    made = calibrate_detection(base, measured, [], note=f"{len(measured)} of one's own", fewest=fewest)
    replace_file(out, made.json.encode())
    return OwnCalibration(out, Counter(one.stratum for one in measured), len(files) - len(measured), fewest)


def lines_of(result: OwnCalibration, *, as_json: bool) -> Iterator[str]:
    """Tell it to people, or as one line of JSON."""
    if as_json:
        fields = {
            "out": str(result.out),
            "found": dict(sorted(result.found.items())),
            "calibrated": list(result.calibrated),
            "unreadable": result.unreadable,
        }
        yield json.dumps(fields, ensure_ascii=False)
        return
    for name, count in sorted(result.found.items()):
        kept = "calibrated on them" if count >= result.fewest else f"too few ({result.fewest}): as shipped"
        yield f"{name}: {count} pictures, {kept}"
    if result.unreadable:
        yield f"{result.unreadable} files could not be read"
    yield f"written to {result.out}"


def _measured(files: Sequence[Path], artifact: Path | None, workers: int) -> Iterator[Measured | None]:
    if workers == 1:
        _set_up(artifact)
        yield from map(_measure, files)
        return
    # Spawned: torch and OpenCV have threads here, which a fork would lose.
    with ProcessPoolExecutor(
        workers, mp_context=get_context("spawn"), initializer=_set_up, initargs=(artifact,)
    ) as pool:
        yield from pool.map(_measure, files, chunksize=_CHUNK)


def _set_up(artifact: Path | None) -> None:
    use_one_thread()
    _measurers[:] = [Measurer(Predictor.load(artifact), default_profile())]


def _measure(file: Path) -> Measured | None:
    try:
        data = file.read_bytes()
        return _measurers[0].measure(decode(data), data)
    except (OSError, ImageError):
        return None
