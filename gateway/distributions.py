"""What is counted in buckets: times of a request and its stages, and the p-values of detectors."""

from gateway.metric_families import MetricFamilies

_OVERHEAD_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
# Of OpenTelemetry's gen_ai.client.operation.duration.
_UPSTREAM_BUCKETS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
# Of its gen_ai.server.time_to_first_token.
_FIRST_CHUNK_BUCKETS = (
    0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
)  # fmt: skip
# Where a detector's promise is looked at: its small end is what flags.
_P_VALUE_BUCKETS = (0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)
_OPERATION = ("gen_ai_operation_name", "gen_ai_provider_name", "gen_ai_request_model", "error_type")


class Distributions(MetricFamilies):
    """The metrics that are histograms."""

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
        self.memory_seconds = self._histogram(
            "jnd_memory_seconds",
            "Time one question to the Redis that machines share takes.",
            _OVERHEAD_BUCKETS,
            "operation",
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

    def _measure_p_values(self) -> None:
        self.p_value = self._histogram(
            "jnd_p_value",
            "P-values of detectors that are tests, of pictures not seen before: of benign ones, at most a "
            "share of p lies below p.",
            _P_VALUE_BUCKETS,
            "kind",
        )
        self.p_value.labels("residual")
