"""Measure what the gateway costs beside nginx, a bare pass-through, Portkey and LiteLLM; hold it to floors.

One mock API behind all of them; each is asked for a few seconds, then the next, round and round, so that
whatever else the machine does hits them alike. "Added" is the time beyond what the mock takes by itself.
Portkey, LiteLLM and nginx are installed first where they are missing.

    python tests/benchmarks/gateway.py             everything, 20 minutes
    python tests/benchmarks/gateway.py --quick     every scenario once, to see that it works
"""

import argparse
import contextlib
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import gateway_bodies as bodies
import uvloop
from gateway_floors import added, costs, judged, ratios, without_nan
from gateway_image_stages import image_stages
from gateway_load import Tally, Target, at_constant_rate, request_bytes, side_by_side
from gateway_mock import Behaviour
from gateway_servers import Mock, Server, bare, litellm, mock_api, nginx, ours, portkey, set_up_rivals

PATH = "/v1/chat/completions"
THINKING = Behaviour(delay_seconds=0.02)  # an API that takes its time, the same each time
INSTANT = Behaviour()
WARM_UP_SECONDS = 1.0
RAMP_SECONDS = 1.0  # until as many requests as wanted are in every stage of the work


@dataclass(frozen=True)
class Plan:
    """How long everything takes; a round is one turn of every server."""

    rounds: int
    text_seconds: float
    width_seconds: float
    stream_seconds: float
    image_seconds: float
    large_seconds: float
    new_images: int


FULL = Plan(
    rounds=7,
    text_seconds=5.0,
    width_seconds=3.0,
    stream_seconds=3.0,
    image_seconds=3.0,
    large_seconds=2.5,
    new_images=12,
)
QUICK = Plan(
    rounds=1,
    text_seconds=2.0,
    width_seconds=1.0,
    stream_seconds=1.0,
    image_seconds=1.0,
    large_seconds=1.0,
    new_images=3,
)


@dataclass(frozen=True)
class Field:
    """Everyone who is measured."""

    mock: Mock
    servers: Mapping[str, Server]

    def target(self, name: str, body: bytes) -> Target:
        """Say how to ask one of them, or the mock itself as `direct`."""
        if name == "direct":
            return Target(self.mock.port, request_bytes(PATH, body))
        server = self.servers[name]
        return Target(server.port, request_bytes(PATH, body, server.headers))


@dataclass(frozen=True)
class Rate:
    """One scenario at a constant rate."""

    name: str
    body: bytes
    per_second: float
    seconds: float
    left_out: frozenset[str] = frozenset({"gateway_two_workers"})


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="every scenario once, to see that it works")
    plan = QUICK if parser.parse_args().quick else FULL
    set_up_rivals()
    with everyone() as field:
        figures, misses = uvloop.run(measure(field, plan))
        field.mock.behaves(INSTANT)
        figures["new_image"] = image_stages(field.servers["gateway"].port, plan.new_images)
    result = ratios(figures)
    floors = judged(result)
    is_passed = all(floor["pass"] for floor in floors.values()) and not misses["gateway"]
    said = result | {"figures": figures, "not_200": misses, "floors": floors, "pass": is_passed}
    print(json.dumps(without_nan(said)))
    return 0 if is_passed else 1


@contextlib.contextmanager
def everyone() -> Iterator[Field]:
    """Start all servers; they stay up, idle, while another one's turn is."""
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        mock = stack.enter_context(mock_api(folder))
        starters = {"nginx": nginx, "bare": bare, "gateway": ours, "portkey": portkey, "litellm": litellm}
        servers = {name: stack.enter_context(start(mock.port, folder)) for name, start in starters.items()}
        two = ours(mock.port, folder, {"listen": {"workers": 2}})
        yield Field(mock, servers | {"gateway_two_workers": stack.enter_context(two)})


async def measure(field: Field, plan: Plan) -> tuple[dict[str, object], dict[str, int]]:
    """Run every scenario; return the figures of each, and how many answers of whom were no 200."""
    misses: dict[str, int] = dict.fromkeys(field.servers, 0)
    figures: dict[str, object] = {}
    for rate in rates(plan):
        field.mock.behaves(THINKING)
        tallies = await in_turn(field, rate, plan.rounds)
        figures[rate.name] = added(tallies)
        count_misses(misses, tallies)
        say(rate.name, figures[rate.name])
    field.mock.behaves(INSTANT)
    for name, width in (("32_in_flight", 32), ("256_in_flight", 256)):
        tallies, processor = await pressed(field, plan, width)
        figures[name] = costs(tallies, processor)
        count_misses(misses, tallies)
        say(name, figures[name])
    return figures, misses


# Portkey's release answers streams with a 500 ("TypeError: immutable", Portkey-AI/gateway#1389).
NO_STREAMS = frozenset({"gateway_two_workers", "portkey"})


def rates(plan: Plan) -> list[Rate]:
    return [
        Rate("text", bodies.text(stream=False), 20, plan.text_seconds),
        Rate("stream", bodies.text(stream=True), 20, plan.stream_seconds, NO_STREAMS),
        Rate("image_seen_before", bodies.small_photograph(), 20, plan.image_seconds),
        Rate("large_text", bodies.large_text(), 2, plan.large_seconds),
        Rate("large_image_seen_before", bodies.large_photograph(), 2, plan.large_seconds),
    ]


async def in_turn(field: Field, rate: Rate, rounds: int) -> dict[str, list[Tally]]:
    """Ask everyone at this rate, one after the other, round and round."""
    names = ["direct", *(name for name in field.servers if name not in rate.left_out)]
    tallies: dict[str, list[Tally]] = {name: [] for name in names}
    for turn in range(-1, rounds):
        for name in names:
            target = field.target(name, rate.body)
            seconds = rate.seconds if turn >= 0 else WARM_UP_SECONDS
            tally = await at_constant_rate(target, per_second=rate.per_second, seconds=seconds)
            if turn >= 0:
                tallies[name].append(tally)
    return tallies


async def pressed(
    field: Field, plan: Plan, width: int
) -> tuple[dict[str, list[Tally]], dict[str, list[float]]]:
    """Keep so many requests in flight at everyone in turn; return also the processor seconds of each turn."""
    tallies: dict[str, list[Tally]] = {name: [] for name in field.servers}
    processor: dict[str, list[float]] = {name: [] for name in field.servers}
    body = bodies.text(stream=False)
    for turn in range(-1, plan.rounds):
        for name, server in field.servers.items():
            target = field.target(name, body)
            before = server.processor_seconds()
            seconds = plan.width_seconds if turn >= 0 else WARM_UP_SECONDS
            tally = await side_by_side(target, width=width, ramp_seconds=RAMP_SECONDS, seconds=seconds)
            if turn >= 0:
                tallies[name].append(tally)
                processor[name].append((server.processor_seconds() - before) / tally.answered * 1000)
    return tallies, processor


def count_misses(misses: dict[str, int], tallies: Mapping[str, Sequence[Tally]]) -> None:
    for name in misses:
        misses[name] += sum(tally.refused for tally in tallies.get(name, ()))


def say(name: str, figures: object) -> None:
    """Show what is known so far to whoever waits."""
    print(name, json.dumps(figures), file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
