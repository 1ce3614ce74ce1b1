"""Do `thresholds` and `compare` agree, also where a distortion could not be measured?

Every distortion is done to a photograph, at the model's view, at the level that `thresholds` predicts for it;
`compare` should then find about one JND: the median of |ln(jnd_ratio)| tells, and the share within a factor
1.5 of one. Levels beyond the scale cannot be done: they are counted apart. Models: embedded, and a made-up
observer that does not see banding, measured by 25 yes-or-no questions a distortion (`--profile FILE` takes
another one's profile instead). Photographs: Kodak 13-16 in ../shared/data and four of scikit-image (these
alone where ../shared is missing).

The last line is JSON. Takes about a minute on one core.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from skimage import data

from calibration.image import Image, load
from calibration.known_profiles import resolve_profile
from calibration.profile import JndProfile
from calibration.stimuli.registry import DISTORTIONS
from predictor.learning.dataset import photo_files
from predictor.one_thread import use_one_thread
from predictor.predict import Predictor
from predictor.views import model_view

SHARED = Path(__file__).parents[3] / "shared" / "data" / "photos"
HELD_OUT_KODAK = ("13", "14", "15", "16")
UNSEEN = "banding"
NEAR = 1.5  # factor


def photographs() -> list[Image]:
    """Load photographs nobody trained on."""
    bundled = [
        Image(np.ascontiguousarray(pixels))
        for pixels in (data.astronaut(), data.chelsea(), data.coffee(), data.rocket())
    ]
    if not SHARED.is_dir():
        print(f"{SHARED} is missing: {len(bundled)} photographs only", file=sys.stderr)
        return bundled
    return bundled + [
        load(path)
        for path in photo_files(SHARED / "kodak")
        if any(number in path.stem for number in HELD_OUT_KODAK)
    ]


def blind_to_banding(pictures: Sequence[Image]) -> JndProfile:
    """Measure an observer that hardly minds banding."""
    from predictor.learning.made_up_observers import made_up, measure_profile  # noqa: PLC0415

    seer = made_up(3, 96)
    taste = replace(seer.taste, gains={**seer.taste.gains, UNSEEN: 0.01})
    return measure_profile(replace(seer, name="blind to banding", taste=taste), pictures, seed=3)


def judge(predictor: Predictor, profile: JndProfile, pictures: Sequence[Image]) -> dict[str, object]:
    """Damage every picture to its predicted thresholds and compare."""
    ratios: dict[str, list[float]] = {name: [] for name in DISTORTIONS}
    beyond = 0
    for picture in pictures:
        for name, found in predictor.thresholds(picture, profile).items():
            if found.level > DISTORTIONS[name].levels:
                beyond += 1
                continue
            damaged = DISTORTIONS[name].apply(picture, found.level, np.random.default_rng(0))
            ratios[name].append(float(np.log(predictor.notice(picture, damaged, profile).jnd_ratio + 1e-6)))
    everything = np.abs(np.concatenate(list(ratios.values())))
    return {
        "pairs": len(everything),
        "beyond_the_scale": beyond,
        "median_error": round(float(np.median(everything)), 4),
        "within_a_factor_1.5": round(float((everything <= np.log(NEAR)).mean()), 4),
        "median_ratio": {
            name: round(float(np.exp(np.median(found))), 3) for name, found in ratios.items() if found
        },
    }


def told(predictor: Predictor, profile: JndProfile, picture: Image) -> Mapping[str, object]:
    """Return what is told of the distortion that is not seen."""
    found, own = predictor.thresholds(picture, profile)[UNSEEN], profile.distortions[UNSEEN]
    strongest = DISTORTIONS[UNSEEN].apply(picture, DISTORTIONS[UNSEEN].levels, np.random.default_rng(0))
    return {
        "status": own.status,
        "hit_at_max": own.hit_at_max,
        "level": round(found.level, 2),
        "interval": [round(found.low, 2), round(found.high, 2)],
        "jnd_ratio_at_strongest": round(predictor.notice(picture, strongest, profile).jnd_ratio, 3),
    }


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--artifact", type=Path)
    parser.add_argument("--profile", help="of an observer that does not see banding; else one is made up")
    options = parser.parse_args()
    use_one_thread()
    predictor, pictures = Predictor.load(options.artifact), [model_view(one, 96) for one in photographs()]
    blind = resolve_profile(options.profile) if options.profile else blind_to_banding(pictures)
    figures = {
        "embedded": judge(predictor, resolve_profile("embedded"), pictures),
        blind.model: judge(predictor, blind, pictures) | {UNSEEN: told(predictor, blind, pictures[0])},
    }
    print(json.dumps({"benchmark": "threshold_consistency", "artifact": predictor.version, **figures}))


if __name__ == "__main__":
    main()
