import io
import json
from dataclasses import replace

import pytest
from rich.console import Console

from calibration.profile import JndProfile, Threshold
from calibration.published import published_profile
from calibration.stimuli.registry import DISTORTIONS
from calibration.summary import (
    as_record,
    as_table,
    describe_counts,
    describe_interval,
    describe_level,
    describe_unit,
    reasons,
)

MEASURED = Threshold("measured", 12.34, 6.17, 9.0, 15.0, 3.0, 0.02, 0.98, 25)
CENSORED = Threshold("censored", 50, 25.0, 41.0, None, 3.0, 0.02, 0.1, 25, "not noticed")
BIASED = Threshold("unmeasurable", 12.0, 6.0, 1.0, 90.0, 3.0, 0.6, 0.9, 25, "biased")
ROUGH = Threshold("rough", 12.0, 6.0, 4.0, 60.0, 3.0, 0.02, 0.98, 25, "wide")
BLUNT = Threshold(
    "blunt", 45.0, 22.5, 30.0, 90.0, 3.0, 0.02, 0.6, 25, "notices only about 60% at the strongest"
)
BEYOND = Threshold(
    "blunt", 60.0, 25.0, 52.0, 90.0, 3.0, 0.02, 0.4, 25, "notices only about 40% at the strongest"
)
UNREAD = Threshold("unmeasurable", None, None, None, None, None, None, None, 50, "none of 25 replies")
BLUR = DISTORTIONS["blur"]
BARE = Threshold("measured", 12.0, 6.0, None, None, None, None, None, 25)


def test_levels_intervals_and_units_are_told_by_status():
    told = [
        (describe_level(found, 50), describe_interval(found, 50), describe_unit(found, BLUR))
        for found in (MEASURED, CENSORED, BIASED, BARE, ROUGH, BLUNT, BEYOND, UNREAD)
    ]

    assert told == [
        ("12.3", "9 – 15", "6.17 (sigma, px)"),
        (">50", "≥ 41", "–"),
        ("–", "–", "–"),
        ("12", "–", "6 (sigma, px)"),
        ("≈ 12", "4 – >50", "6 (sigma, px)"),
        ("≈ 45", "30 – >50", "22.5 (sigma, px)"),
        (">50", ">50", "–"),
        ("–", "–", "–"),
    ]


def test_the_record_is_one_line_of_json_with_the_fixed_fields():
    profile = JndProfile("m", "measured", {"blur": MEASURED, "noise": BARE})

    record = json.loads(json.dumps(as_record(profile)))

    assert {"model", "source", "distortions"} < set(record)
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
            "reason",
        )
    ]


COUNTED = {
    "questions": 50,
    "catch_trials": 8,
    "catch_trials_shown": 10,
    "catch_trials_called_different": 1,
}


def test_the_record_counts_questions_and_identical_pairs():
    record = as_record(JndProfile("m", "measured", {"blur": MEASURED}, details=COUNTED))

    assert record["questions"] == 50
    assert record["identical_pairs"] == {"shown": 10, "answered": 8, "called_different": 1}


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({}, "50 questions asked; 1 of 8 identical pairs were called different, 2 more could not be read"),
        ({"question": "task:q.txt"}, "asked twice about the same picture, 1 of 8 answers changed, 2 more"),
        ({"catch_trials": 0}, "10 identical pairs were shown, none was answered readably"),
        ({"catch_trials_shown": 0}, "no identical pair was shown"),
    ],
)
def test_what_was_counted_stands_below_the_table(changed: dict[str, object], words: str):
    profile = JndProfile("m", "measured", {"blur": MEASURED}, details=COUNTED | changed)
    output = io.StringIO()

    Console(file=output, width=200).print(as_table(profile))

    assert words in describe_counts(profile)
    assert words in output.getvalue()
    assert "estimated false alarms" in output.getvalue()


def test_a_profile_of_which_nobody_counted_has_no_counts():
    assert describe_counts(published_profile("gpt-4o")) == ""


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


def test_reasons_that_come_together_are_said_apart():
    wide = replace(ROUGH, reason="wide; also ready")
    found = {"blur": wide, "noise": replace(ROUGH, reason="ready")}

    assert reasons(JndProfile("m", "measured", found)) == ["blur: wide", "blur, noise: ready"]
