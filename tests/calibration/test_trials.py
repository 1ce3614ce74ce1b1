import json
import os
import resource
import signal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.trials import Stimulus, Trial, TrialLog, TrialLogError, read_trials


def trial(index: int, reply: str = "No") -> Trial:
    return Trial(
        id=f"0-blur-000-{index:05d}",
        series=0,
        index=index,
        stimulus=Stimulus("a.png", "blur", 12.5, 7),
        polarity="different",
        order="reference_first",
        prompt="Are these two images different?",
        noticed=False,
        probability=None,
        reply_class="correct",
        reply=reply,
        is_first_token=False,
        seconds=0.01,
    )


def test_what_was_appended_is_read_again(tmp_path: Path):
    with TrialLog(tmp_path / "out" / "trials.jsonl") as log:
        log.append([trial(0), trial(1)])
        log.append([trial(2, reply="línea\u2028separada\x0b")])

    assert [t.index for t in read_trials(tmp_path / "out" / "trials.jsonl")] == [0, 1, 2]
    assert read_trials(tmp_path / "out" / "trials.jsonl")[2] == trial(2, reply="línea\u2028separada\x0b")


def test_one_trial_is_one_line_with_its_schema_version(tmp_path: Path):
    path = tmp_path / "trials.jsonl"
    with TrialLog(path) as log:
        log.append([trial(0), trial(1)])

    lines = path.read_text().split("\n")

    assert [json.loads(line)["schema_version"] for line in lines[:-1]] == [2, 2]


@pytest.mark.parametrize("kept", [1, 40, -1])
def test_a_torn_last_line_is_dropped_and_written_over(tmp_path: Path, kept: int):
    path = tmp_path / "trials.jsonl"
    path.write_text(trial(0).to_line() + trial(1).to_line()[:kept])

    with TrialLog(path) as log:
        assert [t.index for t in log.trials] == [0]
        log.append([trial(1)])

    assert [t.index for t in read_trials(path)] == [0, 1]


def test_a_last_line_of_zeros_never_written_is_dropped(tmp_path: Path):
    path = tmp_path / "trials.jsonl"
    path.write_bytes(trial(0).to_line().encode() + b"\x00" * 100)

    assert [t.index for t in read_trials(path)] == [0]


def test_damage_before_the_last_line_is_an_error_naming_the_line(tmp_path: Path):
    path = tmp_path / "trials.jsonl"
    path.write_text(trial(0).to_line() + "{}\n" + trial(1).to_line())

    with pytest.raises(TrialLogError, match="line 2"):
        read_trials(path)


@pytest.mark.parametrize(
    "change",
    [
        {"noticed": "perhaps"},
        {"seconds": None},
        {"polarity": "sideways"},
        {"surplus": 1},
        {"stimulus": {"image": "a.png"}},
        {"stimulus": []},
        {"series": -0.5},
    ],
)
def test_a_field_of_the_wrong_kind_is_named(change: dict[str, object]):
    fields = {**json.loads(trial(0).to_line()), **change}

    with pytest.raises(TrialLogError, match=next(iter(change))):
        Trial.from_line(json.dumps(fields))


@given(st.text(max_size=80) | st.recursive(st.none() | st.booleans() | st.text(), st.lists).map(json.dumps))
def test_any_line_is_a_trial_or_a_clear_error(line: str):
    with pytest.raises(TrialLogError, match="expected"):
        Trial.from_line(line)


def test_a_log_of_another_schema_version_is_refused(tmp_path: Path):
    path = tmp_path / "trials.jsonl"
    path.write_text(trial(0).to_line().replace('"schema_version": 2', '"schema_version": 99'))

    with pytest.raises(TrialLogError, match="schema version 2, got 99"):
        read_trials(path)


def test_two_runs_cannot_write_one_log(tmp_path: Path):
    with TrialLog(tmp_path / "trials.jsonl"), pytest.raises(TrialLogError, match="another run"):
        TrialLog(tmp_path / "trials.jsonl")


def test_a_missing_log_is_empty(tmp_path: Path):
    assert read_trials(tmp_path / "none.jsonl") == []


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path):
    (tmp_path / "file").write_text("")

    with pytest.raises(TrialLogError, match="cannot open"):
        TrialLog(tmp_path / "file" / "trials.jsonl")


def test_a_full_disk_is_told_and_keeps_what_was_answered(tmp_path: Path):
    # A child process, because a file size limit stands for the whole process.
    path = tmp_path / "trials.jsonl"
    child = os.fork()
    if child == 0:
        _write_until_full(path)
    _, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 42
    with TrialLog(path) as log:
        kept = len(log.trials)
        assert kept >= 1
        log.append([trial(kept)])
    assert [t.index for t in read_trials(path)] == list(range(kept + 1))


def _write_until_full(path: Path) -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
    try:
        with TrialLog(path) as log:
            for index in range(100):
                log.append([trial(index)])
    except TrialLogError as error:
        os._exit(42 if "go on" in str(error) or "goes on" in str(error) else 1)
    os._exit(2)
