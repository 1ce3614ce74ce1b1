"""The dashboard for whoever runs the gateway: rate, errors, latency, stages, saturation."""

from typing import Any

from tools.dashboards.panels import Panel, Series, build, quantile, rates

_MODEL = 'model=~"$model"'
_LOOKUPS = rates("jnd_cache_lookups_total", "cache")
_HITS = rates("jnd_cache_lookups_total", "cache", 'result="hit"')
_STAGE = "sum by (stage) (rate(jnd_stage_seconds_{}[$__rate_interval]))"


def _share(status: str) -> str:
    bad = f'sum(rate(jnd_requests_total{{{_MODEL},status=~"{status}"}}[$__range])) or vector(0)'
    return f"({bad}) / sum(rate(jnd_requests_total{{{_MODEL}}}[$__range]))"


PANELS = (
    Panel(
        "stat",
        "Requests per second",
        "Requests answered, over the chosen time.",
        (Series(f"sum(rate(jnd_requests_total{{{_MODEL}}}[$__range]))"),),
        unit="reqps",
        width=4,
    ),
    Panel(
        "stat",
        "Failed",
        "Share of requests answered with a status of 500 or more, whoever failed.",
        (Series(_share("5..")),),
        unit="percentunit",
        width=4,
        runbook="JndUpstreamErrors",
        steps=((None, "green"), (0.01, "orange"), (0.05, "red")),
    ),
    Panel(
        "stat",
        "Turned away",
        "Share of requests that got a 429, the gateway's or the provider's.",
        (Series(_share("429")),),
        unit="percentunit",
        width=4,
        runbook="JndRequestsTurnedAway",
        steps=((None, "green"), (0.001, "orange"), (0.01, "red")),
    ),
    Panel(
        "stat",
        "Overhead, p99",
        "Time that 99 of 100 requests stayed below in the gateway itself, over the chosen time.",
        (Series("histogram_quantile(0.99, sum by (le) (rate(jnd_overhead_seconds_bucket[$__range])))"),),
        unit="s",
        width=4,
        runbook="JndOverheadHigh",
        steps=((None, "green"), (0.5, "orange"), (1, "red")),
    ),
    Panel(
        "stat",
        "In flight",
        "Requests being answered now.",
        (Series("sum(jnd_in_flight_requests)"),),
        width=4,
    ),
    Panel(
        "stat",
        "Upstreams that answer",
        "Share of the upstreams that answered when last asked.",
        (Series("avg(min by (upstream) (jnd_upstream_up))"),),
        unit="percentunit",
        width=4,
        runbook="JndUpstreamDown",
        steps=((None, "red"), (1, "green")),
    ),
    Panel(
        "lines",
        "Requests by status",
        "Requests per second by API dialect and answered status.",
        (Series(rates("jnd_requests_total", "dialect, status", _MODEL), "{{dialect}} {{status}}"),),
        unit="reqps",
    ),
    Panel(
        "lines",
        "Errors by kind",
        "Every failure the gateway met, per second, by kind; forwarded images with a failure are counted "
        "here too.",
        (Series(rates("jnd_errors_total", "kind"), "{{kind}}"),),
        unit="ops",
    ),
    Panel(
        "lines",
        "Clients",
        "Requests and images per second of the clients that the settings name.",
        (
            Series(rates("jnd_client_requests_total", "client, status"), "{{client}} requests: {{status}}"),
            Series(rates("jnd_client_images_total", "client, outcome"), "{{client}} images: {{outcome}}"),
        ),
        unit="ops",
    ),
    Panel(
        "lines",
        "Gateway overhead",
        "Time a request spent in the gateway itself, without the wait for the provider.",
        tuple(
            Series(
                quantile(share, "jnd_overhead_seconds", "has_image"),
                f"p{share * 100:.0f}, image: {{{{has_image}}}}",
            )
            for share in (0.5, 0.95, 0.99)
        ),
        unit="s",
        runbook="JndOverheadHigh",
    ),
    Panel(
        "lines",
        "Stage times",
        "Time per image in each stage: decode, inspect, compress, sanitize, splice.",
        (
            Series(quantile(0.99, "jnd_stage_seconds", "stage"), "p99 {{stage}}"),
            Series(f"{_STAGE.format('sum')} / {_STAGE.format('count')}", "mean {{stage}}"),
        ),
        unit="s",
        runbook="JndOverheadHigh",
    ),
    Panel(
        "lines",
        "Wait of images",
        "Time an image waits for its turn until work on it begins.",
        (
            Series(quantile(0.5, "jnd_queue_wait_seconds"), "p50"),
            Series(quantile(0.99, "jnd_queue_wait_seconds"), "p99"),
        ),
        unit="s",
        runbook="JndOverheadHigh",
    ),
    Panel(
        "lines",
        "How full",
        "Saturation: body bytes in flight of those allowed (beyond, callers get 429), and image threads "
        "at work.",
        (
            Series("jnd:queue:full", "bytes in flight"),
            Series("jnd:image_threads:busy5m", "image threads at work"),
        ),
        unit="percentunit",
        runbook="JndRequestsTurnedAway",
        most=1,
    ),
    Panel(
        "lines",
        "In flight and queued",
        "Load inside the gateway: requests being answered, and megabytes of their bodies.",
        (
            Series("sum(jnd_in_flight_requests)", "requests"),
            Series("sum(jnd_queue_bytes) / 1e6", "megabytes"),
        ),
        runbook="JndRequestsTurnedAway",
    ),
    Panel(
        "lines",
        "Shared memory",
        "The Redis that machines share: whether it can be used (1; also where none is set), and questions "
        "per second that it could not be asked, by reason. Away or full, each machine works on with what it "
        "saw itself: attacks spread over machines are found later.",
        (
            Series("min(jnd_memory_up) or vector(1)", "usable"),
            Series(rates("jnd_memory_troubles_total", "reason", or_nothing=True), "{{reason}}"),
        ),
        runbook="JndMemoryAway",
    ),
    Panel(
        "lines",
        "Time of shared memory",
        "The 99th percentile of the time one question to the shared memory takes, by kind.",
        (Series(quantile(0.99, "jnd_memory_seconds", "operation") + " or vector(0)", "{{operation}}"),),
        unit="s",
    ),
    Panel(
        "lines",
        "Turned away and waiting",
        "Requests per second that got a 429 because too much was under way; images waiting, megapixels "
        "being worked on.",
        (
            Series(rates("jnd_admission_refusals_total", "kind"), "turned away: {{kind}}"),
            Series("sum(jnd_queue_images)", "images waiting"),
            Series("sum(jnd_queue_pixels) / 1e6", "megapixels being worked on"),
        ),
        runbook="JndRequestsTurnedAway",
    ),
    Panel(
        "lines",
        "Provider latency",
        "Time the gateway waited for the provider to begin its answer.",
        tuple(
            Series(quantile(share, "jnd_upstream_seconds"), f"p{share * 100:.0f}")
            for share in (0.5, 0.95, 0.99)
        ),
        unit="s",
    ),
    Panel(
        "lines",
        "Operation times",
        "From asking the upstream to the end of its answer, by provider.",
        tuple(
            Series(
                quantile(share, "gen_ai_client_operation_duration_seconds", "gen_ai_provider_name"),
                f"p{share * 100:.0f} {{{{gen_ai_provider_name}}}}",
            )
            for share in (0.5, 0.95)
        ),
        unit="s",
    ),
    Panel(
        "lines",
        "First bytes of streams",
        "From asking the upstream to the first bytes of a streamed answer.",
        tuple(
            Series(
                quantile(share, "gen_ai_client_operation_time_to_first_chunk_seconds"), f"p{share * 100:.0f}"
            )
            for share in (0.5, 0.95)
        ),
        unit="s",
    ),
    Panel(
        "lines",
        "Upstream health",
        "Whether each upstream answered when last asked: 1 yes, 0 no.",
        (Series("min by (upstream) (jnd_upstream_up)", "{{upstream}}"),),
        runbook="JndUpstreamDown",
        most=1,
    ),
    Panel(
        "lines",
        "Upstream answers and errors",
        "Answers per second by status, and requests left without a whole answer.",
        (
            Series(rates("jnd_upstream_requests_total", "upstream, status"), "{{upstream}} {{status}}"),
            Series(
                rates("jnd_upstream_errors_total", "upstream, kind", or_nothing=True), "{{upstream}} {{kind}}"
            ),
            Series("jnd:upstream_failures:share5m", "{{upstream}}: share that failed"),
        ),
        unit="ops",
        runbook="JndUpstreamErrors",
    ),
    Panel(
        "lines",
        "Share of lookups found in a cache",
        "How often finished work was found instead of being done again.",
        (
            Series(
                f"({_HITS} or 0 * {_LOOKUPS}) / {_LOOKUPS}",
                "{{cache}}",
            ),
        ),
        unit="percentunit",
        most=1,
    ),
    Panel(
        "lines",
        "Workers",
        "Worker processes that ended unasked, and reloads of the settings, per hour.",
        (
            Series("sum(increase(jnd_worker_crashes_total[1h]))", "ended unasked"),
            Series("sum by (outcome) (increase(jnd_reloads_total[1h])) or vector(0)", "reloads: {{outcome}}"),
        ),
        runbook="JndWorkersCrash",
    ),
    Panel(
        "table",
        "Running versions",
        "Version of the gateway and content hash of its artifact, by instance.",
        (Series("max by (instance, version, artifact) (jnd_build_info)"),),
        width=16,
        runbook="JndGatewayDown",
        columns=("runs",),
    ),
)


def dashboard() -> Any:
    """Return it as Grafana reads it; it keeps the address of the one dashboard there was before."""
    return build(
        "JND service",
        "jnd-gateway",
        "Rate, errors, latency by stage and saturation of the gateway, and how its upstreams do.",
        PANELS,
    )
