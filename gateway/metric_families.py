"""How a metric is made: registered, described for those who read about it, its children found fast."""

from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

OTHER = "other"  # whoever and whatever the settings do not name
RESULTS = ("same", "changed", "noise", "unanswered")

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


class MetricFamilies:
    """Makes metrics in a registry of its own, so that two apps never share numbers."""

    def __init__(self) -> None:
        """Begin with none."""
        self.registry = CollectorRegistry()
        self.described: list[Described] = []

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
