"""What the gateway counts: names, labels, buckets. Who counts what, and when, is others' affair.

Names follow Prometheus' conventions, and OpenTelemetry's for generative AI where those exist. Labels never
hold what a caller can make up: models, clients and upstreams have the names the settings give them. All of it
is right with several processes as well: gauges say how those of the processes add up.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from calibration.left_behind import KINDS
from gateway.detection.verdict import KINDS as DETECTORS
from gateway.serving.metric_files import MetricFiles

_OVERHEAD_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
# Of OpenTelemetry's gen_ai.client.operation.duration.
_UPSTREAM_BUCKETS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
# Of its gen_ai.server.time_to_first_token.
_FIRST_CHUNK_BUCKETS = (
    0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
)  # fmt: skip
# Present from the start at zero, so that a rate over the first failure is not missed.
_KINDS = (
    "client_hang_up",
    "internal",
    "queue_full",
    "shutting_down",
    "upstream_cut",
    "upstream_timeout",
    "upstream_unreachable",
)
_OPERATION = ("gen_ai_operation_name", "gen_ai_provider_name", "gen_ai_request_model", "error_type")

Adding = Literal["livesum", "livemax", "livemostrecent"]
Child = TypeVar("Child", Counter, Gauge, Histogram)


@dataclass(frozen=True)
class Described:
    """One metric for those who read about it."""

    name: str  # as Prometheus has it
    type: Literal["counter", "gauge", "histogram"]
    labels: tuple[str, ...]
    meaning: str


class Family(Generic[Child]):
    """One metric with its labels; finds a child a second time without prometheus_client's lock and checks."""

    def __init__(self, metric: Child) -> None:
        self._metric: Child = metric
        self._children: dict[tuple[str, ...], Child] = {}

    def labels(self, *values: str) -> Child:
        """Return the child of these label values, in the order the metric declares them."""
        child = self._children.get(values)
        if child is None:
            child = self._children[values] = self._metric.labels(*values)
        return child


