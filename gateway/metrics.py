"""What the gateway counts: names, labels, buckets. Who counts what, and when, is others' affair.

Names follow Prometheus' conventions, and OpenTelemetry's for generative AI where those exist. Labels never
hold what a caller can make up: models, clients and upstreams have the names the settings give them. All of it
is right with several processes as well: gauges say how those of the processes add up.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time

from prometheus_client import generate_latest

from calibration.left_behind import KINDS
from gateway.client_metrics import ClientMetrics
from gateway.detection.verdict import KINDS as DETECTORS
from gateway.distributions import Distributions
from gateway.metric_families import OTHER, RESULTS
from gateway.providers.prices import Tariff
from gateway.serving.metric_files import MetricFiles

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


class Metrics(ClientMetrics, Distributions):
    """Every metric of one gateway."""

    def __init__(
        self,
        models: Iterable[str],
        clients: Iterable[str] = (),
        *,
        shared: MetricFiles | None = None,
        tariff: Tariff | None = None,
    ) -> None:
        """Take what may become a label.

        Args:
            models: Those the settings name; all others are `other`.
            clients: Likewise.
            shared: Where several processes keep their numbers; None: this one is alone.
            tariff: By which tokens are told as money; None: the list's prices.
        """
        super().__init__()
        self._models = frozenset(models)
        self._shared = shared
        self._count_requests()
        self._count_images()
        self._count_clients(frozenset(clients), tariff or Tariff())
        self._count_audits()
        self._measure_times()
        self._measure_p_values()
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
            "upstream_errors",
            "Requests and looks an upstream left without a whole answer.",
            "upstream",
            "kind",
        )
        # Only the supervisor counts these, in the files of the workers: here they are at zero from the start.
        self._counter("worker_crashes", "Workers that ended unasked.")
        self._counter("reloads", "SIGHUPs heard.", "outcome")

    def _count_images(self) -> None:
        model, priced = ("model",), ("model", "provider")
        self.images = self._counter("images", "Images met in requests.", "model", "outcome", "reason")
        self.flagged_images = self._counter(
            "flagged_images", "New images worth an alarm, each once however many kinds of evidence.", *model
        )
        for each in (*sorted(self._models), OTHER):
            self.flagged_images.labels(each)
            for outcome in ("clean", "imperceptible_edit", "noticeable_edit"):
                self.images.labels(each, outcome, "")
        self.flags = self._counter(
            "flags",
            "Images worth an alarm, whenever they are sent, by kind of evidence: hidden edits, and what is "
            "built like an attack. container, alpha and query_series are rules, which policy.alpha does not "
            "bound.",
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
            self.token_rule_checks.labels(OTHER, OTHER, result)
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
        self.memory_troubles = self._counter(
            "memory_troubles",
            "Times the Redis that machines share could not be asked: away, slow, refused (its password), "
            "loading, full, read_only, failed; and records there that are unreadable.",
            "reason",
        )
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
        for result in RESULTS:
            self.shadow_audits.labels(OTHER, OTHER, result)
        self.shadow_promise = self._plain_gauge(
            "shadow_audit_promise_ratio",
            "Share of answers that may change with lightened pictures; 0 where nobody is asked.",
            "livemostrecent",
        )
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

    def _gauge(self) -> None:
        self.policy_alpha = self._plain_gauge(
            "policy_alpha_ratio", "Share of benign images that may be flagged, rules apart.", "livemostrecent"
        )
        self.in_flight = self._plain_gauge("in_flight_requests", "Requests being answered.")
        self.queue_bytes = self._plain_gauge("queue_bytes", "Body bytes in flight.")
        self.queue_pixels = self._plain_gauge("queue_pixels", "Pixels being worked on.")
        self.queue_images = self._plain_gauge("queue_images", "Images that wait for work.")
        self._memory_up = self._info(
            "memory_up",
            "Whether the Redis that machines share can be read and written; absent where there is none.",
            "livemostrecent",
            "store",
        )
        self.queue_limit_bytes = self._plain_gauge(
            "queue_limit_bytes", "Body bytes in flight beyond which callers get 429."
        )
        self.image_threads = self._plain_gauge("image_threads", "Threads that work on images.")
        self._artifact_written = self._info(
            "artifact_written_timestamp_seconds",
            "When each part of the predictor was learned, since 1970; absent where nobody noted it.",
            "livemax",
            "part",
        )
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
        return model if model in self._models else OTHER

    def describe_build(self, version: str, artifact: str) -> None:
        """Say which release and which predictor answer."""
        self._build.labels(version, artifact).set(1)

    def describe_artifact(self, written: Mapping[str, date]) -> None:
        """Say when each part of the predictor was learned."""
        for part, day in written.items():
            midnight = datetime.combine(day, time(), UTC)
            self._artifact_written.labels(part).set(midnight.timestamp())

    def describe_room(self, *, threads: int, queue_bytes: int, alpha: float) -> None:
        """Say what the settings allow: how much at once, and how many false alarms."""
        self.image_threads.set(threads)
        self.queue_limit_bytes.set(queue_bytes)
        self.policy_alpha.set(alpha)

    def describe_profile(self, model: str, source: str) -> None:
        """Say where it is known from what a model can see."""
        self._profile.labels(model, source).set(1)

    def note_health(self, upstream: str, *, is_up: bool) -> None:
        """Say whether an upstream answers, changed or not: the worker that says it last counts."""
        self._upstream_up.labels(upstream).set(is_up)

    def note_memory(self, *, is_up: bool) -> None:
        """Say whether the shared memory can be used."""
        self._memory_up.labels("redis").set(is_up)

    def exposition(self) -> bytes:
        """Render all of it in Prometheus' text format; with several processes, of all of them."""
        if self._shared is None:
            return generate_latest(self.registry)
        return self._shared.exposition()


def metrics_reference() -> str:
    """Return a table of every metric, in the order of their names."""
    rows = [("name", "type", "labels", "meaning")]
    for each in sorted(Metrics(()).described, key=lambda each: each.name):
        rows.append((each.name, each.type, ", ".join(each.labels) or "-", each.meaning))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
