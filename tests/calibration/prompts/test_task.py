from pathlib import Path

import pytest

from calibration.prompts.task import read_prompts
from calibration.tasks import read_task


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "prompts.txt"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    "text",
    [
        "What is this? Use one word.",
        '{"image": "a.png", "prompt": "What is this?"}\n{"image": "a.png", "prompt": "How many?"}',
    ],
)
def test_a_file_is_read_as_a_task_is_and_named_for_what_it_asks(tmp_path: Path, text: str):
    path = written(tmp_path, text)

    question, task = read_prompts(path), read_task(path)

    assert question.name == f"prompt:{path}"
    assert question.prompts_for("a.png") == task.prompts_for("a.png")
    assert question.digest == task.digest


@pytest.mark.parametrize("text", ["<image>", "<img> {image}", '{"image": "a.png", "prompt": "<image>"}'])
def test_a_prompt_with_nothing_to_perturb_is_refused_before_anything_is_asked(tmp_path: Path, text: str):
    with pytest.raises(ValueError, match="words outside image placeholders"):
        read_prompts(written(tmp_path, text))


@pytest.mark.parametrize("text", ["", '{"image": "a.png"}'])
def test_what_is_no_task_is_no_prompt_either(tmp_path: Path, text: str):
    with pytest.raises(ValueError, match="expected"):
        read_prompts(written(tmp_path, text))
