"""How well replies are read: labelled corpora in the styles of today's model families.

The reader was developed on `seen.jsonl` and `held_out.jsonl`; `fresh.jsonl` was written by somebody else, is
measured once and tells what to expect of replies nobody tuned on. The last line is JSON; exit code 1 when a
floor is missed or the fresh set is not there. Takes a few seconds.
"""

import json
import sys
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scipy.stats import fisher_exact

from calibration.questions import (
    DIFFERENT_PROMPT,
    DIRECT_PROMPT,
    IDENTICAL_PROMPT,
    IMPLICIT_PROMPT,
    MULTIPLE_CHOICE_PROMPT,
    VIEWPOINT_PROMPT,
)
from calibration.replies.reader import read_reply

CORPORA = Path(__file__).resolve().parents[1] / "calibration" / "replies"
DEVELOPMENT = ("seen", "held_out")
MEASURED_ONCE = "fresh"
READ_RIGHT = 0.99
UNEQUAL = 0.05  # chance below which the losses of yes and of no are called different
_PROMPTS = {
    "direct": DIRECT_PROMPT,
    "multiple-choice": MULTIPLE_CHOICE_PROMPT,
    "implicit": IMPLICIT_PROMPT,
    "viewpoint": VIEWPOINT_PROMPT,
    "identical": IDENTICAL_PROMPT,
    "different": DIFFERENT_PROMPT,
}


@dataclass(frozen=True)
class Case:
    """A labelled reply and what the reader makes of it."""

    id: str
    style: str
    reply: str
    flag: bool | None  # what it says; None: nothing that can be read
    read: bool | None


def read_corpus(name: str) -> list[Case]:
    """Read every reply of one set.

    Raises:
        FileNotFoundError: The set is not there.
    """
    lines = (CORPORA / f"{name}.jsonl").read_text(encoding="utf-8").split("\n")
    return [_case(json.loads(line)) for line in lines if line.strip()]


def judge(cases: list[Case]) -> dict[str, object]:
    """Count what was read right, the wrong way round, not at all, and out of nothing."""
    readable = [case for case in cases if case.flag is not None]
    right = sum(case.read is case.flag for case in readable)
    lost = {flag: sum(case.read is None for case in readable if case.flag is flag) for flag in (True, False)}
    kept = {flag: sum(case.flag is flag for case in readable) - lost[flag] for flag in (True, False)}
    by_style: dict[str, list[bool]] = defaultdict(list)
    for case in cases:
        by_style[case.style].append(case.read is case.flag)
    return {
        "n": len(cases),
        "readable": len(readable),
        "read_right": round(right / len(readable), 4),
        "read_wrong_way_round": sum(case.read is (not case.flag) for case in readable),
        "lost_yes": lost[True],
        "lost_no": lost[False],
        "p_equal_loss": round(float(fisher_exact([[lost[f], kept[f]] for f in (True, False)])[1]), 4),
        "false_readings": sum(case.flag is None and case.read is not None for case in cases),
        "styles": {style: f"{sum(found)}/{len(found)}" for style, found in sorted(by_style.items())},
    }


def floors(result: dict[str, object]) -> dict[str, bool]:
    """Say which floors one set meets."""
    return {
        "read_right": float(str(result["read_right"])) >= READ_RIGHT,
        "none_wrong_way_round": result["read_wrong_way_round"] == 0,
        "equal_loss": float(str(result["p_equal_loss"])) >= UNEQUAL,
    }


def main() -> int:
    """Print what was misread, then the figures; fail when a floor is missed or a set is not there."""
    started = time.perf_counter()
    record: dict[str, object] = {"benchmark": "replies"}
    met: dict[str, bool] = {}
    for name in (*DEVELOPMENT, MEASURED_ONCE):
        try:
            cases = read_corpus(name)
        except FileNotFoundError as error:
            print(f"{name}: expected {error.filename}, which is not there: not judged", flush=True)
            record[name] = None
            met[f"{name}_is_there"] = False
            continue
        for case in cases:
            if case.read is not case.flag:
                print(f"{name} {case.id}: says {case.flag}, read {case.read}: {case.reply!r:.150}")
        result = judge(cases)
        record[name] = {"role": "development" if name in DEVELOPMENT else "measured once", **result}
        met |= {f"{name}_{floor}": is_met for floor, is_met in floors(result).items()}
    print(json.dumps({**record, "floors": met, "seconds": round(time.perf_counter() - started, 1)}))
    return 0 if all(met.values()) else 1


def _case(fields: dict[str, Any]) -> Case:
    prompt = _PROMPTS[fields["prompt"]].format(distortion=fields["distortion"])
    return Case(
        fields["id"],
        fields["style"],
        fields["reply"],
        fields["flag"],
        read_reply(fields["reply"], prompt).flag,
    )


if __name__ == "__main__":
    sys.exit(main())
