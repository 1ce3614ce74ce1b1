import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from calibration.line_log import LineLog, TrialLogError, parse_lines


@dataclass(frozen=True)
class Note:
    text: str

    def to_line(self) -> str:
        return json.dumps(self.text) + "\n"


def read(line: str) -> Note:
    found = json.loads(line) if line.startswith('"') and line.rstrip().endswith('"') else None
    if not isinstance(found, str):
        raise TrialLogError("expected a note")
    return Note(found)


def test_entries_of_any_kind_are_kept_and_read_again(tmp_path: Path):
    path = tmp_path / "out" / "notes.jsonl"
    with LineLog(path, read) as log:
        log.append([Note("a\nb"), Note("c\u2028d")])

    assert [note for note, _ in parse_lines(path, read)] == [Note("a\nb"), Note("c\u2028d")]


def test_a_line_torn_by_a_crash_is_dropped_when_the_log_is_opened(tmp_path: Path):
    path = tmp_path / "notes.jsonl"
    path.write_text('"whole"\n"to')

    with LineLog(path, read) as log:
        assert log.entries == [Note("whole")]

    assert path.read_text() == '"whole"\n'


def test_damage_elsewhere_is_told_with_its_line(tmp_path: Path):
    path = tmp_path / "notes.jsonl"
    path.write_text('"a"\n3\n"b"\n')

    with pytest.raises(TrialLogError, match="line 2: expected a note"):
        LineLog(path, read)


def test_two_processes_cannot_write_one_log(tmp_path: Path):
    with LineLog(tmp_path / "l", read), pytest.raises(TrialLogError, match="another run"):
        LineLog(tmp_path / "l", read)