class Metrics:
    """Every metric of one gateway, in a registry of its own, so that two apps never share numbers."""

    def __init__(
        self, models: Iterable[str], clients: Iterable[str] = (), *, shared: MetricFiles | None = None
    ) -> None:
        """Take what may become a label.

        Args:
            models: Those the settings name; all others are `other`.
            clients: Likewise.
            shared: Where several processes keep their numbers; None: this one is alone.
        """
        self._models = frozenset(models)
        self._clients = frozenset(clients)
        self._shared = shared
        self._is_up: dict[str, bool] = {}
        self.registry = CollectorRegistry()
        self.described: list[Described] = []
        self._count_requests()
        self._count_images()
        self._count_audits()
        self._measure_times()
        self._gauge()

    def _count_requests(self) -> None:
        self.requests = self._counter("requests", "Requests answered.", "dialect", "model", "status")
        self.errors = self._counter("errors", "Failures of every kind.", "kind")
        for kind in _KINDS:
            self.errors.labels(kind)
        self.refusals = self._counter(
            "admission_refusals", "Requests turned away with a 429 because too much was under way.", "kind"
        )
        self.refusals.labels("queue_full")
        self.upstream_answers = self._counter(
            "upstream_requests", "Requests an upstream answered.", "upstream", "status"
        )
        self.upstream_errors = self._counter(
            "upstream_errors", "Requests an upstream left without a whole answer.", "upstream", "kind"
        )
        # Only the supervisor counts these, in the files of the workers: here they are at zero from the start.
        self._counter("worker_crashes", "Workers that ended unasked.")
        self._counter("reloads", "SIGHUPs heard.", "outcome")
        self.client_requests = self._counter(
            "client_requests", "Requests of clients that the settings name.", "client", "status"
        )
        self.client_images = self._counter(
            "client_images", "Images of clients that the settings name.", "client", "outcome"
        )

    def _count_images(self) -> None:
        model, priced = ("model",), ("model", "provider")
        self.images = self._counter("images", "Images met in requests.", "model", "outcome", "reason")
        self.flags = self._counter(
            "flags",
            "Images worth an alarm, by kind of evidence: hidden edits, and what is built like an attack. "
            "container, alpha and query_series are rules, which policy.alpha does not bound.",
            "model",
            "outcome",
            "kind",
            "action",
        )
        self.flag_evidence = self._counter(
            "flag_evidence",
            "Images found to be edited, openly or not, by the evidence that weighed most.",
            "kind",
            "action",
        )
        self.review_flags = self._counter(
            "review_flags",
            "Flagged images for the review page: kept in its store, or dropped because it took too long.",
            "fate",
        )
        for fate in ("kept", "dropped"):
            self.review_flags.labels(fate)
        self.detector_failures = self._counter(
            "detector_failures", "Detectors that broke over an image: the others judged it.", "kind"
        )
        for kind in DETECTORS:
            self.detector_failures.labels(kind)
        self.sanitized = self._counter(
            "sanitized", "Images sent in a form that undoes hidden edits, flagged or not.", *model
        )
        self.unchecked = self._counter(
            "unchecked",
            "What was not looked at: images, whole bodies, strings that look like images.",
            "class",
            "reason",
        )
        self.image_bytes_in = self._counter("image_bytes_in", "Image bytes received.", *model)
        self.image_bytes_out = self._counter("image_bytes_out", "Image bytes sent on.", *model)
        self.image_pixels_in = self._counter("image_pixels_in", "Image pixels received.", *model)
        self.image_pixels_out = self._counter("image_pixels_out", "Image pixels sent on.", *model)
        self.image_tokens_in = self._counter(
            "image_tokens_in", "Image tokens received, by the provider's rules.", *priced
        )
        self.image_tokens_out = self._counter(
            "image_tokens_out", "Image tokens sent on, by the provider's rules.", *priced
        )
        self.bytes_saved = self._counter("bytes_saved", "Image bytes not sent on.", *model)
        self.tokens_saved = self._counter("tokens_saved", "Image tokens not sent on.", *priced)
        self.would_save_bytes = self._counter(
            "would_save_bytes", "Image bytes that mode observe left in.", *model
        )
        self.would_save_tokens = self._counter(
            "would_save_tokens", "Image tokens that mode observe left in.", *priced
        )
        self.token_rule_checks = self._counter(
            "token_rule_checks",
            "Answers whose usage was compared with the rules' image tokens: agrees or differs where the API "
            "counts images, else possible, or too_high where all its input tokens are fewer.",
            *priced,
            "result",
        )
        for result in ("agrees", "differs", "possible", "too_high"):
            self.token_rule_checks.labels("other", "other", result)
        self.image_tokens_predicted = self._counter(
            "image_tokens_predicted", "Image tokens by the rules, where the API counts them too.", *priced
        )
        self.image_tokens_reported = self._counter(
            "image_tokens_reported", "Image tokens the API counted for the same images.", *priced
        )
        self.limit_steps = self._counter(
            "limit_steps",
            "Requests too large as a whole whose largest pictures were brought to a step of limits.",
            "provider",
            "step",
        )
        self.limits_exceeded = self._counter(
            "limits_exceeded",
            "Limits of their provider that requests exceed as they are sent, by our rules.",
            "provider",
            "limit",
        )
        self.compressions = self._counter("compressions", "Images re-encoded.", "model", "format")
        self.metadata_left_behind = self._counter(
            "metadata_left_behind", "Images sent on without metadata that they came with.", "kind"
        )
        for each in KINDS:
            self.metadata_left_behind.labels(each)
        self.cache_lookups = self._counter(
            "cache_lookups", "Looks into a memory of finished work.", "cache", "result"
        )

    def _count_audits(self) -> None:
        self.shadow_audits = self._counter(
            "shadow_audits",
            "Requests with lightened pictures that were asked again with the originals.",
            "model",
            "class",
            "result",
        )
        for result in ("same", "changed", "noise", "unanswered"):
            self.shadow_audits.labels("other", "other", result)
        self.shadow_budget_left = self._plain_gauge(
            "shadow_audit_budget_left", "Questions the shadow audit may still ask today.", "livemostrecent"
        )
        self.policy_epoch = self._info(
            "policy_epoch",
            "How often the shadow audit made compression stricter, by model and class of pictures.",
            "livemax",
            "model",
            "class",
        )

    def _measure_times(self) -> None:
        self.overhead = self._histogram(
            "jnd_overhead_seconds",
            "Time spent in the gateway until the answer starts, without waiting for the upstream.",
            _OVERHEAD_BUCKETS,
            "has_image",
        )
        self.stage = self._histogram(
            "jnd_stage_seconds", "Time per image and stage.", _OVERHEAD_BUCKETS, "stage"
        )
        self.queue_wait = self._plain_histogram(
            "jnd_queue_wait_seconds", "Time an image waits until work on it begins.", _OVERHEAD_BUCKETS
        )
        self.upstream = self._plain_histogram(
            "jnd_upstream_seconds", "Wait for the upstream to start its answer.", _UPSTREAM_BUCKETS
        )
        self.operation = self._histogram(
            "gen_ai_client_operation_duration_seconds",
            "From asking the upstream to the end of its answer.",
            _UPSTREAM_BUCKETS,
            *_OPERATION,
        )
        self.first_chunk = self._histogram(
            "gen_ai_client_operation_time_to_first_chunk_seconds",
            "From asking the upstream to the first bytes of a streamed answer.",
            _FIRST_CHUNK_BUCKETS,
            *_OPERATION[:3],
        )

    def _gauge(self) -> None:
        self.in_flight = self._plain_gauge("in_flight_requests", "Requests being answered.")
        self.queue_bytes = self._plain_gauge("queue_bytes", "Body bytes in flight.")
        self.queue_pixels = self._plain_gauge("queue_pixels", "Pixels being worked on.")
        self.queue_images = self._plain_gauge("queue_images", "Images that wait for work.")
        self._upstream_up = self._info(
            "upstream_up", "Whether the upstream answered when last asked.", "livemostrecent", "upstream"
        )
        self._build = self._info("build_info", "What runs here.", "livemax", "version", "artifact")
        self._profile = self._info(
            "profile_info",
            "Where it is known from what each model can see: measured, published-prior, default.",
            "livemax",
            "model",
            "source",
        )

    def model_label(self, model: str) -> str:
        """Return the name if the settings know it, else `other`: callers must not make up labels."""
        return model if model in self._models else "other"

    def knows_client(self, client: str) -> bool:
        """Tell whether the settings name this client: nobody else becomes a label."""
        return client in self._clients

    def describe_build(self, version: str, artifact: str) -> None:
        """Say which release and which predictor answer."""
        self._build.labels(version, artifact).set(1)

    def describe_profile(self, model: str, source: str) -> None:
        """Say where it is known from what a model can see."""
        self._profile.labels(model, source).set(1)

    def note_health(self, upstream: str, *, is_up: bool) -> None:
        """Say whether an upstream answers; cheap where nothing changed."""
        if self._is_up.get(upstream) is not is_up:
            self._is_up[upstream] = is_up
            self._upstream_up.labels(upstream).set(is_up)

    def exposition(self) -> bytes:
        """Render all of it in Prometheus' text format; with several processes, of all of them."""
        if self._shared is None:
            return generate_latest(self.registry)
        return self._shared.exposition()

    def _counter(self, name: str, text: str, *labels: str) -> Family[Counter]:
        self.described.append(Described(f"jnd_{name}_total", "counter", labels, text))
        return Family(Counter(f"jnd_{name}", text, labels, registry=self.registry))

    def _histogram(self, name: str, text: str, buckets: tuple[float, ...], *labels: str) -> Family[Histogram]:
        self.described.append(Described(name, "histogram", labels, text))
        return Family(Histogram(name, text, labels, buckets=buckets, registry=self.registry))

    def _plain_histogram(self, name: str, text: str, buckets: tuple[float, ...]) -> Histogram:
        self.described.append(Described(name, "histogram", (), text))
        return Histogram(name, text, buckets=buckets, registry=self.registry)

    def _plain_gauge(self, name: str, text: str, adding: Adding = "livesum") -> Gauge:
        self.described.append(Described(f"jnd_{name}", "gauge", (), text))
        return Gauge(f"jnd_{name}", text, registry=self.registry, multiprocess_mode=adding)

    def _info(self, name: str, text: str, adding: Adding, *labels: str) -> Family[Gauge]:
        self.described.append(Described(f"jnd_{name}", "gauge", labels, text))
        return Family(Gauge(f"jnd_{name}", text, labels, registry=self.registry, multiprocess_mode=adding))


def metrics_reference() -> str:
    """Return a table of every metric, in the order of their names."""
    rows = [("name", "type", "labels", "meaning")]
    for each in sorted(Metrics(()).described, key=lambda each: each.name):
        rows.append((each.name, each.type, ", ".join(each.labels) or "-", each.meaning))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
