"""Settings of traffic: where the gateway listens, what is behind it, who may call, what it fetches."""

from typing import Literal

from gateway.configuration.section import MEBIBYTE, Key, Prefix, Section, Word, required, setting

ImageUrls = Literal["pass", "fetch-check-pass", "fetch-check-inline"]


class Listen(Section):
    """Where the gateway answers."""

    host: str = setting(
        "127.0.0.1",
        "Address to bind; 0.0.0.0 for all of this machine's.",
        why="nobody else reaches it until you decide so; containers need 0.0.0.0",
    )
    port: int = setting(
        8080,
        "TCP port; 0 takes a free one.",
        why="needs no rights, and is where people look first",
        ge=0,
        le=65535,
    )
    prefix: Prefix = setting(
        "",
        "Path before everything else, such as /llm.",
        why="only needed behind something that splits by path",
    )
    workers: int = setting(
        1,
        "Processes that share the port.",
        why="one uses about a core for text and its threads for images; each more costs its own memory",
        ge=1,
        le=64,
    )
    drain_seconds: float = setting(
        30,
        "Seconds that running requests get to finish after SIGTERM or a reload.",
        why="the grace period of Kubernetes; longer answers need more of both",
        ge=0,
    )
    header_timeout_seconds: float = setting(
        10,
        "Seconds a caller has to send the headers of a request.",
        why="headers fit one packet or two",
        gt=0,
    )
    body_timeout_seconds: float = setting(
        60,
        "Longest silence in the middle of a request body, in seconds; then 408. A body that is looked into "
        "has ten times as long in all; who takes nothing of an answer for so long is cut off.",
        why="mobile connections pause, dead and dripping ones must not hold memory",
        gt=0,
    )
    max_header_bytes: int = setting(
        65_536,
        "Bytes of a request's headers.",
        why="eight times what common servers take; tokens are long",
        ge=1024,
    )


class Upstream(Section):
    """The API behind the gateway."""

    base_url: str = setting(
        "https://api.openai.com/v1",
        "Address of the API: what an SDK calls its base URL, with /v1 where that has it.",
        why="the API most clients speak",
    )
    provider: str = setting(
        "auto",
        "Whose size, token and format rules and limits apply: openai, azure, anthropic, gemini, vertex, "
        "bedrock, qwen, mistral, xai, groq, openrouter, vllm, sglang, transformers, llamacpp, ollama, "
        "embedded, other; auto: by the host.",
        why="a host tells whose it is; any other server is `other`: each picture keeps its format",
    )
    api_key: Key | None = setting(
        None,
        "Key sent instead of the caller's, as ${NAME} of an environment variable; null: the caller's own. "
        "It goes only below the path of base_url; where that has none, to the provider's API if known.",
        why="the gateway then holds no secret",
    )
    image_urls: ImageUrls = setting(
        "pass",
        "What to do with pictures named by an address: pass them on unseen, fetch-check-pass, or "
        "fetch-check-inline (what was checked is what is sent).",
        why="fetching is traffic you did not ask for; with policy.mode block choose fetch-check-inline",
    )
    connect_timeout_seconds: float = setting(
        5.0,
        "Seconds to open a connection; then the caller gets a 502.",
        why="a reachable host answers within one",
        gt=0,
    )
    read_timeout_seconds: float = setting(
        600.0,
        "Longest silence of the upstream, in seconds; then a 504, or a cut stream.",
        why="the time-out of the SDKs: models think for minutes before the first byte",
        gt=0,
    )
    keep_alive_seconds: float = setting(
        4.0,
        "Seconds an idle upstream connection is kept.",
        why="below the 5 seconds after which common model servers close theirs",
        gt=0,
    )
    max_header_bytes: int = setting(
        262_144, "Bytes of the headers of one answer; beyond it, a 502.", why="far above any API's", ge=8192
    )


class NamedUpstream(Upstream):
    """One of several APIs, chosen by path or by model."""

    base_url: str = required("Address of the API, as upstream.base_url; none is taken for granted.")
    name: Word = required("One word: label of metrics and logs.")
    prefix: Prefix = setting(
        "", "Path that leads here, such as /anthropic; it is not sent on.", why="models can choose as well"
    )
    models: tuple[str, ...] = setting(
        (), "Models that lead here, with * as a wildcard; empty: all of them.", why="a prefix alone is enough"
    )


class Client(Section):
    """Someone who may call, known by a key."""

    name: Word = required("One word: the tenant in metrics and logs.")
    key: Key = required(
        "The key as the caller sends it, without `Bearer`, as ${NAME} of an environment variable: one you "
        "made up where every upstream has an api_key; to an upstream that has none it goes on as it is, so "
        "it has to be a key of that API."
    )
    is_trusted: bool = setting(
        False, "Whether x-jnd-bypass and x-jnd-policy are heard.", why="both change what is checked"
    )


class Fetching(Section):
    """How pictures are fetched that a request names by address, where upstream.image_urls says so."""

    max_bytes: int = setting(
        20 * MEBIBYTE, "Bytes of one fetched picture.", why="what the large APIs take themselves", ge=1
    )
    timeout_seconds: float = setting(
        10.0, "Seconds for one picture, redirects and all.", why="the request waits for it", gt=0
    )
    max_redirects: int = setting(
        3, "Redirects followed, each checked anew.", why="https and a storage host take two", ge=0, le=20
    )
    ports: frozenset[int] = setting(
        frozenset({80, 443}), "Ports that may be asked.", why="others belong to services, not to pictures"
    )
    allowed_hosts: tuple[str, ...] = setting(
        (),
        "Hosts that may be asked, with * as a wildcard; empty: all public ones.",
        why="callers' pictures lie anywhere",
    )
    private_hosts: tuple[str, ...] = setting(
        (),
        "Hosts that may be asked although their addresses are not public.",
        why="else any caller could reach what only this machine reaches",
    )
    cache_bytes: int = setting(
        64 * MEBIBYTE,
        "Bytes of fetched pictures kept.",
        why="a conversation names its pictures again each turn",
        ge=0,
    )
    cache_seconds: float = setting(
        300.0,
        "Seconds a fetched picture is kept.",
        why="a turn or two; what lies at an address changes",
        ge=0,
    )


class Readiness(Section):
    """What /readyz asks before it says yes."""

    check_upstream: bool = setting(
        False,
        "Whether /readyz says no while none of the upstreams answers; it names each one's state, and "
        "jnd_upstream_up is there for alerts.",
        why="else a provider's outage takes the gateway out of rotation, and its clear errors with it",
    )
    interval_seconds: float = setting(
        10.0, "Seconds between two looks at the upstream.", why="as often as probes ask, and no load", gt=0
    )


class Telemetry(Section):
    """OpenTelemetry traces; needs the extra `telemetry`."""

    otlp_endpoint: str | None = setting(
        None,
        "Address of an OTLP/HTTP collector, such as http://localhost:4318; null: off.",
        why="nothing leaves the gateway that nobody asked for",
    )
    sample_ratio: float = setting(
        1.0,
        "Share of requests without a parent that is traced, 0 to 1.",
        why="cheap beside a model's answer",
        ge=0,
        le=1,
    )
