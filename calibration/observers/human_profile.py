r"""Make the profile of people that acts for every model nobody has calibrated, from a calibration of `human`.

    jnd-calibrate run --observer human --images PHOTOS --out calibrated --queries-per-threshold 100 \
        --distortions blur,brightness,saturation,contrast,jpeg,noise,banding,webp
    python -m calibration.observers.human_profile --calibration calibrated

Only what the metric can judge is taken from there. The rest are first JNDs of careful people by the LMM-JND
paper's human row (arXiv 2507.00490, main table) on our level scales, whose physical units are unpublished:
so they are assumptions. Delivery distortions are ours, set to what blur of the same resolution loss and
banding give: of a smaller size brought back the metric sees next to nothing, on palettes sources conflict.
"""

import argparse
from pathlib import Path

from calibration.observers.human import NAME
from calibration.profile import JndProfile, Threshold, load_profile
from calibration.published_table import HUMAN_LEVELS
from calibration.stimuli.registry import DISTORTIONS
from calibration.whole_file import replace_file

JUDGED = ("blur", "brightness", "saturation", "contrast", "jpeg", "noise", "banding", "webp")
_PAPER = ("mask", "qr", "text", "angle", "distance", "rescale", "png8")
_USUAL_SLOPE = 3.0
_DIGITS = 3
_PROXY = f"proxy: {NAME}, SSIMULACRA2 anchored on KonJND-1k (JND at 63.1, careful people at 77)"
_UNVALIDATED = f"{_PROXY}; never validated against people for this distortion"
_ASSUMED = "assumed: human row of arXiv 2507.00490 on our level scale"
_OURS = "assumed: ours, as noticeable as blur or banding at the human row of arXiv 2507.00490"
_LEAST_VALIDATED = ("brightness", "contrast")


def people_profile(measured: JndProfile) -> JndProfile:
    """Return the default profile, given what was measured of the observer `human`.

    Raises:
        ValueError: It is another model's, or lacks a threshold that the metric can judge.
    """
    if measured.model != NAME:
        raise ValueError(f"expected a calibration of {NAME}, got one of {measured.model}")
    missing = [name for name in JUDGED if not _is_measured(measured, name)]
    if missing:
        raise ValueError(f"expected measured thresholds of all that is judged; lacks {', '.join(missing)}")
    found = {name: _of_proxy(name, measured.distortions[name]) for name in JUDGED}
    found |= {name: _of_paper(name, HUMAN_LEVELS[name]) for name in _PAPER}
    return JndProfile(
        model="default",
        source="default",
        distortions={name: found[name] for name in DISTORTIONS},
        created=measured.created,
        details={"proxy": NAME, "calibration": dict(measured.details)},
    )


def _is_measured(profile: JndProfile, name: str) -> bool:
    return name in profile.distortions and profile.distortions[name].status == "measured"


def _of_proxy(name: str, measured: Threshold) -> Threshold:
    """Take level and slope; an interval of the proxy's would pass for one of the model's."""
    reason = _UNVALIDATED if name in _LEAST_VALIDATED else _PROXY
    level = round(measured.threshold or 0.0, _DIGITS)
    return _assumed(name, level, round(measured.slope or _USUAL_SLOPE, _DIGITS), reason)


def _of_paper(name: str, level: float) -> Threshold:
    return _assumed(name, level, _USUAL_SLOPE, _OURS if name in ("rescale", "png8") else _ASSUMED)


def _assumed(name: str, level: float, slope: float, reason: str) -> Threshold:
    return Threshold(
        status="assumed",
        threshold=level,
        unit_value=round(DISTORTIONS[name].unit_value(level), 6),
        low=None,
        high=None,
        slope=slope,
        false_alarm=None,
        hit_at_max=None,
        n_queries=0,
        reason=reason,
    )


def main() -> None:
    """Write the profile that ships."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--calibration", type=Path, required=True, help="folder of `run --observer human`")
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[1] / "human_profile.json")
    options = parser.parse_args()
    profile = people_profile(load_profile(options.calibration))
    replace_file(options.out, (profile.to_json() + "\n").encode())


if __name__ == "__main__":
    main()
