"""Part oracle: an attacker who sees the flag and asks again, from one caller's account and from many.

Starts from a picture that changes the network's answer at eps 16 and walks it towards the original until the
flag is gone, trying harmless treatments on the way (OARS, Feng et al. 2023, adapts its proposals so). A run
is won by a picture that is not flagged and still changes the answer.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

import cv2
import numpy as np
from detection_bench import Bench, Case, Pixels, interval, show
from detection_benign_encodings import jpeg, opened, png
from detection_networks import HELD_OUT, Network, climb, pixels_of, tensor, untargeted
from detection_one_shot import Attacker, squares

_BUDGET = 24
_SCALES = (1.0, 0.75, 0.5, 0.375, 0.25, 0.19, 0.125)


@dataclass
class Run:
    """What became of one attack."""

    is_won: bool = False
    queries: int = 0
    flags: list[str] = field(default_factory=list)


def measure(bench: Bench) -> dict[str, object]:
    """Attack from one account, and from a new one for every query."""
    network = Attacker(bench).network(HELD_OUT)
    rows: dict[str, dict[str, object]] = {}
    for accounts in ("one account", "many accounts"):
        runs = [_run(bench, network, clean, accounts) for _, clean in squares(bench, bench.count, 83)]
        won = [run for run in runs if run.is_won]
        seen = sum(bool({"near_duplicate", "query_series"} & set(run.flags)) for run in runs)
        rows[accounts] = {
            "n": len(runs),
            "flagged": sum(bool(run.flags) for run in runs),
            "interval": interval(len(won), len(runs)),
            "won": len(won),
            "queries_of_the_won": sorted(run.queries for run in won),
            "queries_noticed_as_such": seen,
            "kinds": sorted({kind for run in runs for kind in run.flags}),
        }
        show(accounts, rows[accounts])
    return {"budget": _BUDGET, "gates": _gates(rows), "rows": rows}


def _gates(rows: dict[str, dict[str, object]]) -> dict[str, bool]:
    """Who has more accounts wins no less: otherwise the attack is broken."""
    one, many = (int(str(rows[accounts]["won"])) for accounts in ("one account", "many accounts"))
    return {"more accounts never hurt": many >= one}


def _run(bench: Bench, network: Network, clean: Pixels, accounts: str) -> Run:
    run = Run()
    today = network.label(clean)
    images = tensor(clean)
    found = climb(images, untargeted(network, images), eps=16 / 255, steps=15, stride=4 / 255)
    strong = pixels_of(found, clean, 16)
    account = bench.caller()
    for data in itertools.islice(_proposals(clean, strong), _BUDGET):
        if network.label(np.asarray(opened(data))) == today:
            continue  # no use to the attacker: not sent
        asked_by = account if accounts == "one account" else None
        verdict = bench.verdict(Case("oracle", "", data), caller=asked_by)
        run.queries += 1
        run.flags += verdict.flags
        if not verdict.flags:
            run.is_won = True
            break
    return run


def _proposals(clean: Pixels, strong: Pixels) -> Iterator[bytes]:
    """Walk towards the original; at every size, send as it is, as JPEG, blurred, shrunk and with grain."""
    change = strong.astype(np.float32) - clean
    rng = np.random.default_rng(3)
    for scale in _SCALES:
        moved = np.clip(np.rint(clean + scale * change), 0, 255).astype(np.uint8)
        blurred = np.asarray(cv2.GaussianBlur(moved, (0, 0), 0.7))
        small = np.asarray(cv2.resize(moved, None, fx=0.8, fy=0.8, interpolation=cv2.INTER_AREA))
        grain = np.clip(moved + rng.normal(size=moved.shape) * 3, 0, 255).astype(np.uint8)
        yield from (png(moved), jpeg(moved, 75), jpeg(blurred, 85), jpeg(small, 80), jpeg(grain, 70))
