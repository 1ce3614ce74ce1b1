"""Send random bodies of every API format: is each picture noticed, and nothing else touched?

The bodies are those of the property tests in `tests/gateway/dialects/test_fuzz.py`, seeded instead of shrunk:
pictures in any spelling, keys named twice, escapes nobody needs, half surrogates, pictures where no API takes
them. Each is looked into by its dialect alone, and sent through a gateway to an upstream. Floor: not one
complaint, and no answer that is not the upstream's.

    python tests/benchmarks/fuzz_dialects.py [--bodies 20000] [--seed 0] [--only gemini ollama]
"""

import argparse
import asyncio
import json
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

# The script beside this one that is named `gateway` would stand for the package.
sys.path[0] = str(Path(__file__).parents[2])

from gateway.dialects.protocol import Dialect  # noqa: E402
from gateway.dialects.reading.data_url import NotInlineError  # noqa: E402
from gateway.dialects.reading.document import read_document  # noqa: E402
from gateway.dialects.registry import DIALECTS  # noqa: E402
from tests.benchmarks.fuzzed_gateway import LIGHT_BASE64, FuzzedGateway, fuzzed_gateway  # noqa: E402
from tests.gateway.dialects.grown_bodies import Grown, grown  # noqa: E402
from tests.gateway.dialects.scrutiny import complaints, differences  # noqa: E402

_SHOWN = 5  # complaints of one dialect that are printed
_AT_ONCE = 8  # requests
_PATHS = {
    "openai_chat": ("/v1/chat/completions", "openai"),
    "openai_responses": ("/v1/responses", "openai"),
    "azure_chat": ("/openai/deployments/d/chat/completions", "azure"),
    "azure_responses": ("/openai/responses", "azure"),
    "anthropic": ("/v1/messages", "anthropic"),
    "gemini": ("/v1beta/models/m:generateContent", "gemini"),
    "gemini_interactions": ("/v1beta/interactions", "gemini"),
    "ollama": ("/api/chat", "ollama"),
}


def pictures(dialect: Dialect, body: Grown) -> Iterator[str]:
    """Tell of each picture how it is noticed: read, the reason why not, or outside of every slot."""
    noticed = {}
    for slot in dialect.slots(read_document(body.body, max_values=100_000)):
        try:
            slot.source.read()
            how = "read"
        except NotInlineError as error:
            how = error.reason
        noticed |= {text.text(): how for text in slot.source.texts}
    return (noticed.get(text, "outside") for text in body.planted)


async def wrong_with(dialect: Dialect, body: Grown, gateway: FuzzedGateway) -> list[str]:
    try:
        told = await gateway.ask(body.body)
        found = list(complaints(dialect, body))
        if told.forwarded is None or told.status != 200:
            return [*found, f"the answer is {told.status}: {told.body!r}"]
        if body.planted and told.headers["x-jnd-verdict"] == "none":
            found.append("the verdict is none, and there are pictures")
        gateway.lightened += told.forwarded.count(LIGHT_BASE64)
        return found + list(differences(body, told.forwarded))
    except Exception:  # noqa: BLE001 - whatever it is, it is a finding
        return [traceback.format_exc().splitlines()[-1]]


async def fuzz(dialect: Dialect, count: int, seed: int) -> dict:
    started, noticed, wrong, size = time.monotonic(), Counter(), 0, 0
    async with fuzzed_gateway(*_PATHS[dialect.name]) as gateway:
        for first in range(seed, seed + count, _AT_ONCE):
            numbers = range(first, min(first + _AT_ONCE, seed + count))
            bodies = [grown(dialect.name, Random(number)) for number in numbers]
            results = await asyncio.gather(*(wrong_with(dialect, body, gateway) for body in bodies))
            for number, body, found in zip(numbers, bodies, results, strict=True):
                size += len(body.body)
                noticed.update(pictures(dialect, body))
                wrong += bool(found)
                if found and wrong <= _SHOWN:
                    print(f"{dialect.name}, seed {number}: {found[0]}", file=sys.stderr)
        lightened = gateway.lightened
    return {
        "bodies": count,
        "mean_bytes": round(size / count),
        "pictures": sum(noticed.values()),
        "noticed": dict(noticed.most_common()),
        "lightened": lightened,
        "bodies_with_complaints": wrong,
        "seconds": round(time.monotonic() - started, 1),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bodies", type=int, default=20_000, help="bodies of each format")
    parser.add_argument("--seed", type=int, default=0, help="seed of the first one")
    parser.add_argument("--only", nargs="+", choices=sorted(_PATHS), default=sorted(_PATHS))
    options = parser.parse_args()
    chosen = [each for each in DIALECTS if each.name in options.only]
    found = {each.name: asyncio.run(fuzz(each, options.bodies, options.seed)) for each in chosen}
    wrong = sum(each["bodies_with_complaints"] for each in found.values())
    result = {
        "dialects": found,
        "floors": {"bodies_with_complaints": {"at_most": 0, "is": wrong, "pass": wrong == 0}},
        "pass": wrong == 0,
    }
    print(json.dumps(result))
    return 0 if result["pass"] else 1


if __name__ == "__main__":
    raise SystemExit(main())
