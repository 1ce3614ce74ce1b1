"""The gateway's configuration: one frozen object, every key with its unit, its default and its reason.

Only what the keys are; `settings_file` reads them from YAML and the environment.
"""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

MEBIBYTE = 1024 * 1024
MEGAPIXEL = 1_000_000

Mode = Literal["monitor", "block"]
OnFailure = Literal["forward", "refuse"]
Tier = Literal["exact", "faithful", "lean"]
Flag = Literal["imperceptible_edit", "noticeable_edit"]
CompressionMode = Literal["off", "observe", "on"]
ImageUrls = Literal["pass", "fetch-check-pass", "fetch-check-inline"]


class Section(BaseModel):
    """A group of keys; unknown ones are refused, so that a misspelt key never silently means its default."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Listen(Section):
    """Where the gateway answers."""

    host: str = Field(default="127.0.0.1", description="Address to bind; 0.0.0.0 in a container.")
    port: int = Field(default=8080, ge=0, le=65535, description="TCP port; 0 takes a free one.")
    prefix: str = Field(
        default="", pattern=r"^(/[^/?#]+)*$", description="Path before everything else, such as /llm."
    )
    workers: int = Field(default=1, ge=1, le=64, description="Processes that share the port.")
    drain_seconds: float = Field(
        default=30, ge=0, description="Seconds that running requests get to finish after SIGTERM."
    )
    header_timeout_seconds: float = Field(
        default=10, gt=0, description="Seconds a caller has to send the headers of a request."
    )
    body_timeout_seconds: float = Field(
        default=60, gt=0, description="Longest silence in the middle of a request body, in seconds."
    )
    max_header_bytes: int = Field(default=65_536, ge=1024, description="Bytes of a request's headers.")


class Upstream(Section):
    """The API behind the gateway."""

    base_url: str = Field(
        default="https://api.openai.com/v1",
        description="Address of the API: what an SDK calls its base URL, with /v1 where that has it.",
    )
    provider: str = Field(
        default="auto",
        description="Whose size, token and format rules apply: openai, anthropic, ...; auto: by host.",
    )
    api_key: SecretStr | None = Field(
        default=None, description="Key sent instead of the caller's; null: the caller's is passed on."
    )
    image_urls: ImageUrls = Field(
        default="pass", description="What to do with pictures named by an address instead of being sent."
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
    max_header_bytes: int = Field(
        default=262_144, ge=8192, description="Bytes of the headers of one answer; beyond it, a 502."
    )


class NamedUpstream(Upstream):
    """One of several APIs, chosen by path or by model."""

    name: str = Field(pattern=r"^[a-z0-9_-]{1,40}$", description="One word: label of metrics and logs.")
    prefix: str = Field(
        default="", pattern=r"^(/[^/?#]+)*$", description="Path that leads here, such as /anthropic."
    )
    models: tuple[str, ...] = Field(
        default=(), description="Models that lead here, with * as a wildcard; empty: all of them."
    )


class Client(Section):
    """Someone who may call, known by a key."""

    name: str = Field(pattern=r"^[a-z0-9_-]{1,40}$", description="One word: the tenant in metrics and logs.")
    key: SecretStr = Field(description="The key as the caller sends it, without `Bearer`.")
    is_trusted: bool = Field(default=False, description="Whether x-jnd-bypass and x-jnd-policy are heard.")


class PolicyChange(Section):
    """What a named policy changes of `policy`; keys left out stay."""

    mode: Mode | None = Field(default=None, description="As policy.mode.")
    block_on: frozenset[Flag] | None = Field(default=None, description="As policy.block_on.")
    on_failure: OnFailure | None = Field(default=None, description="As policy.on_failure.")
    compression: CompressionMode | None = Field(default=None, description="As compression.mode.")


class Policy(Section):
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
        default=False, description='Whether every caller may send `x-jnd-bypass: "true"` to skip image work.'
    )


class NearDuplicate(Section):
    """Memory of images seen before, to notice one that comes back changed."""

    enabled: bool = Field(default=True, description="Whether earlier images serve as references.")
    max_entries: int = Field(default=10_000, ge=1, description="Images remembered, all callers together.")
    ttl_seconds: float = Field(default=3600.0, gt=0, description="Seconds an image is remembered.")


class Compression(Section):
    """How far images are lightened."""

    mode: CompressionMode = Field(
        default="on",
        description="off; observe: send everything as it came and report what would be saved; on.",
    )
    tier: Tier = Field(
        default="faithful",
        description="exact: same pixels; faithful: unnoticed by the model; lean: seldom noticed.",
    )
    max_probability: float = Field(
        default=0.05, gt=0, lt=1, description="Largest accepted probability that the model notices."
    )

    @field_validator("mode", mode="before")
    @classmethod
    def _undo_yaml(cls, mode: object) -> object:
        """Take `on` and `off` for words: YAML 1.1 reads them as truth values."""
        return {True: "on", False: "off"}[mode] if isinstance(mode, bool) else mode


class Fetching(Section):
    """How pictures are fetched that a request names by address, where upstream.image_urls says so."""

    max_bytes: int = Field(default=20 * MEBIBYTE, ge=1, description="Bytes of one fetched picture.")
    timeout_seconds: float = Field(
        default=10.0, gt=0, description="Seconds for one picture, redirects and all."
    )
    max_redirects: int = Field(default=3, ge=0, le=20, description="Redirects followed, each checked anew.")
    ports: frozenset[int] = Field(default=frozenset({80, 443}), description="Ports that may be asked.")
    allowed_hosts: tuple[str, ...] = Field(
        default=(), description="Hosts that may be asked, with * as a wildcard; empty: all public ones."
    )
    private_hosts: tuple[str, ...] = Field(
        default=(), description="Hosts that may be asked although their addresses are not public."
    )
    cache_bytes: int = Field(default=64 * MEBIBYTE, ge=0, description="Bytes of fetched pictures kept.")
    cache_seconds: float = Field(default=300.0, ge=0, description="Seconds a fetched picture is kept.")


class Limits(Section):
    """What one request, and all of them together, may cost; per process."""

    max_body_bytes: int = Field(
        default=64 * MEBIBYTE, ge=1024, description="Bytes of a request body that is looked into, unpacked."
    )
    max_json_values: int = Field(
        default=500_000, ge=1000, description="Values in a body that is looked into."
    )
    max_image_bytes: int = Field(
        default=32 * MEBIBYTE, ge=1, description="Bytes of one decoded base64 image."
    )
    max_pixels: int = Field(default=50_000_000, ge=1, description="Pixels of one image, width times height.")
    max_frames: int = Field(default=1_000, ge=1, description="Frames of one animation.")
    max_images: int = Field(default=100, ge=1, description="Images of one request that are looked into.")
    queue_bytes: int = Field(
        default=256 * MEBIBYTE, ge=1, description="Body bytes in flight, until answered; beyond it, 429."
    )
    queue_pixels: int = Field(
        default=100 * MEGAPIXEL, ge=1, description="Pixels being worked on at once; others wait."
    )
    queue_images: int = Field(default=512, ge=1, description="Images waiting for work; beyond it, 429.")
    image_seconds: float = Field(
        default=20.0, gt=0, description="Seconds one image may wait and be worked on; then it is unchecked."
    )
    request_seconds: float = Field(
        default=60.0, gt=0, description="Seconds all images of a request may take; the rest is unchecked."
    )
    cache_bytes: int = Field(
        default=128 * MEBIBYTE, ge=0, description="Bytes of finished images kept for re-use."
    )
    image_threads: int = Field(
        default=0, ge=0, description="Threads for image work; 0: one per core, at least 2."
    )


class Readiness(Section):
    """What /readyz asks before it says yes."""

    check_upstream: bool = Field(
        default=False, description="Whether an upstream that does not answer counts."
    )
    interval_seconds: float = Field(default=10.0, gt=0, description="Seconds between two looks at it.")


class Telemetry(Section):
    """OpenTelemetry traces; needs the extra `telemetry`."""

    otlp_endpoint: str | None = Field(
        default=None,
        description="Address of an OTLP/HTTP collector, such as http://localhost:4318; null: off.",
    )
    sample_ratio: float = Field(
        default=1.0, ge=0, le=1, description="Share of requests without a parent traced."
    )


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
    upstreams: tuple[NamedUpstream, ...] = Field(
        default=(), description="Further APIs, chosen by path prefix or model before `upstream`."
    )
    models: dict[str, str] = Field(
        default_factory=dict,
        description="Model name to profile: a published name, `embedded` or a path.",
    )
    model_map: dict[str, str] = Field(
        default_factory=dict,
        description="Name in requests (deployment, Bedrock or OpenRouter id) to the model whose rules apply.",
    )
    artifact: Path | None = Field(
        default=None, description="Directory of a trained predictor; null: the one that ships."
    )
    clients: tuple[Client, ...] = Field(default=(), description="Callers known by their keys.")
    only_known_clients: bool = Field(
        default=False, description="Whether callers that `clients` does not list get a 401."
    )
    policy: Policy = Field(default=Policy(), description="What happens to what was found.")
    policies: dict[str, PolicyChange] = Field(
        default_factory=dict,
        description="Named changes of `policy` that trusted callers ask for by x-jnd-policy.",
    )
    near_duplicate: NearDuplicate = Field(
        default=NearDuplicate(), description="Memory of images seen before."
    )
    compression: Compression = Field(default=Compression(), description="How far images are lightened.")
    fetching: Fetching = Field(default=Fetching(), description="Pictures named by their address.")
    limits: Limits = Field(default=Limits(), description="What requests may cost.")
    readiness: Readiness = Field(default=Readiness(), description="What /readyz asks.")
    telemetry: Telemetry = Field(default=Telemetry(), description="OpenTelemetry traces.")

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


def settings_reference(settings: type[BaseModel], prefix: str = "") -> str:
    """List every key with its default and its sentence, one paragraph each, for `--help`."""
    paragraphs = []
    for name, spec in settings.model_fields.items():
        default = spec.get_default(call_default_factory=True)
        if isinstance(default, Section):
            paragraphs.append(settings_reference(type(default), f"{prefix}{name}."))
            continue
        shown = ", ".join(map(str, sorted(default))) if isinstance(default, frozenset) else default
        paragraphs.append(f"{prefix}{name} ({shown}): {spec.description}")
    return "\n\n".join(paragraphs)
