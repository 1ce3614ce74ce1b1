"""Show on picture files what the gateway would do to them in a request: inspect, compress.

Answers are the lines of `--json`; importing this module loads torch.
"""

import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from calibration.freed_memory import keep_freed_memory
from calibration.image import ImageError, decode
from calibration.image_source import DecodeLimits
from gateway.assembly import profile_named
from gateway.compression.compressor import Compressor
from gateway.compression.plan import Effort, Tier
from gateway.compression.scaled_decode import decode_for_lightening
from gateway.detection.alpha import AlphaDetector
from gateway.detection.container import ContainerDetector
from gateway.detection.heat_map import heat_map_png
from gateway.detection.hidden_text import HiddenTextDetector
from gateway.detection.inspector import Inspector
from gateway.detection.ocr_process import OcrProcess, is_ocr_installed
from gateway.detection.protocol import Detector, Examined
from gateway.detection.reference import ReferenceDetector
from gateway.detection.residual import ResidualDetector
from gateway.detection.scaling import ScalingDetector
from gateway.detection.unread_file import judge_unread
from gateway.detection.verdict import Verdict, unchecked
from gateway.providers.rules import Recipient, load_rules
from predictor.one_thread import use_one_thread
from predictor.predict import Predictor

_READING_SECONDS = 60.0  # nobody waits for a request here
_EXTENSIONS = {"jpeg": ".jpg", "png": ".png", "webp": ".webp", "gif": ".gif"}


@dataclass(frozen=True)
class Line:
    """What one file led to."""

    fields: dict[str, Any]  # as printed by --json
    summary: str  # the same for people
    is_trouble: bool  # flagged, unreadable


@dataclass(frozen=True)
class HeatMaps:
    """Pictures of where the evidence lies, one PNG a file."""

    folder: Path
    of_all: bool = False  # of what was not flagged too


def inspect_files(
    files: Iterable[Path],
    *,
    model: str,
    reference: Path | None,
    alpha: float,
    artifact: Path | None,
    heat_maps: HeatMaps | None = None,
) -> Iterator[Line]:
    """Judge each file by itself, or against `reference`; paint where the evidence lies if asked to.

    Raises:
        ImageError: The reference is not an image.
        OSError: The reference cannot be read, or a heat-map written.
        ArtifactError: The predictor cannot be loaded.
        ProfileError: The model's profile cannot be read.
    """
    use_one_thread()
    keep_freed_memory()
    reader = OcrProcess() if is_ocr_installed() else None
    hidden = HiddenTextDetector(reader, reading_seconds=_READING_SECONDS)
    own: list[Detector] = [ContainerDetector(), AlphaDetector(), hidden]
    predictor = Predictor.load(artifact)
    inspector = Inspector([*_detectors(predictor, reference), *own], alpha)
    profile = profile_named(model)
    taken: set[Path] = set()
    for file in files:
        started, data = time.perf_counter(), b""
        try:
            data = _read(file)
            decoded = decode(data)
            verdict = inspector.inspect(Examined.by_itself(decoded, data, profile))
            if reference is not None:
                verdict = _as_compared(verdict)
        except (OSError, ImageError) as error:
            verdict = _of_unread(data, error)
            yield _verdict_line(file, verdict, _milliseconds_since(started))
            continue
        line = _verdict_line(file, verdict, _milliseconds_since(started))
        if heat_maps is not None and (verdict.flags or heat_maps.of_all):
            heat_maps.folder.mkdir(parents=True, exist_ok=True)
            target = _free_name(heat_maps.folder, file, ".png", taken)
            target.write_bytes(heat_map_png(decoded.image, verdict))
            line = Line(
                line.fields | {"heat_map": str(target)}, f"{line.summary} → {target}", line.is_trouble
            )
        yield line


