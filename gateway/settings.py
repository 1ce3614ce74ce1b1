"""Read the gateway's configuration once, into one frozen object.

A YAML file, then `JND_` environment variables on top: `JND_UPSTREAM__BASE_URL` overrides
`upstream.base_url`. Unknown keys are refused, so a misspelt key never silently means its default.
"""

from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

MEBIBYTE = 1024 * 1024

Mode = Literal["monitor", "block"]
OnFailure = Literal["forward", "refuse"]
Tier = Literal["exact", "faithful", "lean"]
Flag = Literal["imperceptible_edit", "noticeable_edit"]


class SettingsError(ValueError):
    """The configuration cannot be used; the message names each key and what was expected of it."""


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Listen(_Section):
    """Where the gateway answers."""

    host: str = Field(default="127.0.0.1", description="Address to bind; 0.0.0.0 in a container.")
    port: int = Field(default=8080, ge=0, le=65535, description="TCP port; 0 takes a free one.")
    prefix: str = Field(
        default="", pattern=r"^(/[^/?#]+)*$", description="Path before /v1, such as /openai; empty for none."
    )
    drain_seconds: int = Field(
        default=30, ge=0, description="Seconds that running requests get to finish after SIGTERM."
    )


class Upstream(_Section):
    """The API behind the gateway."""

    base_url: str = Field(
        default="https://api.openai.com/v1",
        pattern=r"^https?://[^/?#]+[^?#]*$",
        description="Address of the API, /v1 included: what an SDK calls its base URL.",
    )
    provider: str = Field(
        default="openai", description="Whose size, token and format rules apply: openai, embedded, ..."
    )
    connect_timeout_seconds: float = Field(
        default=5.0, gt=0, description="Seconds to open a connection; then the caller gets a 502."
    )
    read_timeout_seconds: float = Field(
        default=600.0,
        gt=0,
        description="Longest silence of the upstream, in seconds; then a 504, or a cut stream.",
    )
    keep_alive_seconds: float = Field(
        default=4.0,
        gt=0,
        description="Seconds an idle upstream connection is kept; stay below the upstream's own.",
    )


class Policy(_Section):
    """What happens to what was found."""

    mode: Mode = Field(
        default="monitor", description="monitor: tell in headers and metrics only; block: answer 400."
    )
    block_on: frozenset[Flag] = Field(
        default=frozenset({"imperceptible_edit"}), description="Outcomes that mode `block` refuses."
    )
    alpha: float = Field(default=0.01, gt=0, lt=1, description="Share of clean images that may be flagged.")
    on_failure: OnFailure = Field(
        default="forward",
        description="What to do with what cannot be checked: forward it untouched and say so, or refuse it.",
    )
    allow_bypass: bool = Field(
        default=False, description='Whether a caller may send `x-jnd-bypass: "true"` to skip all image work.'
    )


class NearDuplicate(_Section):
    """Memory of images seen before, to notice one that comes back changed."""

    enabled: bool = Field(default=True, description="Whether earlier images serve as references.")
    max_entries: int = Field(default=10_000, ge=1, description="Images remembered, all callers together.")
    ttl_seconds: float = Field(default=3600.0, gt=0, description="Seconds an image is remembered.")


class Compression(_Section):
    """How far images are lightened."""

    enabled: bool = Field(default=True, description="Whether images are re-encoded at all.")
    tier: Tier = Field(
        default="faithful",
        description="exact: same pixels; faithful: unnoticed by the model; lean: seldom noticed.",
    )
    max_probability: float = Field(
        default=0.05, gt=0, lt=1, description="Largest accepted probability that the model notices."
    )


class Limits(_Section):
    """What one request, and all of them together, may cost."""

    max_body_bytes: int = Field(
        default=64 * MEBIBYTE, ge=1024, description="Bytes of a request body that is looked into."
    )
    max_image_bytes: int = Field(
        default=32 * MEBIBYTE, ge=1, description="Bytes of one decoded base64 image."
    )
    max_pixels: int = Field(default=50_000_000, ge=1, description="Pixels of one image, width times height.")
    max_frames: int = Field(default=1_000, ge=1, description="Frames of one animation.")
    max_images: int = Field(default=100, ge=1, description="Images in one request.")
    queue_bytes: int = Field(
        default=256 * MEBIBYTE, ge=1, description="Body bytes waiting for image work; beyond it, 429."
    )
    cache_bytes: int = Field(
        default=128 * MEBIBYTE, ge=0, description="Bytes of finished images kept for re-use."
    )
    workers: int = Field(default=0, ge=0, description="Threads for image work; 0 means one per core.")


class Settings(BaseSettings):
    """The whole configuration; every key has a default."""

    model_config = SettingsConfigDict(
        env_prefix="JND_",
        env_nested_delimiter="__",
        frozen=True,
        extra="forbid",
        nested_model_default_partial_update=True,
    )

    listen: Listen = Field(default=Listen(), description="Where the gateway answers.")
    upstream: Upstream = Field(default=Upstream(), description="The API behind it.")
    models: dict[str, str] = Field(
        default_factory=dict,
        description="Model name to profile: a published name, `embedded` or a path.",
    )
    artifact: Path | None = Field(
        default=None, description="Directory of a trained predictor; null: the one that ships."
    )
    policy: Policy = Field(default=Policy(), description="What happens to what was found.")
    near_duplicate: NearDuplicate = Field(
        default=NearDuplicate(), description="Memory of images seen before."
    )
    compression: Compression = Field(default=Compression(), description="How far images are lightened.")
    limits: Limits = Field(default=Limits(), description="What requests may cost.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the signature is pydantic's
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is pydantic's
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is pydantic's
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment win over the file."""
        return (env_settings, init_settings)


def load_settings(path: Path | None = None) -> Settings:
    """Read the YAML file at `path` (none: defaults), then the environment.

    Raises:
        SettingsError: The file is missing, not a YAML mapping, or has unknown or impossible values.
    """
    try:
        values: dict[str, Any] = _read_yaml(path) if path is not None else {}
        return Settings(**values)
    except ValidationError as error:
        origin = f" in {path}" if path is not None else ""
        raise SettingsError(f"cannot use the settings{origin}:\n{_explain(error)}") from error


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SettingsError(f"cannot read {path}: {error}") from error
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise SettingsError(f"expected {path} to hold keys and values, got {type(found).__name__}")
    return {str(key): value for key, value in found.items()}


def _explain(error: ValidationError) -> str:
    lines = []
    for problem in error.errors(include_url=False):
        key = ".".join(str(part) for part in problem["loc"])
        unknown = problem["type"] == "extra_forbidden"
        lines.append(f"  {key}: {'unknown key' if unknown else problem['msg']}")
    return "\n".join(lines)


def settings_reference(settings: type[BaseModel], prefix: str = "") -> str:
    """List every key with its default and its sentence, one paragraph each, for `--help`."""
    paragraphs = []
    for name, spec in settings.model_fields.items():
        default = spec.get_default(call_default_factory=True)
        if isinstance(default, _Section):
            paragraphs.append(settings_reference(type(default), f"{prefix}{name}."))
            continue
        shown = ", ".join(sorted(default)) if isinstance(default, frozenset) else default
        paragraphs.append(f"{prefix}{name} ({shown}): {spec.description}")
    return "\n\n".join(paragraphs)
