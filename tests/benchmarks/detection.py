"""Benchmark of the verdict as deployed: what is flagged of benign pictures, and of attacks made on the spot.

    python tests/benchmarks/detection.py [--part NAME ...] [--count N] [--data DIR] [--cache DIR] [--save DIR]

Every detector that `gateway.assembly.detectors` lists is asked through `Inspector`. Parts:
    benign       single pictures in some hundred strata, at alpha .01 and .001
    one_shot     FGSM, PGD, MI, DeepFool, C&W, APGD, universal and feature matching, eps x codec
    hardened     attacks made to survive JPEG and resizing
    container    words and pictures hidden beside the pixels
    alpha        what transparency hides
    scaling      payloads that appear when the picture is shrunk
    hidden_text  words too faint to see, and the same put into pictures with words in plain sight
    pairs        hidden edits of a picture the gateway knows
    adaptive     an attacker who knows the residual detector and follows its gradient
    oracle       an attacker who sees the flag, as often as the budget says
    cost         milliseconds a megapixel, and as a ratio to decode and encode

Each part prints a table to stderr, and one JSON line last. `rate` is the share flagged, `interval`
Clopper-Pearson 95 %, `wrong` names sources flagged (benign) or missed (attacks). The generators know nothing
of how detectors decide, but for `adaptive`. Photographs are those no detector learned from: Kodak, and of
BIQ2021 the last 300 and names ending in 8 and 9; the baselines' thresholds come from names ending in 7. The
default data are `../shared/data`; `--count` trades time for narrower intervals.

foolbox and the Adversarial Robustness Toolbox make some of the attacks, in an environment of their own:
    python -m venv ENV, with a .pth file that names the site-packages of this one;
    ENV/bin/pip install --no-deps foolbox==3.3.4 eagerpy gitpython gitdb smmap
    ENV/bin/pip install --no-deps adversarial-robustness-toolbox==1.20.1
Without them those attacks are left out, and said to be.
"""

import argparse
import importlib
import json
import sys
import time
from pathlib import Path

# In this folder `gateway` is the name of another benchmark.
sys.path.append(sys.path.pop(0))

from detection_bench import ALPHA, Bench

from predictor.one_thread import use_one_thread

PARTS = ("benign", "one_shot", "hardened", "container", "alpha", "scaling", "hidden_text", "pairs",
         "adaptive", "oracle", "cost")  # fmt: skip
MODULES = {"container": "detection_carriers", "pairs": "detection_edits"}  # others have their part's name
DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--part", action="append", choices=PARTS, help="may be given several times")
    parser.add_argument("--count", type=int, default=40, help="cases a cell; 400 for a report")
    parser.add_argument("--only", default="", help="a word in the names of the cells to measure")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--cache", type=Path, help="where attacks are kept for the next run")
    parser.add_argument("--save", type=Path, help="where wrongly judged files are written")
    parser.add_argument("--no-baselines", action="store_true")
    parser.add_argument("--development", action="store_true", help="pairs of pictures that may be fitted to")
    options = parser.parse_args()
    if not options.data.exists():
        print(json.dumps({"benchmark": "detection", "skipped": "the data ../shared/data is missing"}))
        return 0
    use_one_thread()
    bench = Bench(
        options.data,
        options.count,
        options.cache,
        options.save,
        options.only,
        not options.no_baselines,
        is_development=options.development,
    )
    for name in options.part or PARTS:
        began = time.monotonic()
        found = importlib.import_module(MODULES.get(name, f"detection_{name}")).measure(bench)
        head = {"benchmark": "detection", "part": name, "alpha": ALPHA, "count": bench.count}
        print(json.dumps(head | found | {"seconds": round(time.monotonic() - began, 1)}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
