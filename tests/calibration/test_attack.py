"""The attack is tested on a tiny, randomly initialised model of the embedded model's architecture."""

import json

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    CLIPVisionConfig,
    LlamaConfig,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaProcessor,
    PreTrainedTokenizerFast,
)
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

from calibration.image import Image, encode_png
from calibration.observers.embedded import attack

SIDE, PATCH = 96, 16
WORDS = [
    "<pad>",
    "<s>",
    "</s>",
    "<unk>",
    "<image>",
    "User",
    "Assistant",
    ":",
    "?",
    "what",
    "color",
    "red",
    "blue",
]
SPECIAL = dict(zip(["pad_token", "bos_token", "eos_token", "unk_token"], WORDS[:4], strict=True))
TEMPLATE = (
    "{% for m in messages %}User : {% for c in m['content'] %}"
    "{% if c['type'] == 'image' %}<image>{% else %} {{ c['text'] }}{% endif %}{% endfor %}{% endfor %}"
    " Assistant :"
)


@pytest.fixture(scope="module")
def processor():
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token=WORDS[3]))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        additional_special_tokens=["<image>"],
        **SPECIAL,
    )
    shape = {"height": SIDE, "width": SIDE}
    pictures = CLIPImageProcessorPil(
        size=shape,
        crop_size=shape,
        do_center_crop=False,
        image_mean=[0.5] * 3,
        image_std=[0.25] * 3,
        resample=3,
    )
    return LlavaProcessor(
        image_processor=pictures,
        tokenizer=fast,
        patch_size=PATCH,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        image_token=WORDS[4],
        chat_template=TEMPLATE,
    )


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(1)
    vision = CLIPVisionConfig(
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=1,
        num_attention_heads=2,
        image_size=SIDE,
        patch_size=PATCH,
    )
    text = LlamaConfig(
        vocab_size=len(WORDS),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        initializer_range=0.2,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
    )
    config = LlavaConfig(
        vision_config=vision,
        text_config=text,
        image_token_id=WORDS.index("<image>"),
        vision_feature_layer=[0, -1],
        vision_feature_select_strategy="default",
        image_seq_length=(SIDE // PATCH) ** 2,
    )
    return LlavaForConditionalGeneration(config).eval()


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