def compress_files(
    files: Iterable[Path],
    *,
    recipient: Recipient,
    tier: Tier,
    effort: Effort,
    out: Path,
    artifact: Path | None,
) -> Iterator[Line]:
    """Write a lighter version of each file into `out`, or the same bytes where nothing is gained.

    Raises:
        ArtifactError: The predictor cannot be loaded.
        ProfileError: The model's profile cannot be read.
        OSError: `out` cannot be written.
    """
    use_one_thread()
    keep_freed_memory()
    rules = load_rules()
    compressor = Compressor(Predictor.load(artifact), rules, tier, effort=effort)
    profile = profile_named(recipient.model)
    out.mkdir(parents=True, exist_ok=True)
    taken: set[Path] = set()
    for file in files:
        started = time.perf_counter()
        try:
            data = _read(file)
            decoded = decode_for_lightening(
                data, DecodeLimits(), rules=rules, tier=tier, profile=profile, recipient=recipient
            )
        except (OSError, ImageError) as error:
            yield Line({"file": str(file), "out": None, "reason": str(error)}, f"{file}: {error}", True)
            continue
        smaller, plan = compressor.compress(decoded, data, profile, recipient)
        milliseconds = _milliseconds_since(started)
        target = _free_name(out, file, _EXTENSIONS[plan.format], taken)
        target.write_bytes(smaller)
        fields = {"file": str(file), "out": str(target)} | asdict(plan) | {"milliseconds": milliseconds}
        summary = (
            f"{file} → {target}: {plan.bytes_in} → {plan.bytes_out} bytes, "
            f"{plan.tokens_in} → {plan.tokens_out} tokens ({plan.reason or plan.tier})"
        )
        yield Line(fields, summary, False)


def _read(file: Path) -> bytes:
    """Read a file, unless it is larger than any picture that is decoded: a film may exceed all memory."""
    size_bytes, most = file.stat().st_size, DecodeLimits().max_bytes
    if size_bytes > most:
        raise ImageError("too_many_bytes", f"expected at most {most} bytes, got {size_bytes}")
    return file.read_bytes()


def _detectors(predictor: Predictor, reference: Path | None) -> list[Detector]:
    if reference is None:
        return [ResidualDetector(predictor), ScalingDetector(load_rules())]
    return [ReferenceDetector(predictor, decode(reference.read_bytes()).image)]


def _as_compared(verdict: Verdict) -> Verdict:
    """Return the verdict, but call nothing clean that was not compared with the reference as it was asked."""
    is_compared = any(item.kind == "reference" for item in verdict.evidence)
    return verdict if is_compared or verdict.outcome != "clean" else replace(verdict, outcome="unchecked")


def _of_unread(data: bytes, error: OSError | ImageError) -> Verdict:
    """Judge what the bytes of a file that is no picture show by themselves, as far as they were read."""
    if not data or not isinstance(error, ImageError):
        return unchecked(str(error))
    try:
        return judge_unread(data, error, DecodeLimits()) or unchecked(str(error))
    except MemoryError:
        return unchecked(str(error))


def _verdict_line(file: Path, verdict: Verdict, milliseconds: float) -> Line:
    fields = {
        "file": str(file),
        "outcome": verdict.outcome,
        "flags": list(verdict.flags),
        "p_value": verdict.p_value,
        "jnd_ratio": verdict.jnd_ratio,
        "evidence": [asdict(evidence) for evidence in verdict.evidence],
        "explanation": verdict.explanation,
        "milliseconds": milliseconds,
    }
    if verdict.failures:
        fields["failures"] = list(verdict.failures)
    flags = f" [{', '.join(verdict.flags)}]" if verdict.flags else ""
    summary = f"{file}: {verdict.outcome}{flags}{_sureness(verdict)}: {verdict.explanation}"
    return Line(fields, summary, verdict.outcome != "clean" or bool(verdict.failures))


def _sureness(verdict: Verdict) -> str:
    """Say how unusual what was found is, where that was tested."""
    if verdict.outcome == "unchecked":
        return ""
    flagged = [item for item in verdict.evidence if item.kind in verdict.flags]
    if flagged and all(item.p_value is None for item in flagged):
        return " (a rule)"
    return f" (p = {verdict.p_value:.3g})"


def _free_name(out: Path, file: Path, extension: str, taken: set[Path]) -> Path:
    """Choose a name in `out` that no other file of this run has."""
    target = out / (file.stem + extension)
    number = 2
    while target in taken:
        target = out / f"{file.stem}-{number}{extension}"
        number += 1
    taken.add(target)
    return target


def _milliseconds_since(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 3)
