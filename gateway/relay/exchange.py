"""One request's facts, and where they end up: response headers, metrics, one log line.

Overhead is the time from the last byte of the request to the first of the answer, minus the wait for the
upstream: slow callers and slow models are not the gateway's doing. Image data never reaches a log.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import orjson

from gateway.metrics import Metrics
from gateway.pipeline import ImageOutcome
from gateway.policy import is_flagged, worst
from gateway.relay.incoming import Headers

log = logging.getLogger("gateway.access")

HUNG_UP = 499  # nginx' word for a client that left before the answer


@dataclass
class Exchange:
    """What is known of one request; filled in as it goes along."""

    dialect: str
    provider: str
    path: str
    model: str = ""
    status: int = 0  # 0 until an answer has started
    outcomes: tuple[ImageOutcome, ...] = ()
    unchecked: str = ""  # why the body as a whole was not looked into
    failures: list[str] = field(default_factory=list)  # kinds, each counted once per event
    is_forwarded: bool = False
    overhead_seconds: float = 0.0
    upstream_seconds: float | None = None
    clock: Callable[[], float] = time.perf_counter
    _started: float = 0.0

    def __post_init__(self) -> None:
        self._started = self.clock()

    def body_arrived(self) -> None:
        """Start the gateway's own clock."""
        self._started = self.clock()

    @contextmanager
    def waiting_for_upstream(self) -> Iterator[None]:
        """Keep this stretch out of the overhead."""
        began = self.clock()
        try:
            yield
        finally:
            self.upstream_seconds = self.clock() - began

    def answer_starts(self, status: int) -> None:
        """Stop the clock: headers go out now."""
        self.status = status
        self.overhead_seconds = self.clock() - self._started - (self.upstream_seconds or 0.0)

    @property
    def bytes_saved(self) -> int:
        """Image bytes that did not have to travel on."""
        return sum(outcome.bytes_in - outcome.bytes_out for outcome in self.outcomes)

    @property
    def tokens_saved(self) -> int:
        """Image tokens the provider will not charge."""
        plans = [outcome.plan for outcome in self.outcomes if outcome.plan is not None]
        return sum(plan.tokens_in - plan.tokens_out for plan in plans)

    @property
    def verdict(self) -> str:
        """The gravest outcome over all images, or `none`."""
        gravest = worst(outcome.verdict for outcome in self.outcomes)
        if gravest is None:
            return "unchecked" if self.unchecked else "none"
        return gravest.outcome

    @property
    def reasons(self) -> list[str]:
        """Everything that was skipped or failed, one word each, without repetition."""
        words = [self.unchecked, *(outcome.reason for outcome in self.outcomes), *self.failures]
        return list(dict.fromkeys(word for word in words if word))

    def headers(self) -> Headers:
        """Return the x-jnd-* headers of the answer."""
        named = {
            "x-jnd-verdict": self.verdict,
            "x-jnd-bytes-saved": str(self.bytes_saved),
            "x-jnd-tokens-saved": str(self.tokens_saved),
            "x-jnd-overhead-ms": f"{self.overhead_seconds * 1000:.3f}",
        }
        if self.reasons:
            named["x-jnd-reason"] = ",".join(self.reasons)
        gravest = worst(outcome.verdict for outcome in self.outcomes)
        if gravest is not None and gravest.jnd_ratio is not None:
            named["x-jnd-ratio"] = f"{gravest.jnd_ratio:.3f}"
        if gravest is not None and is_flagged(gravest):
            named["x-jnd-explanation"] = " ".join(gravest.explanation.split())
        return [(name.encode(), value.encode("ascii", "replace")) for name, value in named.items()]

    def finish(self, metrics: Metrics) -> None:
        """Count everything and write the log line; called once, whatever happened."""
        if self.status:
            metrics.overhead.labels("true" if self.outcomes else "false").observe(self.overhead_seconds)
        self.status = self.status or HUNG_UP
        model = metrics.model_label(self.model)
        metrics.requests.labels(self.dialect, model, str(self.status)).inc()
        for kind in self.failures:
            metrics.errors.labels(kind).inc()
        if self.upstream_seconds is not None:
            metrics.upstream.observe(self.upstream_seconds)
        for outcome in self.outcomes:
            self._count_image(metrics, model, outcome)
        log.info("%s", orjson.dumps(self._line()).decode())

    def _count_image(self, metrics: Metrics, model: str, outcome: ImageOutcome) -> None:
        metrics.images.labels(model, outcome.verdict.outcome, outcome.reason).inc()
        if is_flagged(outcome.verdict):
            metrics.flags.labels(model, outcome.verdict.outcome, outcome.action).inc()
        for stage in ("decode", "inspect", "compress"):
            seconds = getattr(outcome.timings, stage)
            if seconds:
                metrics.stage.labels(stage).observe(seconds)
        if not self.is_forwarded:
            return
        metrics.image_bytes_in.labels(model).inc(outcome.bytes_in)
        metrics.image_bytes_out.labels(model).inc(outcome.bytes_out)
        metrics.bytes_saved.labels(model).inc(outcome.bytes_in - outcome.bytes_out)
        plan = outcome.plan
        if plan is not None:
            metrics.tokens_saved.labels(model, self.provider).inc(plan.tokens_in - plan.tokens_out)
        if plan is not None and outcome.bytes_out != outcome.bytes_in:
            metrics.compressions.labels(model, plan.format).inc()

    def _line(self) -> dict[str, object]:
        return {
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "dialect": self.dialect,
            "path": self.path,
            "model": self.model[:100],
            "status": self.status,
            "verdict": self.verdict,
            "images": [outcome.verdict.outcome for outcome in self.outcomes],
            "bytes_saved": self.bytes_saved,
            "tokens_saved": self.tokens_saved,
            "overhead_ms": round(self.overhead_seconds * 1000, 3),
            "upstream_ms": None if self.upstream_seconds is None else round(self.upstream_seconds * 1000, 3),
            "reasons": self.reasons,
        }
