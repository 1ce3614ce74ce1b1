"""The lean tier: vision tokens saved below the size shown, and answers of classifiers to what is sent.

    python tests/benchmarks/compression_lean.py --photographs 60

fits the judgement of `predictor.answer_change.fine_detail` anew and prints its weights: on photographs that
the measurement never sees, without the observer that is never used, on whose answers it is tried.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass

# In this folder `gateway` is the name of another benchmark.
if __name__ == "__main__":
    sys.path.append(sys.path.pop(0))

import numpy as np
from compression_answers import NEVER_USED, Panel, compare, read_panel, say
from compression_bench import Bench, Found, mean
from compression_pictures import megapixels, photographs_to_fit, small_photographs
from compression_sending import CLAUDE, GPT_54, QWEN_25
from compression_watch import Watch
from scipy.special import expit

from calibration.encoders import JPEG_FULL_CHROMA
from calibration.image import Image, decode, resize
from gateway.compression.resolution_ladder import GENTLE_QUALITY
from predictor.answer_change.fine_detail import log_energy_lost
from predictor.learning.answer_change.training import logistic
from predictor.one_thread import use_one_thread

PART = "lean"
TARGETS = (CLAUDE, GPT_54, QWEN_25)  # that count patches
SCALES = (0.92, 0.85, 0.78, 0.7)  # learned from
_NOISE_EVERY = 3  # photographs; what harmless handling does needs no more


def measure(bench: Bench) -> Found:
    """Send photographs that no weight was fitted to; the limits were settled with some of them in sight."""
    pictures = small_photographs(bench.count(full=40, quick=4)) + megapixels(bench.count(full=4, quick=1))
    sender, watch = bench.sender("lean"), Watch(bench.panel, bench.rules)
    for index, picture in enumerate(pictures):
        for target in TARGETS:
            watch.see(f"lean, {target.name}", picture, bench.send(PART, sender, picture, target), target)
        if index % _NOISE_EVERY == 0:
            watch.see_noise("claude", picture, CLAUDE)
        say(f"lean: {index + 1} of {len(pictures)}")
    tallies = [watch.tallies[f"lean, {target.name}"] for target in TARGETS]
    rates = {name: [tally.changes(name)["rate"] for tally in tallies] for name in tallies[0].compared[0]}
    return Found(
        {
            "answers_lean_confident_rate": max(rate for each in rates.values() for rate in each),
            "answers_lean_never_used_rate": max(rates[NEVER_USED]),
            "answers_lean_tokens_saved": mean([saved for tally in tallies for saved in tally.tokens_saved]),
        },
        watch.rows(),
    )


@dataclass(frozen=True, eq=False)
class Lesson:
    """One photograph at one scale, as one observer answered to parts of it."""

    observer: str
    photograph: int
    scale: float
    energy: np.ndarray  # (parts,) ln of what was lost
    is_confident: np.ndarray
    has_changed: np.ndarray


def lessons(photographs: int, panel: Panel) -> Iterator[Lesson]:
    """Reduce photographs, encode them gently and ask."""
    for index, picture in enumerate(photographs_to_fit(photographs)):
        image = picture.decoded.image
        frame = (image.width, image.height)
        energies = log_energy_lost(image, SCALES)
        before = panel.answers(image, frame)
        for scale, energy in zip(SCALES, energies, strict=True):
            answers = panel.answers(_reduced(image, scale), frame)
            for name, found in compare(before, answers).items():
                parts = slice(1, None)  # the first view is the whole
                yield Lesson(name, index, scale, energy, found.is_confident[parts], found.has_changed[parts])
        say(f"lean, fitting: {index + 1} of {photographs}")


def fit(given: list[Lesson]) -> dict[str, object]:
    """Fit to all observers but one, and try it on that one."""
    energy, changed = _confident([each for each in given if each.observer != NEVER_USED])
    slope, constant = logistic(np.column_stack([energy, np.ones_like(energy)]), changed, penalty=1.0).tolist()
    unseen = [each for each in given if each.observer == NEVER_USED]
    energy_unseen, changed_unseen = _confident(unseen)
    return {
        "constant": round(constant, 3),
        "slope": round(slope, 3),
        "answers": len(changed),
        "changed": round(float(changed.mean()), 4),
        "never_used_changed": round(float(changed_unseen.mean()), 4),
        "never_used_predicted": round(float(expit(constant + slope * energy_unseen).mean()), 4),
    }


def _confident(given: list[Lesson]) -> tuple[np.ndarray, np.ndarray]:
    energy = np.concatenate([each.energy[each.is_confident] for each in given]).astype(np.float32)
    return energy, np.concatenate([each.has_changed[each.is_confident] for each in given])


def _reduced(image: Image, scale: float) -> Image:
    smaller = resize(image, round(image.width * scale), round(image.height * scale), "lanczos")
    return decode(JPEG_FULL_CHROMA.encode(smaller, GENTLE_QUALITY)).image


def main() -> int:
    """Fit and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photographs", type=int, default=60)
    options = parser.parse_args()
    use_one_thread()
    print(json.dumps(fit(list(lessons(options.photographs, read_panel())))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
