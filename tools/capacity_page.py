"""Write deploy/CAPACITY.md from what was measured: `python -m tools.capacity_page`.

The figures are the last line of `tests/benchmarks/capacity.py`, kept in deploy/capacity.json.
"""

import json
import math
from dataclasses import dataclass
from pathlib import Path

DEPLOY = Path(__file__).parents[1] / "deploy"
PAGE, MEASURED = DEPLOY / "CAPACITY.md", DEPLOY / "capacity.json"
TEMPLATE = Path(__file__).with_suffix(".md")
RATES = (10, 1_000, 100_000)  # requests per second
CORES_OF_REPLICA = 2  # as deploy/kubernetes asks for
BUSY = 0.6  # of a core: above, images wait for each other
DOLLARS_OF_CORE_HOUR = 0.05  # a virtual core with 4 GB, on demand, at the large clouds: put in your own
HOURS_OF_MONTH = 730


@dataclass(frozen=True)
class Mix:
    """What a service sends, in shares of its requests; the rest is text alone."""

    name: str
    shares: tuple[tuple[str, float], ...]  # of the benchmark's kinds of request


MIXES = (
    Mix(
        "text with a picture now and then", (("photograph 1 MP, new", 0.05), ("photograph 1 MP, seen", 0.05))
    ),
    Mix(
        "an agent that sends its screens again and again",
        (("photograph 0.5 MP, new", 0.1), ("photograph 0.5 MP, seen", 0.9)),
    ),
    Mix("a new photograph of 1 MP with every request", (("photograph 1 MP, new", 1.0),)),
    Mix("the same, `policy.inspection: off`", (("photograph 1 MP, new, inspection off", 1.0),)),
    Mix("a new photograph of 12 MP with every request", (("photograph 12 MP, new", 1.0),)),
)


def processor_ms(mix: Mix, costs: dict[str, dict[str, float]]) -> float:
    """Return what one request of a mix costs on average."""
    pictures = sum(share * costs[kind]["processor_ms"] for kind, share in mix.shares)
    return pictures + (1 - sum(share for _, share in mix.shares)) * costs["text"]["processor_ms"]


def replicas(rate: float, milliseconds: float) -> int:
    """Return how many of two cores each, two at least: one may go."""
    return max(2, math.ceil(rate * milliseconds / 1000 / (CORES_OF_REPLICA * BUSY)))


def written() -> str:
    """Return the content of the page."""
    measured = json.loads(MEASURED.read_text(encoding="utf-8"))
    costs = measured["costs"]
    kinds = [f"| {kind} | {each['processor_ms']:.1f} |" for kind, each in costs.items()]
    rows = []
    for mix in MIXES:
        cost = processor_ms(mix, costs)
        cells = [f"{mix.name} | {cost:.1f}"]
        for rate in RATES:
            number = replicas(rate, cost)
            dollars = number * CORES_OF_REPLICA * DOLLARS_OF_CORE_HOUR * HOURS_OF_MONTH
            cells.append(f"{number:,} · ${dollars:,.0f}")
        rows.append("| " + " | ".join(cells) + " |")
    first = processor_ms(MIXES[2], costs)
    example = replicas(1_000, first)
    return TEMPLATE.read_text(encoding="utf-8").format(
        kinds="\n".join(kinds),
        rows="\n".join(rows),
        idle=measured["idle_megabytes"],
        busy=measured["busy_megabytes"],
        busy_share=f"{BUSY:.0%}",
        cores=CORES_OF_REPLICA,
        core_hour=DOLLARS_OF_CORE_HOUR,
        hours=HOURS_OF_MONTH,
        cost=first,
        needed=1_000 * first / 1000,
        allowed=1_000 * first / 1000 / BUSY,
        example=example,
        money=example * CORES_OF_REPLICA * DOLLARS_OF_CORE_HOUR * HOURS_OF_MONTH,
    )


if __name__ == "__main__":
    PAGE.write_text(written(), encoding="utf-8")
