"""Look into many random bodies of every API format: is each picture noticed, and is nothing else touched?

The bodies are those of the property tests in `tests/gateway/dialects/test_fuzz.py`, seeded instead of shrunk:
pictures in any spelling, keys named twice, escapes nobody needs, half surrogates, pictures where no API takes
them. Floor: not one complaint.

    python tests/benchmarks/fuzz_dialects.py [--bodies 20000] [--seed 0]
"""

import argparse
import json
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from random import Random

from gateway.dialects.data_url import NotInlineError
from gateway.dialects.document import read_document
from gateway.dialects.protocol import Dialect
from gateway.dialects.registry import DIALECTS
from tests.gateway.dialects.grown_bodies import Grown, grown
from tests.gateway.dialects.scrutiny import complaints

_SHOWN = 5  # complaints of one dialect that are printed


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


def wrong_with(dialect: Dialect, body: Grown) -> list[str]:
    try:
        return list(complaints(dialect, body))
    except Exception:  # noqa: BLE001 - whatever it is, it is a finding
        return [traceback.format_exc()]


def fuzz(dialect: Dialect, count: int, seed: int) -> dict:
    started, noticed, wrong, size = time.monotonic(), Counter(), 0, 0
    for number in range(seed, seed + count):
        body = grown(dialect.name, Random(number))
        size += len(body.body)
        noticed.update(pictures(dialect, body))
        found = wrong_with(dialect, body)
        wrong += bool(found)
        if found and wrong <= _SHOWN:
            print(f"{dialect.name}, seed {number}: {found[0]}", file=sys.stderr)
    return {
        "bodies": count,
        "mean_bytes": round(size / count),
        "pictures": sum(noticed.values()),
        "noticed": dict(noticed.most_common()),
        "bodies_with_complaints": wrong,
        "seconds": round(time.monotonic() - started, 1),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bodies", type=int, default=20_000, help="bodies of each format")
    parser.add_argument("--seed", type=int, default=0, help="seed of the first one")
    options = parser.parse_args()
    found = {dialect.name: fuzz(dialect, options.bodies, options.seed) for dialect in DIALECTS}
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
