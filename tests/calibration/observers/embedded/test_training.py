"""The whole training on a few steps: layout, learning signal, and a model that standard classes can load."""

import numpy as np
import pytest
import torch
from transformers import AutoModelForImageTextToText, AutoProcessor

from calibration.image import Image, encode_png
from calibration.observers.embedded.architecture import PATCH, build_model, build_processor
from calibration.observers.embedded.batches import Example, Tokens, collate, normalise
from calibration.observers.embedded.pairs import Answer
from calibration.observers.embedded.scenes import sample_scene
from calibration.observers.embedded.training import (
    Recipe,
    learning_share,
    prompt_texts,
    read_photographs,
    train,
)


@pytest.fixture(scope="module")
def pictures():
    rng = np.random.default_rng(0)
    return [sample_scene(rng).pixels for _ in range(12)]


@pytest.fixture(scope="module")
def untrained(pictures):
    processor = build_processor(prompt_texts())
    patches = normalise(pictures).unfold(2, PATCH, PATCH).unfold(3, PATCH, PATCH)
    patches = patches.permute(0, 2, 3, 1, 4, 5).reshape(-1, 3 * PATCH * PATCH)
    return build_model(processor.tokenizer, patches).eval(), processor


def test_the_wired_first_layers_tell_pairs_apart_before_any_training(untrained, pictures):
    model, processor = untrained
    tokens = Tokens(processor.tokenizer)
    noisy = [
        np.clip(p + np.random.default_rng(0).normal(0, 12, p.shape), 0, 255).astype(np.uint8)
        for p in pictures
    ]
    asked = (("Are these two images different?", Answer("Yes", "No", 1.0)),)

    def energy(seconds):
        examples = [Example(pair, asked) for pair in zip(pictures, seconds, strict=True)]
        batch = collate(examples, tokens, np.random.default_rng(1))
        with torch.no_grad():
            states = model.model(
                input_ids=batch.tokens,
                pixel_values=batch.pixels,
                attention_mask=batch.visible,
                position_ids=batch.positions,
                output_hidden_states=True,
            ).hidden_states
        return states[2][batch.rows, batch.columns][batch.flags][:, -16:].mean(1)

    assert energy(noisy).min() > energy(pictures).max()


def test_what_is_wired_hardly_moves():
    recipe = Recipe(steps=1000)

    assert learning_share(100, recipe, is_wired=False) == 1.0
    assert learning_share(400, recipe, is_wired=True) == recipe.wired_share < 0.1
    assert learning_share(999, recipe, is_wired=False) == pytest.approx(0.01)


def test_a_few_steps_learn_how_answers_are_worded_and_save_a_standard_model(tmp_path):
    recipe = Recipe(steps=30, pairs_per_step=4, scenes_per_step=4, pool_size=30, warm_up=5)

    _, _, history = train([], recipe, tmp_path)
    model = AutoModelForImageTextToText.from_pretrained(tmp_path, dtype=torch.float32)
    processor = AutoProcessor.from_pretrained(tmp_path)

    assert history == []  # figures come every 50 steps
    assert type(model).__name__ == "LlavaForConditionalGeneration"
    assert (
        processor.tokenizer.decode(processor.tokenizer("The blur is different.")["input_ids"]).count(" ") >= 3
    )


def test_unreadable_photographs_are_skipped(tmp_path, pictures, caplog):
    (tmp_path / "a.png").write_bytes(encode_png(Image(pictures[0])))
    (tmp_path / "b.png").write_bytes(b"not a picture")

    found = read_photographs([tmp_path], 10)

    assert len(found) == 1
    assert "b.png" in caplog.text
