"""Does risk control keep its promise? A knob set by half of the pictures, over many splits.

The knob is the quality of the product's JPEG encoder; a picture's loss is the share of the observers' answers
to it that change. `answer_change.py` does the same with the artifact's own predictions.
"""

import numpy as np
from compression_answers import NEVER_USED, Panel, compare, read_panel, say
from compression_bench import Bench, Found
from compression_pictures import Picture, small_photographs

from calibration.encoders import JPEG
from calibration.image import decode
from predictor.guarantees.risk_control import LossTable, control_expected, control_surely, worst_so_far

PART = "risk"
QUALITIES = (95, 90, 85, 75, 60, 45, 30)
ALPHA, DELTA = 0.1, 0.1
SPLITS = 200


def measure(bench: Bench) -> Found:
    """Ask once, split often."""
    whole = read_panel(positions=())
    panel = Panel({name: one for name, one in whole.observers.items() if name != NEVER_USED}, ())
    losses = []
    for index, picture in enumerate(small_photographs(bench.count(full=160, quick=40))):
        losses.append(_losses(panel, picture))
        if index % 40 == 0:
            say(f"risk: asked about {index + 1}")
    return Found(realised(worst_so_far(losses)))


def _losses(panel: Panel, picture: Picture) -> list[float]:
    image = picture.decoded.image
    frame = (image.width, image.height)
    before = panel.answers(image, frame)
    found = []
    for quality in QUALITIES:
        after = panel.answers(decode(JPEG.encode(image, quality)).image, frame)
        compared = compare(before, after).values()
        found.append(float(np.mean([one.has_changed.mean() for one in compared])))
    return found


def realised(losses: np.ndarray) -> dict[str, float]:
    """Set the knob on one half, look at the other; (pictures, knobs) in."""
    knobs = 100.0 - np.array(QUALITIES, dtype=float)
    rng = np.random.default_rng(5)
    expected, surely = [], []
    for _ in range(SPLITS):
        half = rng.permutation(len(losses)) < len(losses) // 2
        table = LossTable(knobs, losses[half])
        for limit, risks in (
            (control_expected(table, ALPHA), expected),
            (control_surely(table, ALPHA, DELTA), surely),
        ):
            at = None if limit.knob is None else int(np.searchsorted(knobs, limit.knob))
            risks.append(0.0 if at is None else float(losses[~half, at].mean()))
    return {
        "risk_mean_to_promise": round(float(np.mean(expected)) / ALPHA, 4),
        "risk_share_above_promise": round(float(np.mean(np.array(surely) > ALPHA)), 4),
        "risk_mean_when_sure_to_promise": round(float(np.mean(surely)) / ALPHA, 4),
    }
