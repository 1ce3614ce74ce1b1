import io
import json

from rich.console import Console

from calibration.profile import JndProfile, Threshold
from calibration.published import published_profile
from calibration.summary import (
    as_record,
    as_table,
    describe_interval,
    describe_level,
    describe_unit,
    reasons,
)

MEASURED = Threshold("measured", 12.34, 6.17, 9.0, 15.0, 3.0, 0.02, 0.98, 25)
CENSORED = Threshold("censored", 50, 25.0, 41.0, None, 3.0, 0.02, 0.1, 25, "not noticed")
BIASED = Threshold("unmeasurable", 12.0, 6.0, 1.0, 90.0, 3.0, 0.6, 0.9, 25, "biased")
BARE = Threshold("measured", 12.0, 6.0, None, None, None, None, None, 25)


def test_levels_intervals_and_units_are_told_by_status():
    told = [
        (describe_level(found, 50), describe_interval(found), describe_unit(found, "px"))
        for found in (MEASURED, CENSORED, BIASED, BARE)
    ]

    assert told == [
        ("12.3", "9 – 15", "6.17 (px)"),
        (">50", "≥ 41", "–"),
        ("–", "–", "–"),
        ("12", "–", "6 (px)"),
    ]


def test_the_record_is_one_line_of_json_with_the_fixed_fields():
    profile = JndProfile("m", "measured", {"blur": MEASURED, "noise": BARE})

    record = json.loads(json.dumps(as_record(profile)))

    assert set(record) == {"model", "source", "distortions"}
    assert record["distortions"]["blur"]["threshold"] == 12.34
    assert record["distortions"]["noise"]["false_alarm"] is None
    assert list(record["distortions"]["blur"]) == [
        *(
            "threshold",
            "unit_value",
            "low",
            "high",
            "slope",
            "false_alarm",
            "hit_at_max",
            "n_queries",
            "status",
        )
    ]


def test_the_table_tells_every_distortion_of_a_measured_and_of_a_published_profile():
    for profile in (JndProfile("m", "measured", {"blur": MEASURED}), published_profile("gpt-4o")):
        output = io.StringIO()

        Console(file=output, width=200).print(as_table(profile))

        assert profile.model in output.getvalue()
        assert "blur" in output.getvalue()


def test_each_reason_is_said_once_with_all_it_concerns():
    found = {"blur": CENSORED, "noise": MEASURED, "jpeg": CENSORED, "qr": BIASED}

    assert reasons(JndProfile("m", "measured", found)) == [
        "blur, JPEG compression: not noticed",
        "QR code: biased",
    ]
