"""Settings of image work: how far pictures are lightened, what is remembered of them, what it may cost."""

from pathlib import Path
from typing import Literal

from pydantic import field_validator, model_validator

from gateway.compression.plan import Effort, Tier
from gateway.configuration.section import MEBIBYTE, MEGAPIXEL, Section, setting

CompressionMode = Literal["off", "observe", "on"]

_TRUTH_VALUES = {"true": "on", "yes": "on", "false": "off", "no": "off"}  # how YAML 1.1 reads on and off


def undo_yaml(mode: object) -> object:
    """Take truth values for the words `on` and `off`."""
    word = str(mode).lower() if isinstance(mode, bool | str) else mode
    return _TRUTH_VALUES.get(word, word) if isinstance(word, str) else mode


class NearDuplicate(Section):
    """Memory of images seen before, to notice one that comes back changed."""

    enabled: bool = setting(
        True,
        "Whether earlier images serve as references.",
        why="an edit beside its original is the surest evidence",
    )
    max_entries: int = setting(
        10_000,
        "Images remembered, all callers together.",
        why="`max_bytes` is the nearer bound, unless they are small",
        ge=1,
    )
    max_bytes: int = setting(
        128 * MEBIBYTE,
        "Bytes they take at most; up to 768 KiB each.",
        why="170 photographs, 600 screens or 4,000 charts; raise it, or share a Redis, for more callers",
        ge=MEBIBYTE,
    )
    ttl_seconds: float = setting(
        3600.0, "Seconds an image is remembered.", why="the length of a conversation", gt=0
    )


class Detection(Section):
    """How detection weighs what it finds."""

    calibration: Path | None = setting(
        None,
        "File of `jnd-gateway calibrate-detection`; null: each detector is a test of its own.",
        why="calibrated on small made pictures, the whole flags less of both kinds than its detectors",
    )


class Critique(Section):
    """How it is told how good pictures look: at /v1/jnd/critique, and beside verdicts."""

    pictures: Literal["flagged", "all", "none"] = setting(
        "flagged",
        "Of which pictures it is told, in x-jnd-quality, and of flagged ones in the explanation too.",
        why="a flag is easier to weigh beside it; a judgement takes as long as a small picture's inspection",
    )
    trust_anchors: Path | None = setting(
        None,
        "PEM file of certificates: whose signatures of content credentials are trusted; null: nobody's.",
        why="lists of trust change; signatures are checked without one",
    )


class ShadowAudit(Section):
    """A second question about live requests, to see whether lightened pictures change answers."""

    share: float = setting(
        0.0,
        "Share of requests with lightened pictures that are asked again with the originals, 0 to 1; 0: none.",
        why="it costs questions, paid with the caller's key: whoever pays should say so",
        ge=0,
        le=1,
    )
    daily_budget: int = setting(
        100,
        "Questions asked again in a day (UTC), all processes together.",
        why="enough to notice within days that one answer in twenty changes",
        ge=1,
    )
    state: Path | None = setting(
        None,
        "Folder for counts, budget and back-offs, which workers share and restarts keep; null: none.",
        why="only you know what outlives a container; what was backed off must",
    )
    promise: float | None = setting(
        None,
        "Share of answers that may change beyond the model's own noise; null: .01, or .05 for tier lean.",
        why="what the tier promises",
        gt=0,
        lt=1,
    )

    @model_validator(mode="after")
    def _check_state(self) -> "ShadowAudit":
        if self.share > 0 and self.state is None:
            raise ValueError("expected a folder as state: without it, back-offs end with the process")
        return self


class Compression(Section):
    """How far images are lightened."""

    mode: CompressionMode = setting(
        "on",
        "off; observe: send everything as it came and report what would be saved; on.",
        why="what is sent was judged unnoticeable first; start with observe if you want to see that",
    )
    tier: Tier = setting(
        "faithful",
        "exact: same pixels; faithful: unnoticed by the model; lean: seldom noticed.",
        why="the lightest whose answers stay the same",
    )
    max_probability: float = setting(
        0.05,
        "Largest accepted probability that the model notices, between 0 and 1.",
        why="beyond the false alarms of the model itself, one picture in twenty at worst",
        gt=0,
        lt=1,
    )
    effort: Effort = setting(
        "normal",
        "fast: one JPEG, its quality corrected once at most; normal: WebP for small pictures.",
        why="a tenth of the bytes for three times the time, which is spent once for each picture",
    )
    shadow_audit: ShadowAudit = setting(
        ShadowAudit(), "Whether answers stay the same, asked on live traffic.", why="see its keys"
    )

    @field_validator("mode", mode="before")
    @classmethod
    def _read_truth_values(cls, mode: object) -> object:
        return undo_yaml(mode)


class Limits(Section):
    """What one request, and all of them together, may cost; per process."""

    max_body_bytes: int = setting(
        64 * MEBIBYTE,
        "Bytes of a request body that is looked into, after unpacking.",
        why="twice what the large APIs take",
        ge=1024,
    )
    max_json_values: int = setting(
        500_000, "Values in a body that is looked into.", why="a long conversation has thousands", ge=1000
    )
    max_image_bytes: int = setting(
        32 * MEBIBYTE, "Bytes of one image, after base64.", why="above any provider's own limit", ge=1
    )
    max_pixels: int = setting(
        50_000_000,
        "Pixels of one image, width times height.",
        why="phones take 48 megapixels; decoding costs about 12 bytes for each",
        ge=1,
    )
    max_frames: int = setting(1_000, "Frames of one animation.", why="far above a GIF of a minute", ge=1)
    max_images: int = setting(
        100,
        "Images of one request that are looked into; those met before, up to 1,000 more, do not count.",
        why="what the strictest large API takes; a conversation sends its pictures again each turn",
        ge=1,
    )
    queue_bytes: int = setting(
        256 * MEBIBYTE,
        "Body bytes in flight, from the first byte in to the last byte out; beyond it, 429.",
        why="four of the largest bodies; memory stays below three times this",
        ge=1,
    )
    queue_pixels: int = setting(
        100 * MEGAPIXEL,
        "Pixels being worked on at once; others wait.",
        why="two of the largest pictures, about 1.2 gigabytes",
        ge=1,
    )
    queue_images: int = setting(
        512, "Images waiting for work; beyond it, 429.", why="seconds of work, not minutes", ge=1
    )
    image_seconds: float = setting(
        20.0,
        "Seconds one image may wait and be worked on; then it is unchecked.",
        why="the largest takes some seconds on a slow core",
        gt=0,
    )
    request_seconds: float = setting(
        60.0,
        "Seconds all images of a request may take; the rest is unchecked.",
        why="what people wait for an answer",
        gt=0,
    )
    cache_bytes: int = setting(
        128 * MEBIBYTE,
        "Bytes of finished images kept for re-use; 0: none.",
        why="a conversation sends its pictures again each turn",
        ge=0,
    )
    image_threads: int = setting(
        0,
        "Threads for image work; 0: one per core, at least 2.",
        why="decoding and judging use a core each",
        ge=0,
    )
