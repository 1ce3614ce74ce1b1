"""Compression for the models people pay for: bytes and tokens saved, and whether answers stay the same.

    python tests/benchmarks/compression.py [--quick] [--part NAME ...] [--artifact A] [--out DIR]

Parts, each a module beside this one:
    camera        twelve-megapixel JPEGs for five models
    photographs   .2 to 1 megapixels under the default profile; people's eyes; milliseconds
    answers       classifiers that see whole pictures and crops
    lean          the same, and tokens, in the lean tier at providers that count patches
    curves        bytes against answers, ours and every rival, as PNG
    exact         every pixel as it was
    documents     words that a reader still reads
    kernels       what was sent, shrunk by other kernels
    left_alone    why pictures came back as they were, over the parts of this run

The last line is JSON: every figure, every row, and the floors. Uses one core for about twenty minutes, or
three with `--quick`, whose figures are rough; times mean something on a quiet machine only. vision-squeezer
is installed in an environment of its own. `risk_control.py` tells whether change rates keep their promise.
"""

import argparse
import json
import sys
import time
from pathlib import Path

# In this folder `gateway` is the name of another benchmark.
sys.path.append(sys.path.pop(0))

import compression_camera
import compression_classifiers
import compression_curves
import compression_documents
import compression_kernels
import compression_lean
import compression_lossless
import compression_photographs
import compression_reasons
from compression_answers import say
from compression_bench import Bench
from compression_floors import judged, without_nan
from compression_pictures import is_there

from gateway.providers.rules import load_rules
from predictor.one_thread import use_one_thread
from predictor.predict import Predictor

MODULES = (
    compression_camera,
    compression_photographs,
    compression_classifiers,
    compression_lean,
    compression_curves,
    compression_lossless,
    compression_documents,
    compression_kernels,
    compression_reasons,  # last: it sums up what the others met
)
PARTS = {module.PART: module.measure for module in MODULES}


def measure(bench: Bench, names: list[str]) -> dict[str, object]:
    """Run parts in their order."""
    figures: dict[str, float] = {}
    rows: dict[str, object] = {}
    seconds = {}
    for name, part in PARTS.items():
        if name not in names:
            continue
        began = time.monotonic()
        found = part(bench)
        seconds[name] = round(time.monotonic() - began, 1)
        figures |= found.figures
        rows |= {name: found.rows} if found.rows else {}
        say(f"{name}: {dict(found.figures)} in {seconds[name]} s")
    return {"figures": figures, "rows": rows, "seconds": seconds, "floors": judged(figures)}


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="a few pictures of each kind")
    parser.add_argument("--part", action="append", choices=list(PARTS), help="may be given several times")
    parser.add_argument("--artifact", type=Path)
    parser.add_argument("--out", type=Path, default=Path("build/compression"), help="where curves are drawn")
    options = parser.parse_args()
    if not is_there():
        print(json.dumps({"benchmark": "compression", "skipped": "the data ../shared/data is missing"}))
        return 0
    use_one_thread()
    bench = Bench(Predictor.load(options.artifact), load_rules(), options.quick, options.out)
    found = measure(bench, options.part or list(PARTS))
    head = {"benchmark": "compression", "quick": options.quick, "artifact": bench.predictor.version}
    print(json.dumps(without_nan(head | found)))
    return 0 if all(floor["pass"] for floor in found["floors"].values()) else 1


if __name__ == "__main__":
    sys.exit(main())
