"""What the gateway's figures come to, and the floors they are held to."""

import math
import statistics
from collections.abc import Mapping, Sequence

from gateway_load import Tally

AT_MOST = {
    "added_p50_ratio_to_bare": 1.4,
    "cpu_ratio_to_bare": 1.4,
    "added_p50_ratio_to_litellm": round(1 / 12, 4),
    "added_p50_ratio_to_portkey": round(1 / 3, 4),
    "large_text_added_p50_ratio_to_litellm": 0.25,
    "large_text_added_p50_ratio_to_portkey": 0.25,
    "large_image_added_p50_ratio_to_litellm": 0.25,
    "large_image_added_p50_ratio_to_portkey": 0.25,
    "stream_ttfb_added_ms": 1.0,
    "image_added_p50_ms": 2.0,
}
AT_LEAST = {"throughput_ratio_to_litellm": 12.0, "throughput_ratio_to_portkey": 2.5}

# A peer that answers so few stalled while it was measured: a ratio to it means nothing and meets no floor.
STALLED_PER_SECOND = 10.0


def added(tallies: Mapping[str, Sequence[Tally]]) -> dict[str, dict[str, float]]:
    """Return milliseconds beyond the direct way: each round against the direct turn of the same round."""
    figures = {}
    for name, turns in tallies.items():
        against = zip(turns, tallies["direct"], strict=True)
        differences = [
            (
                percentile(turn, 50) - percentile(direct, 50),
                percentile_first(turn) - percentile_first(direct),
            )
            for turn, direct in against
        ]
        pooled = Tally([shot for turn in turns for shot in turn.shots])
        straight = Tally([shot for turn in tallies["direct"] for shot in turn.shots])
        figures[name] = {
            "p50_ms": percentile(pooled, 50),
            "added_p50_ms": statistics.median(whole for whole, _ in differences),
            "added_p99_ms": percentile(pooled, 99) - percentile(straight, 99),
            "added_first_byte_p50_ms": statistics.median(first for _, first in differences),
        }
        figures[name] = {key: round(value, 3) for key, value in figures[name].items()}
    return figures


def costs(
    tallies: Mapping[str, Sequence[Tally]], processor: Mapping[str, Sequence[float]]
) -> dict[str, dict[str, float]]:
    return {
        name: {
            "per_second": round(statistics.median(len(turn.shots) / turn.seconds for turn in turns), 1),
            "p50_ms": round(percentile(Tally([shot for turn in turns for shot in turn.shots]), 50), 2),
            "processor_ms": round(statistics.median(processor[name]), 4),
        }
        for name, turns in tallies.items()
    }


def percentile(tally: Tally, percent: int) -> float:
    return _quantile([shot.seconds for shot in tally.shots], percent)


def percentile_first(tally: Tally) -> float:
    return _quantile([shot.seconds_to_first_byte for shot in tally.shots], 50)


def _quantile(seconds: list[float], percent: int) -> float:
    if len(seconds) < 2:
        return seconds[0] * 1000 if seconds else float("nan")
    return statistics.quantiles(seconds, n=100, method="inclusive")[percent - 1] * 1000


def ratios(figures: Mapping[str, object]) -> dict[str, float]:
    """Sum the figures up, ours against each of the others."""

    def ratio(scenario: str, figure: str, name: str) -> float:
        of = figures[scenario]
        return round(of["gateway"][figure] / of[name][figure], 4) if of[name][figure] else math.nan

    result = {}
    for name in ("nginx", "bare", "portkey", "litellm"):
        result[f"added_p50_ratio_to_{name}"] = ratio("text", "added_p50_ms", name)
        result[f"cpu_ratio_to_{name}"] = ratio("32_in_flight", "processor_ms", name)
        has_stalled = figures["256_in_flight"][name]["per_second"] < STALLED_PER_SECOND
        result[f"throughput_ratio_to_{name}"] = (
            math.nan if has_stalled else ratio("256_in_flight", "per_second", name)
        )
        result[f"image_added_p50_ratio_to_{name}"] = ratio("image_seen_before", "added_p50_ms", name)
        result[f"large_text_added_p50_ratio_to_{name}"] = ratio("large_text", "added_p50_ms", name)
        result[f"large_image_added_p50_ratio_to_{name}"] = ratio(
            "large_image_seen_before", "added_p50_ms", name
        )
    saturated = figures["256_in_flight"]
    result["throughput_ratio_of_two_workers_to_one"] = round(
        saturated["gateway_two_workers"]["per_second"] / saturated["gateway"]["per_second"], 3
    )
    result["stream_ttfb_added_ms"] = figures["stream"]["gateway"]["added_first_byte_p50_ms"]
    result["image_added_p50_ms"] = figures["image_seen_before"]["gateway"]["added_p50_ms"]
    return result


def judged(result: Mapping[str, float]) -> dict[str, dict[str, object]]:
    """Hold the result against every floor."""
    above = {name: {"at_most": most, "is": result[name]} for name, most in AT_MOST.items()}
    below = {name: {"at_least": least, "is": result[name]} for name, least in AT_LEAST.items()}
    for floor in above.values():
        floor["pass"] = floor["is"] <= floor["at_most"]
    for floor in below.values():
        floor["pass"] = floor["is"] >= floor["at_least"]
    return above | below


def without_nan(value: object) -> object:
    """Put null for figures that there are not, since JSON knows no NaN."""
    if isinstance(value, dict):
        return {name: without_nan(each) for name, each in value.items()}
    return None if isinstance(value, float) and math.isnan(value) else value
