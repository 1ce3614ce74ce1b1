import json
from dataclasses import replace

from rich.console import Console

from calibration.stimuli.registry import DISTORTIONS
from predictor.commands.threshold_summary import as_record, as_table, describe_delivery
from predictor.thresholds.delivery import CodecSettings
from predictor.thresholds.model import PredictedThreshold
from predictor.thresholds.notice_curve import NoticeCurve

CURVE = NoticeCurve(middle=1.1, spread=(0.0,), steepness=3.0, fixed_part=0.0, least=0.02, strongest=50.0)
BLUR = PredictedThreshold(
    "blur", level=3.14159, low=1.5, high=7.25, unit_value=1.5708, basis="measured", curve=CURVE
)
DELIVERY = CodecSettings(jpeg_quality=71, webp_quality=62, scale=0.5)


def printed(**thresholds: PredictedThreshold) -> str:
    console = Console(width=200)
    with console.capture() as caught:
        console.print(as_table("cat.png", thresholds))
    return caught.get()


def test_the_json_line_holds_what_was_agreed_and_nothing_else():
    record = json.loads(json.dumps(as_record({"blur": BLUR}, DELIVERY)))

    assert record == {
        "distortions": {
            "blur": {"level": 3.14159, "low": 1.5, "high": 7.25, "unit_value": 1.5708, "basis": "measured"}
        },
        "delivery": {"jpeg_quality": 71, "webp_quality": 62, "scale": 0.5},
    }


def test_the_table_tells_a_threshold_in_levels_and_in_its_own_unit():
    shown = printed(blur=BLUR)

    assert "cat.png" in shown
    assert "3.14 " in shown
    assert "1.5 – 7.25" in shown
    assert "1.57 (sigma, px)" in shown
    assert "measured" in shown


def test_a_threshold_beyond_the_scale_is_no_number():
    shown = printed(blur=replace(BLUR, level=80.0, high=200.0))

    assert f">{DISTORTIONS['blur'].levels}" in shown
    assert "80" not in shown.replace("1.5 – 200", "")
    assert "1.57" not in shown


def test_the_last_level_of_the_scale_is_still_a_number():
    shown = printed(blur=replace(BLUR, level=50.0))

    assert ">50" not in shown
    assert "1.57" in shown


def test_what_may_be_sent_is_told_with_the_chance_it_is_noticed():
    said = describe_delivery(DELIVERY, 0.05)

    assert "JPEG 71, WebP 62 or at 0.50 of its size, each alone" in said
    assert "chance of 0.05" in said
