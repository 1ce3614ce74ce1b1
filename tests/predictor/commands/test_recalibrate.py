"""From labels to a calibration that the gateway reads, on made-up scores of the strata that it knows."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.detection.combination import load_calibration
from predictor.cli import app

STRATUM = "fine JPEG photograph"


@pytest.fixture
def labels(tmp_path):
    """A factory of label files: so many false alarms and attacks of one stratum, by their scores."""

    def write(alarms: list[float], attacks: list[float] = [], **changes) -> Path:  # noqa: B006 - not changed
        calibration = json.loads(load_calibration().json) | changes
        heading = {"format": "jnd-review-labels", "schema_version": 1, "calibration": calibration}
        scored = [("false_alarm", score) for score in alarms] + [("attack", score) for score in attacks]
        lines = [
            {"label": label, "digest": f"{number:064x}", "stratum": STRATUM, "score": score}
            for number, (label, score) in enumerate(scored)
        ]
        lines.append({"label": "attack", "digest": "f" * 64, "stratum": "", "score": None})
        file = tmp_path / "labels.jsonl"
        file.write_text("".join(json.dumps(line) + "\n" for line in (heading, *lines)))
        return file

    return write


def run(*arguments: object):
    return CliRunner().invoke(app, ["recalibrate", *map(str, arguments)])


def surprising() -> float:
    return float(load_calibration().single.scores[STRATUM][-1]) + 0.1


def test_false_alarms_raise_none_in_the_file_that_the_gateway_reads(labels, tmp_path):
    file, out, score = labels([surprising()] * 40, [surprising() + 2.0]), tmp_path / "out.json", surprising()

    result = run("--labels", file, "--out", out, "--json")

    told = json.loads(result.stdout)
    before, after = load_calibration(), load_calibration(out)
    assert result.exit_code == 0
    assert told["unscored"] == 1 and told["strata"][STRATUM]["false_alarms"] == 40
    assert before.single.assured_p_value(score, STRATUM, 0.8) <= 0.01
    assert after.single.assured_p_value(score, STRATUM, 0.8) > 0.01
    assert told["strata"][STRATUM]["still_flagged"] == 0
    assert told["strata"][STRATUM]["attacks_found_after"] == 1
    assert after.surprise.keys() == before.surprise.keys() and len(after.joined) == 40
    assert f"false alarms joined: 40 in {STRATUM}" in after.note


def test_a_picture_that_joined_joins_no_second_time(labels, tmp_path):
    file, out = labels([surprising()] * 20), tmp_path / "out.json"
    assert run("--labels", file, "--out", out).exit_code == 0

    again = run("--labels", file, "--calibration", out, "--out", tmp_path / "again.json", "--json")

    assert again.exit_code == 1 and json.loads(again.stdout)["joined_before"] == 20
    assert not (tmp_path / "again.json").exists()


def test_too_few_labels_say_so_and_write_nothing(labels, tmp_path):
    result = run("--labels", labels([surprising()] * 3), "--out", tmp_path / "out.json")

    assert result.exit_code == 1 and "too few false alarms: 3 of 10" in result.stdout
    assert not (tmp_path / "out.json").exists()


def test_scores_of_another_scale_are_refused(labels, tmp_path):
    file, base = labels([surprising()] * 20, surprise={}), tmp_path / "base.json"
    base.write_text(load_calibration().json)

    result = run("--labels", file, "--calibration", base, "--out", tmp_path / "out.json")

    assert result.exit_code == 1 and "another scale" in " ".join(result.stderr.split())


@pytest.mark.parametrize(
    ("line", "words"),
    [("{", "line 12: expected JSON"), ("[]", "an object"), ('{"label": "x"}', "label of a flag")],
)
def test_a_line_that_is_no_label_is_named(labels, tmp_path, line, words):
    file = labels([surprising()] * 9)
    file.write_text(file.read_text() + line + "\n")

    result = run("--labels", file, "--out", tmp_path / "out.json")

    assert result.exit_code == 1 and words in " ".join(result.stderr.split())


def test_a_file_that_is_none_of_labels_is_refused(tmp_path):
    file = tmp_path / "other.jsonl"
    file.write_text('{"format": "something else"}\n')

    assert run("--labels", file, "--out", tmp_path / "out.json").exit_code == 1


def test_false_alarms_by_comparison_are_said_to_stay(labels, tmp_path):
    file = labels([surprising()] * 20)
    alarms = [
        {
            "label": label,
            "digest": f"{n:064x}",
            "stratum": STRATUM,
            "score": None,
            "kinds": ["near_duplicate"],
        }
        for n, label in enumerate(["false_alarm", "allowed", "attack"], start=900)
    ]
    with file.open("a") as lines:
        lines.writelines(json.dumps(alarm) + "\n" for alarm in alarms)

    told = json.loads(run("--labels", file, "--out", tmp_path / "out.json", "--json").stdout)
    said = run("--labels", file, "--out", tmp_path / "again.json").stdout

    assert (told["compared"], told["unscored"]) == (1, 4)  # what is allowed is not flagged again
    assert "1 false alarms came by comparison" in said and "not recalibrated" in said


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\xff\xfe", "expected text in UTF-8"),
        (b"[1]", "line 1: expected an object, got list"),
        (b'{"format": "jnd-review-labels"}', "expected a jnd-detection-calibration"),
        (b'{"format": "jnd-review-labels", "schema_version": "new"}', "expected files that begin as"),
        (b'{"format": "jnd-review-labels", "calibration": 3}', "expected a jnd-detection-calibration"),
        (
            b'{"format": "jnd-review-labels", "calibration": {"format": "jnd-detection-calibration"}}',
            "the scale of its scores",
        ),
    ],
)
def test_what_is_no_file_of_labels_is_told_with_its_place(tmp_path, content, told):
    (tmp_path / "labels.jsonl").write_bytes(content)

    result = run("--labels", tmp_path / "labels.jsonl", "--out", tmp_path / "out.json")

    assert result.exit_code == 1
    assert told in " ".join(result.stderr.split())


@pytest.mark.parametrize(
    "changes",
    [
        {"kinds": [{}]},
        {"kinds": 5},
        {"score": True},
        {"score": "3.5"},
        {"score": 10**400},
        {"digest": None},
        {"stratum": 5},
    ],
)
def test_a_field_of_another_type_is_told_with_its_line(labels, tmp_path, changes):
    file = labels([surprising()])
    *before, last = file.read_text().splitlines()
    file.write_text("\n".join((*before, json.dumps(json.loads(last) | {"score": 1.0} | changes))))

    result = run("--labels", file, "--out", tmp_path / "out.json")

    assert result.exit_code == 1 and "line 3: expected the label of a flag" in " ".join(result.stderr.split())


@pytest.mark.parametrize(
    "changes",
    [
        {"joined": 5},
        {"joined": [{}]},
        {"note": 5},
        {"schema_version": True},
        {"schema_version": -1},
    ],
)
def test_a_calibration_of_other_fields_is_told_with_its_line(labels, tmp_path, changes):
    result = run("--labels", labels([surprising()], **changes), "--out", tmp_path / "out.json")

    told = " ".join(result.stderr.split())
    assert result.exit_code == 1 and "labels.jsonl, line 1: expected a jnd-detection-calibration" in told


@pytest.mark.parametrize("version", [True, -1, 2])
def test_labels_of_an_unknown_version_are_refused(labels, tmp_path, version):
    file = labels([surprising()])
    file.write_text(
        file.read_text().replace('"schema_version": 1', f'"schema_version": {json.dumps(version)}', 1)
    )

    result = run("--labels", file, "--out", tmp_path / "out.json")

    assert result.exit_code == 1 and "expected files that begin as" in " ".join(result.stderr.split())


def test_only_a_new_line_ends_one(labels, tmp_path):
    file = labels([surprising()] * 20)
    line = {"label": "attack", "digest": "e" * 64, "stratum": "", "score": None, "model": "a\u2028b\u0085c"}
    file.write_text(file.read_text() + json.dumps(line, ensure_ascii=False) + "\n", encoding="utf-8")

    assert run("--labels", file, "--out", tmp_path / "out.json").exit_code == 0


def test_a_score_that_is_no_number_is_told_with_its_line(labels, tmp_path):
    file = labels([float("nan")])

    result = run("--labels", file, "--out", tmp_path / "out.json")

    assert result.exit_code == 1 and "line 2: expected the label of a flag" in " ".join(result.stderr.split())
