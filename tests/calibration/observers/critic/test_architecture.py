import numpy as np
import pytest
import torch
from transformers import AutoModelForImageTextToText, AutoProcessor, LlavaForConditionalGeneration

from calibration.observers.critic.architecture import FIRST, SECOND, VIEW_TOKENS, build_model, build_processor
from calibration.observers.critic.views import SIDE, VIEWS

TEXTS = ["How good is it? fair good bad"]


@pytest.mark.parametrize("views", [1, 2, VIEWS, 2 * VIEWS])
def test_every_view_takes_nine_tokens_and_two_pictures_are_told_apart(views: int):
    processor = build_processor(TEXTS)
    content = [*({"type": "image"} for _ in range(views)), {"type": "text", "text": "How good is it?"}]
    message = [{"role": "user", "content": content}]

    rendered = processor.apply_chat_template(message, add_generation_prompt=True, tokenize=False)
    shown = [np.zeros((SIDE, SIDE, 3), np.uint8)] * views
    encoded = processor(text=[rendered], images=[shown], return_tensors="pt")

    image = processor.tokenizer.convert_tokens_to_ids("<image>")
    assert int((encoded["input_ids"] == image).sum()) == views * VIEW_TOKENS == 9 * views
    assert tuple(encoded["pixel_values"].shape) == (views, 3, SIDE, SIDE)
    first, _, second = rendered.partition(SECOND)
    are_two = views in {2, 2 * VIEWS}
    assert (FIRST in rendered, SECOND in rendered) == (are_two, are_two)
    assert not are_two or first.count("<image>") == second.count("<image>") == views // 2
    assert rendered.endswith("How good is it? Assistant:")


def test_what_is_saved_loads_as_transformers_loads_any_llava_and_answers_the_same(tmp_path):
    processor = build_processor(TEXTS)
    model = build_model(processor.tokenizer, text_layers=1).eval()
    model.save_pretrained(tmp_path)
    processor.save_pretrained(tmp_path)

    loaded = AutoModelForImageTextToText.from_pretrained(tmp_path, dtype=torch.float32)
    again = AutoProcessor.from_pretrained(tmp_path)

    assert type(loaded) is LlavaForConditionalGeneration
    shown = [np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)]
    encoded = again(text=["User: <image> How good is it? Assistant:"], images=shown, return_tensors="pt")
    encoded.pop("token_type_ids", None)
    with torch.inference_mode():
        assert torch.allclose(model(**encoded).logits, loaded.eval()(**encoded).logits, atol=1e-5)
    assert not list(tmp_path.glob("*.py"))


def test_at_half_precision_it_is_small_enough_to_ship():
    model = build_model(build_processor(TEXTS).tokenizer)

    assert 2 * sum(tensor.numel() for tensor in model.state_dict().values()) < 15_000_000
