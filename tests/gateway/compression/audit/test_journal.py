import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.compression.audit.answers import Answer
from gateway.compression.audit.journal import Journal, JournalError


def test_answers_are_there_again_when_it_is_opened_again(tmp_path: Path):
    with Journal(tmp_path / "sub" / "audit.jsonl") as journal:
        journal.add("a", Answer("yes\n“so”", 0.5))
        journal.add("b", Answer("no"))

    with Journal(tmp_path / "sub" / "audit.jsonl") as journal:
        found = journal.get("a"), journal.get("b"), journal.get("c"), len(journal)

    assert found == (Answer("yes\n“so”", 0.5), Answer("no"), None, 2)


def test_answers_which_may_quote_pictures_are_nobody_elses(tmp_path: Path):
    with Journal(tmp_path / "audit.jsonl"):
        assert (tmp_path / "audit.jsonl").stat().st_mode & 0o777 == 0o600


def test_a_line_cut_short_is_left_out_and_the_next_answer_is_whole(tmp_path: Path):
    path = tmp_path / "audit.jsonl"
    with Journal(path) as journal:
        journal.add("a", Answer("yes"))
    path.write_bytes(path.read_bytes() + b'{"key": "b", "te')

    with Journal(path) as journal:
        journal.add("c", Answer("no"))
    with Journal(path) as journal:
        assert [journal.get(key) for key in "abc"] == [Answer("yes"), None, Answer("no")]


def test_a_killed_process_leaves_every_answer_it_had(tmp_path: Path):
    path = tmp_path / "audit.jsonl"
    program = (
        "import sys, time, pathlib\n"
        "from gateway.compression.audit.answers import Answer\n"
        "from gateway.compression.audit.journal import Journal\n"
        "journal = Journal(pathlib.Path(sys.argv[1]))\n"
        "for number in range(20): journal.add(str(number), Answer('yes'))\n"
        "print('written', flush=True); time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdout.readline() == b"written\n"
        os.kill(process.pid, signal.SIGKILL)

    with Journal(path) as journal:
        assert len(journal) == 20


def test_a_file_of_something_else_is_refused_and_stays_as_it_is(tmp_path: Path):
    for text in ("my notes", "my notes\n", '{"a": 1}\n', "[[[[\n", '{"a": 1}'):
        path = tmp_path / "notes"
        path.write_text(text)

        with pytest.raises(JournalError, match=r"answers? of an audit"):
            Journal(path)
        assert path.read_text() == text


def test_two_audits_cannot_write_one_file(tmp_path: Path):
    with Journal(tmp_path / "audit.jsonl"), pytest.raises(JournalError, match="another audit"):
        Journal(tmp_path / "audit.jsonl")


@given(st.binary(max_size=60) | st.binary(max_size=40).map(lambda found: b'{"key":' + found + b"}\n"))
def test_any_bytes_are_answers_or_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes):
    path = tmp_path_factory.getbasetemp() / "any.jsonl"
    path.write_bytes(data)

    try:
        Journal(path).__exit__(None, None, None)
    except JournalError as error:
        assert str(error)
