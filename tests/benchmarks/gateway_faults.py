"""Let the API behind the gateway fail, 100 times in each of its ways, and judge every answer the caller gets.

What the API answered must come through to the byte, what it did not answer must be told in the caller's
dialect, an answer that broke off must look broken, and nothing may be asked twice.

    python tests/benchmarks/gateway_faults.py [--times 100]
"""

import argparse
import asyncio
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import orjson
from gateway_bodies import small_picture, text
from gateway_client import Answer, ask_once, post
from gateway_faulty_upstream import EVENT, LIMITS, LONG_HEADERS, THEIRS, FaultyUpstream
from gateway_servers import free_port, ours, status

AT_ONCE = 16
READ_TIMEOUT_SECONDS = 1.0
SETTINGS = {"upstream": {"read_timeout_seconds": READ_TIMEOUT_SECONDS, "connect_timeout_seconds": 1.0}}
CHAT, FILES = "/v1/chat/completions", "/v1/files"  # looked into, and passed on as it comes


@dataclass(frozen=True)
class Case:
    """One way to fail, and what makes an answer right."""

    fault: str
    is_right: Callable[[Answer], bool]
    path: str = CHAT
    size_bytes: int = 0  # of a body larger than usual

    @property
    def name(self) -> str:
        return self.fault + ("" if self.path == CHAT else "_passed_on")


def told(status: int, code: str) -> Callable[[Answer], bool]:
    """Expect an error of the gateway's own, in the form of the API."""

    def is_right(answer: Answer) -> bool:
        if not answer.is_complete or answer.status != status:
            return False
        return bool(orjson.loads(answer.body)["error"]["code"] == code)

    return is_right


def relayed(status: int, body: bytes, *headers: tuple[bytes, bytes]) -> Callable[[Answer], bool]:
    """Expect the API's own answer."""

    def is_right(answer: Answer) -> bool:
        return (answer.is_complete, answer.status, answer.body) == (True, status, body) and set(
            headers
        ) <= set(answer.headers)

    return is_right


def broken_after(body: bytes) -> Callable[[Answer], bool]:
    """Expect what came of an answer, and that nobody can take it for the whole."""
    return lambda answer: (answer.status, answer.is_complete) == (200, False) and body.startswith(answer.body)


UNREACHABLE, GARBLED = told(502, "upstream_unreachable"), told(502, "upstream_garbled")
CASES = (
    *(Case(fault, UNREACHABLE) for fault in ("reset", "close", "cut_head")),
    *(Case(fault, GARBLED) for fault in ("garbage", "two_lengths", "endless_headers")),
    Case("stall", told(504, "upstream_timeout")),
    Case("stall_in_stream", broken_after(EVENT)),
    Case("cut_stream", broken_after(EVENT * 2)),
    Case("reset_in_stream", broken_after(EVENT)),
    Case("bad_chunk", broken_after(EVENT)),
    Case("cut_body", broken_after(b"x" * 500)),
    Case("early_413", relayed(413, THEIRS, *LIMITS), size_bytes=4_000_000),
    Case("early_413", relayed(413, THEIRS, *LIMITS), FILES, size_bytes=4_000_000),
    Case("refusal", relayed(429, THEIRS, *LIMITS)),
    Case("bad_request", relayed(400, THEIRS, *LIMITS)),
    Case("failure", relayed(500, THEIRS, *LIMITS)),
    Case("failure", relayed(500, THEIRS, *LIMITS), FILES),
    Case("overload", relayed(529, THEIRS, *LIMITS)),
    Case("slow", relayed(200, EVENT * 5)),
    Case("long_headers", relayed(200, THEIRS, *LONG_HEADERS)),
    Case("hints_first", relayed(200, THEIRS)),
    Case("not_modified", relayed(304, b"", (b"etag", b'"1"'))),
    Case("empty", relayed(204, b"")),
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=100, help="how often each fault is met")
    times = parser.parse_args().times
    result = asyncio.run(meet_all(times))
    print(json.dumps(result))
    return 0 if result["pass"] else 1


async def meet_all(times: int) -> dict[str, object]:
    """Start the servers, meet every fault, and sum up."""
    upstream = FaultyUpstream()
    port = await upstream.start()
    right: dict[str, int] = {}
    wrong: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as name:
        with ours(port, Path(name), SETTINGS) as gateway:
            for case in CASES:
                await meet(case, gateway.port, times, right, wrong)
            is_alive = status(gateway.port, "/livez") == 200
        with ours(free_port(), Path(name), SETTINGS) as nowhere:
            await meet(Case("refuse", UNREACHABLE), nowhere.port, times, right, wrong)
    repeated = {name: count for name, count in upstream.seen.items() if count > 1}
    is_passed = not wrong and not repeated and is_alive
    return {
        "benchmark": "gateway_faults",
        "times": times,
        "right": right,
        "wrong": wrong,  # by fault: the first answer that was not as it must be
        "asked_twice": len(repeated),
        "alive_at_the_end": is_alive,
        "floors": {"right": {"at_least": times, "is": min(right.values()), "pass": not wrong}},
        "pass": is_passed,
    }


async def meet(case: Case, port: int, times: int, right: dict[str, int], wrong: dict[str, str]) -> None:
    """Ask so many times; every third request carries a picture."""
    turn = asyncio.Semaphore(AT_ONCE)
    found: Counter[bool] = Counter()

    async def once(number: int) -> None:
        body = small_picture() if number % 3 == 0 else text(stream="stream" in case.fault)
        if case.size_bytes:
            body = text(stream=False)[:-1] + b" " * case.size_bytes + b"}"
        headers = {"x-fault": case.fault, "x-request": f"{case.name}-{number}"}
        async with turn:
            answer = await ask_once(port, post(case.path, body, headers))
        is_right = case.is_right(answer)
        found[is_right] += 1
        if not is_right:
            wrong.setdefault(case.name, shown(answer))

    await asyncio.gather(*(once(number) for number in range(times)))
    right[case.name] = found[True]
    print(case.name, dict(found), wrong.get(case.name, ""), file=sys.stderr, flush=True)


def shown(answer: Answer) -> str:
    end = "" if answer.is_complete else ", then broke off"
    return f"{answer.status} {answer.body[:200]!r}{end}, headers {len(answer.headers)}"


if __name__ == "__main__":
    raise SystemExit(main())
