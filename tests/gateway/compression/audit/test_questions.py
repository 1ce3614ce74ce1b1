import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.image import Image, encode_png
from gateway.compression.audit.questions import Question, QuestionsError, read_questions


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pictures")
    (path / "sub").mkdir()
    for name in ("a.png", "b.png", "sub/c.png"):
        (path / name).write_bytes(encode_png(Image(np.zeros((4, 4, 3), np.uint8))))
    return path


def written(text: str, tmp_path: Path) -> Path:
    file = tmp_path / "questions"
    file.write_text(text, encoding="utf-8")
    return file


def test_plain_text_is_one_prompt_about_every_picture(folder: Path, tmp_path: Path):
    questions = read_questions(written("What is shown?\nOne word.\n", tmp_path), folder)

    assert {question.picture for question in questions} == {"a.png", "b.png", "sub/c.png"}
    assert {question.prompt for question in questions} == {"What is shown?\nOne word."}


def test_lines_ask_about_their_picture_and_lines_without_one_about_all(folder: Path, tmp_path: Path):
    lines = [{"image": "sub/c.png", "prompt": "Colour?"}, {"prompt": "Shape?"}, {"prompt": "Shape?"}]
    questions = read_questions(written("\n\n".join(map(json.dumps, lines)), tmp_path), folder)

    assert sorted(questions, key=lambda q: (q.picture, q.prompt)) == [
        Question("a.png", "Shape?"),
        Question("b.png", "Shape?"),
        Question("sub/c.png", "Colour?"),
        Question("sub/c.png", "Shape?"),
    ]


def test_a_small_budget_reaches_as_many_pictures_as_it_can(folder: Path, tmp_path: Path):
    lines = [{"prompt": f"Question {number}?"} for number in range(5)]
    questions = read_questions(written("\n".join(map(json.dumps, lines)), tmp_path), folder)

    for turn in range(5):
        assert len({question.picture for question in questions[3 * turn : 3 * turn + 3]}) == 3


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no question"),
        ('{"prompt": "ok"}\n{"prompt": 3}', "line 2"),
        ('{"prompt": "ok"}\nhello', "line 2: expected a JSON object"),
        ('{"prompt": "ok", "image": "../a.png"}', r"no picture '\.\./a\.png'"),
        ('{"prompt": "ok", "image": 5}', "expected the name"),
        ('{"prompt": " "}', "line 1"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, told: str, folder: Path, tmp_path: Path):
    with pytest.raises(QuestionsError, match=told):
        read_questions(written(text, tmp_path), folder)


def test_a_folder_without_pictures_and_a_file_that_is_not_there_are_told(folder: Path, tmp_path: Path):
    with pytest.raises(QuestionsError, match="no picture"):
        read_questions(written("Why?", tmp_path), tmp_path / "nowhere")
    with pytest.raises(QuestionsError, match="cannot be read"):
        read_questions(tmp_path / "missing", folder)


@given(data=st.binary(max_size=80) | st.binary(max_size=80).map(lambda found: b'{"prompt":' + found))
def test_any_bytes_are_questions_or_refused_with_a_reason(data: bytes, folder: Path):
    file = folder / "questions.txt"
    file.write_bytes(data)

    try:
        assert all(question.prompt for question in read_questions(file, folder))
    except QuestionsError as error:
        assert str(error)
