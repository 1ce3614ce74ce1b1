from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.tasks import normalise_answer, read_task, same_answer


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_of_text_is_one_prompt_about_every_picture(tmp_path: Path):
    task = read_task(write(tmp_path / "task.txt", "What colour is the door?\nAnswer in one word.\n"))

    assert task.prompts_for("any.png") == ["What colour is the door?\nAnswer in one word."]


def test_a_byte_order_mark_is_no_part_of_the_file(tmp_path: Path):
    line = '{"image": "a.png", "prompt": "What is\u2028this?"}'
    (tmp_path / "task.jsonl").write_bytes(b"\xef\xbb\xbf" + line.encode())

    assert read_task(tmp_path / "task.jsonl").prompts_for("a.png") == ["What is\u2028this?"]


def test_json_lines_ask_each_picture_its_own_questions(tmp_path: Path):
    lines = '{"image": "a.png", "prompt": "How many?"}\n\n{"image": "a.png", "prompt": "What?"}\n'
    task = read_task(write(tmp_path / "task.jsonl", lines + '{"image": "b/c.png", "prompt": "Who?"}'))

    assert task.prompts_for("a.png") == ["How many?", "What?"]
    assert task.prompts_for("sub/a.png") == ["How many?", "What?"]
    assert task.prompts_for("b/c.png") == ["Who?"]
    assert task.prompts_for("c.png") == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "an empty file"),
        ('{"image": "a.png"}', "line 1"),
        ('{"image": "a.png", "prompt": "x"}\nplain words', "line 2"),
        ('{"image": 3, "prompt": "x"}', "line 1"),
        ('{"image": "a.png", "prompt": "  "}', "line 1"),
    ],
)
def test_a_file_that_asks_nothing_is_refused_with_the_line(tmp_path: Path, text: str, message: str):
    with pytest.raises(ValueError, match=message):
        read_task(write(tmp_path / "task", text))


def test_a_missing_or_binary_file_is_refused(tmp_path: Path):
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")

    for name in ("missing", "binary"):
        with pytest.raises(ValueError, match="cannot read the task file"):
            read_task(tmp_path / name)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Yes.", "yes"),
        ("A red door", "red door"),
        ("Three", "3"),
        ("1,200", "1200"),
        ("  The cat,  the dog ", "cat dog"),
    ],
)
def test_answers_that_differ_in_form_only_are_the_same(first: str, second: str):
    assert same_answer(first, second)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        *[("yes", "no"), ("12", "21"), ("red", "blue"), ("A", "B"), ("→", "←"), ("-5", "5")],
        *[("+", "-"), ("✓", "✗"), ("C++", "C"), ("की", "का"), ("!", "?")],
    ],
)
def test_answers_that_differ_in_content_are_not(first: str, second: str):
    assert not same_answer(first, second)


@given(st.text(max_size=60))
def test_normalising_twice_changes_nothing_more(text: str):
    once = normalise_answer(text)

    assert normalise_answer(once) == once
    assert same_answer(text, text)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_task_or_a_clear_error(tmp_path_factory: pytest.TempPathFactory, data: bytes):
    path = tmp_path_factory.mktemp("task") / "task"
    path.write_bytes(data)

    try:
        task = read_task(path)
    except ValueError as error:
        assert str(path) in str(error)
    else:
        assert task.common or task.prompts
