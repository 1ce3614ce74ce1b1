"""Count what the gateway does, in a registry of its own per app, so that two apps never share numbers."""

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_OVERHEAD_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
_UPSTREAM_BUCKETS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
# Present from the start at zero, so that a rate over the first failure is not missed.
_KINDS = (
    "client_hang_up",
    "internal",
    "queue_full",
    "upstream_cut",
    "upstream_timeout",
    "upstream_unreachable",
)


class Metrics:
    """Every metric of one gateway; labels never hold what a caller can make up."""

    def __init__(self, models: Mapping[str, str]) -> None:
        self._models = frozenset(models)
        self.registry = registry = CollectorRegistry()

        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"jnd_{name}", text, labels, registry=registry)

        self.requests = counter("requests", "Requests answered.", "dialect", "model", "status")
        self.images = counter("images", "Images met in requests.", "model", "outcome", "reason")
        self.flags = counter("flags", "Images flagged as edited.", "model", "outcome", "action")
        self.image_bytes_in = counter("image_bytes_in", "Image bytes received.", "model")
        self.image_bytes_out = counter("image_bytes_out", "Image bytes sent on.", "model")
        self.bytes_saved = counter("bytes_saved", "Image bytes not sent on.", "model")
        self.tokens_saved = counter("tokens_saved", "Image tokens not sent on.", "model", "provider")
        self.compressions = counter("compressions", "Images re-encoded.", "model", "format")
        self.errors = counter("errors", "Failures of every kind.", "kind")
        self.overhead = Histogram(
            "jnd_overhead_seconds",
            "Time spent in the gateway until the answer starts, without waiting for the upstream.",
            ["has_image"],
            buckets=_OVERHEAD_BUCKETS,
            registry=registry,
        )
        self.stage = Histogram(
            "jnd_stage_seconds",
            "Time per image and stage.",
            ["stage"],
            buckets=_OVERHEAD_BUCKETS,
            registry=registry,
        )
        self.upstream = Histogram(
            "jnd_upstream_seconds",
            "Wait for the upstream to start its answer.",
            buckets=_UPSTREAM_BUCKETS,
            registry=registry,
        )
        self.in_flight = Gauge("jnd_in_flight_requests", "Requests being answered.", registry=registry)
        self.queue_bytes = Gauge("jnd_queue_bytes", "Body bytes in flight.", registry=registry)
        self.queue_images = Gauge("jnd_queue_images", "Images waiting for their turn.", registry=registry)
        self.queue_pixels = Gauge("jnd_queue_pixels", "Pixels being worked on.", registry=registry)
        self.queue_wait = Histogram(
            "jnd_queue_wait_seconds",
            "Time an image waits for its turn.",
            buckets=_OVERHEAD_BUCKETS,
            registry=registry,
        )
        for kind in _KINDS:
            self.errors.labels(kind)
        self._build = Gauge("jnd_build_info", "What runs here.", ["version", "artifact"], registry=registry)

    def model_label(self, model: str) -> str:
        """Return the name if the settings know it, else `other`: callers must not make up labels."""
        return model if model in self._models else "other"

    def describe_build(self, version: str, artifact: str) -> None:
        """Say which release and which predictor answer."""
        self._build.labels(version, artifact).set(1)

    def exposition(self) -> bytes:
        """Render all of it in Prometheus' text format."""
        return generate_latest(self.registry)
