"""The attack is tested on the embedded model's own architecture, before any training."""

import json

import numpy as np
import pytest
import torch

from calibration.image import Image, encode_png
from calibration.observers.embedded import attack
from calibration.observers.embedded.architecture import build_model, build_processor


@pytest.fixture(scope="module")
def processor():
    return build_processor(["User: Assistant: what color ? red green blue white"])


@pytest.fixture(scope="module")
def model(processor):
    patches = torch.randn(200, 768, generator=torch.Generator().manual_seed(1))
    return build_model(processor.tokenizer, patches, vision_layers=1, text_layers=2).eval()


@pytest.fixture(scope="module")
def target(model, processor):
    return attack.Target(model, processor, "what color ?")


@pytest.fixture(scope="module")
def picture():
    rows, columns = np.mgrid[0:150, 0:200]
    waves = [127 + 100 * np.sin(columns / (9.0 + c) + rows / 21.0) for c in range(3)]
    return Image(np.stack(waves, axis=2).astype(np.uint8))


def test_the_differentiable_resize_agrees_with_the_processor(processor, picture):
    by_processor = processor.image_processor(attack.to_pillow([picture]), return_tensors="pt")["pixel_values"]

    by_torch = attack._differentiable_preprocessing(processor.image_processor)(attack._to_tensor(picture))

    one_grey_level = 1 / 255 / 0.25
    assert float((by_torch - by_processor).abs().max()) <= 1.01 * one_grey_level


def test_the_attack_changes_the_answer_in_the_written_file_within_its_budget(target, picture, tmp_path):
    (tmp_path / "clean.png").write_bytes(encode_png(picture))

    report = attack.attack_file(
        target, tmp_path / "clean.png", tmp_path / "deep" / "attacked.png", eps=24, steps=20
    )

    assert report.succeeded
    assert 0 < report.linf <= 24
    assert target.answer(attack.load(tmp_path / "deep" / "attacked.png")).text == report.answer_after


def test_the_attack_is_deterministic(target, picture):
    first = attack.perturb(target, picture, eps=6, steps=3)
    second = attack.perturb(target, picture, eps=6, steps=3)

    assert np.array_equal(first.pixels, second.pixels)


def test_more_budget_never_leaves_the_budget(target, picture):
    for eps in (1, 2.5, 8):
        changed = attack.perturb(target, picture, eps=eps, steps=4)

        largest = np.abs(changed.pixels.astype(int) - picture.pixels.astype(int)).max()
        assert 0 < largest <= eps


@pytest.mark.parametrize(("eps", "steps"), [(0, 10), (-1, 10), (4, 0)])
def test_a_senseless_budget_is_refused(target, picture, eps, steps):
    with pytest.raises(ValueError, match="eps must be positive"):
        attack.perturb(target, picture, eps=eps, steps=steps)


def test_the_command_prints_one_json_line_and_tells_failure_by_its_exit_code(
    target, picture, tmp_path, monkeypatch, capsys
):
    (tmp_path / "clean.png").write_bytes(encode_png(picture))
    monkeypatch.setattr(attack, "_embedded_target", lambda _question: target)
    names = [
        "--image",
        str(tmp_path / "clean.png"),
        "--question",
        "what color ?",
        "--out",
        str(tmp_path / "a.png"),
    ]

    code = attack.main([*names, "--eps", "24", "--steps", "20"])

    printed = json.loads(capsys.readouterr().out)
    assert set(printed) == {"answer_before", "answer_after", "eps", "steps", "linf"}
    assert code == (0 if printed["answer_before"] != printed["answer_after"] else 1)
