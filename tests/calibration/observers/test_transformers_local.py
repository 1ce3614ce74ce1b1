"""The observer of local models, on tiny untrained ones of four families, saved to disk and loaded again."""
# ruff: noqa: S106 - "token" is a word of language models here

import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from fastapi.testclient import TestClient
from safetensors.torch import load_file, save_file
from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers
from transformers import LlavaForConditionalGeneration
from transformers.generation import GenerateDecoderOnlyOutput

from calibration.image import Image
from calibration.observers.flags import flag_words, spelling
from calibration.observers.openai_compatible import ChatCompletions
from calibration.observers.pictures import PictureTexts
from calibration.observers.protocol import LocalModel, Observer, ObserverError, Query
from calibration.observers.transformers_loading import LoadedModel, _without_videos, load_model
from calibration.observers.transformers_local import TransformersObserver, load_transformers
from calibration.observers.vision_language import VisionLanguageModel
from calibration.questions import DIRECT_PROMPT, IDENTICAL_PROMPT, MULTIPLE_CHOICE_PROMPT
from calibration.serve import build_app

DIRECT = DIRECT_PROMPT.format(distortion="blur")
LETTERED = MULTIPLE_CHOICE_PROMPT.format(distortion="blur")
WORDS = f"{DIRECT} {LETTERED} {IDENTICAL_PROMPT} What color is it ? Yes No yes no user assistant : . < >"
SIDE = 56
TEXT = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 2048,
    "initializer_range": 0.3,  # so that an untrained model's answers depend on its pictures visibly
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
VISION = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "patch_size": 14,
    "initializer_range": 0.3,
}


def build_tokenizer(specials: Sequence[str], **named: str) -> Any:
    splitter = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation("isolated")]
    )
    words = [word for word, _ in splitter.pre_tokenize_str(WORDS)]
    first = ["<pad>", "<s>", "</s>", "<unk>", *specials]
    vocabulary = {word: index for index, word in enumerate(dict.fromkeys([*first, *words]))}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = splitter
    tokenizer.add_special_tokens([AddedToken(word, special=True, normalized=False) for word in first])
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        bos_token="<s>",
        eos_token="</s>",
        unk_token="<unk>",
        padding_side="right",  # as many published models have it: the observer must pad on the left
        extra_special_tokens=named,
    )


def chat_template(image: str) -> str:
    return (
        "{% for message in messages %}{{ message['role'] }} : {% for part in message['content'] %}"
        "{% if part['type'] == 'image' %}" + image + "{% else %} {{ part['text'] }}{% endif %}"
        "{% endfor %} {% endfor %}{% if add_generation_prompt %}assistant :{% endif %}"
    )


def build_llava() -> tuple[Any, Any]:
    tokenizer = build_tokenizer(["<image>"], image_token="<image>")
    size = {"height": SIDE, "width": SIDE}
    processor = transformers.LlavaProcessor(
        transformers.CLIPImageProcessorPil(size={"shortest_edge": SIDE}, crop_size=size),
        tokenizer,
        patch_size=14,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
    )
    vision = transformers.CLIPVisionConfig(**VISION, image_size=SIDE)
    text = transformers.LlamaConfig(**TEXT, vocab_size=len(tokenizer))
    token = tokenizer.convert_tokens_to_ids("<image>")
    config = transformers.LlavaConfig(
        vision_config=vision, text_config=text, image_token_id=token, image_seq_length=16
    )
    return LlavaForConditionalGeneration(config), processor


def build_qwen() -> tuple[Any, Any]:
    marks = ["<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>"]
    tokenizer = build_tokenizer(marks)
    start, end, image, video = (tokenizer.convert_tokens_to_ids(mark) for mark in marks)
    processor = _without_videos(transformers.Qwen2_5_VLProcessor)(
        transformers.Qwen2VLImageProcessorPil(min_pixels=28 * 28 * 4, max_pixels=28 * 28 * 16),
        tokenizer,
        chat_template=chat_template("<|vision_start|><|image_pad|><|vision_end|>"),
    )
    rope = {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [1, 1, 2]}
    vision = {
        "depth": 2,
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_heads": 4,
        "out_hidden_size": 32,
        "window_size": SIDE,
        "fullatt_block_indexes": [1],
        "initializer_range": 0.3,
    }
    config = transformers.Qwen2_5_VLConfig(
        text_config={**TEXT, "vocab_size": len(tokenizer), "rope_parameters": rope},
        vision_config=vision,
        image_token_id=image,
        video_token_id=video,
        vision_start_token_id=start,
        vision_end_token_id=end,
    )
    return transformers.Qwen2_5_VLForConditionalGeneration(config), processor


def build_internvl() -> tuple[Any, Any]:
    named = {
        "start_image_token": "<img>",
        "end_image_token": "</img>",
        "context_image_token": "<IMG_CONTEXT>",
        "video_token": "<video>",
    }
    tokenizer = build_tokenizer(list(named.values()), **named)
    size = {"height": SIDE, "width": SIDE}
    processor = _without_videos(transformers.InternVLProcessor)(
        transformers.GotOcr2ImageProcessorPil(size=size, crop_to_patches=True, min_patches=1, max_patches=2),
        tokenizer,
        image_seq_length=4,
        chat_template=chat_template("<IMG_CONTEXT>"),
    )
    config = transformers.InternVLConfig(
        text_config={"model_type": "qwen2", **TEXT, "vocab_size": len(tokenizer)},
        vision_config={**VISION, "image_size": [SIDE, SIDE], "patch_size": [14, 14]},
        image_token_id=tokenizer.convert_tokens_to_ids("<IMG_CONTEXT>"),
        image_seq_length=4,
    )
    return transformers.InternVLForConditionalGeneration(config), processor


def build_idefics3() -> tuple[Any, Any]:
    tokenizer = build_tokenizer(
        ["<image>", "<fake_token_around_image>", "<global-img>", "<end_of_utterance>"]
        + [f"<row_{row}_col_{column}>" for row in (1, 2) for column in (1, 2)]
    )
    processor = transformers.Idefics3Processor(
        transformers.Idefics3ImageProcessorPil(
            size={"longest_edge": 2 * SIDE}, max_image_size={"longest_edge": SIDE}, do_image_splitting=True
        ),
        tokenizer,
        image_seq_len=4,
        chat_template=chat_template("<image>"),
    )
    config = transformers.Idefics3Config(
        text_config={"model_type": "llama", **TEXT, "vocab_size": len(tokenizer)},
        vision_config={**VISION, "image_size": SIDE},
        image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
        scale_factor=2,
        pad_token_id=0,
    )
    return transformers.Idefics3ForConditionalGeneration(config), processor


FAMILIES: dict[str, Callable[[], tuple[Any, Any]]] = {
    "llava": build_llava,
    "qwen2.5-vl": build_qwen,
    "internvl": build_internvl,
    "idefics3": build_idefics3,
}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folders = {}
    for name, build in FAMILIES.items():
        torch.manual_seed(1)
        model, processor = build()
        with torch.no_grad():
            model.lm_head.weight.mul_(0.3)  # no word so unlikely that yes and no are out of the question
        folders[name] = tmp_path_factory.mktemp("models") / name
        model.save_pretrained(folders[name])
        processor.save_pretrained(folders[name])
    return folders


@pytest.fixture(scope="module", params=FAMILIES)
def folder(request: pytest.FixtureRequest, folders: dict[str, Path]) -> Path:
    return folders[request.param]


@pytest.fixture(scope="module")
def observer(folder: Path) -> TransformersObserver:
    return load_transformers(str(folder))


def picture(seed: int, side: int = 64) -> Image:
    return Image(np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8))


def probabilities(observer: TransformersObserver, queries: Sequence[Query]) -> list[float]:
    found = [reply.probability for reply in observer.ask(queries)]
    assert all(probability is not None for probability in found)
    return found


def test_it_is_an_observer_and_can_be_served(observer: TransformersObserver, folder: Path):
    assert isinstance(observer, Observer)
    assert isinstance(observer, LocalModel)
    assert observer.name == folder.name
    assert observer.in_flight == 8


def test_one_query_yields_a_probability(observer: TransformersObserver):
    for prompt in (DIRECT, LETTERED, IDENTICAL_PROMPT):
        assert 0 < probabilities(observer, [Query(prompt, (picture(0), picture(1)))])[0] < 1


def test_company_in_the_batch_does_not_change_an_answer(observer: TransformersObserver):
    prompts = (DIRECT, IDENTICAL_PROMPT, LETTERED, IDENTICAL_PROMPT, DIRECT)
    queries = [Query(prompt, (picture(n), picture(n + 1))) for n, prompt in enumerate(prompts)]

    together = observer.ask(queries)
    alone = [observer.ask([query])[0] for query in queries]

    assert [reply.probability for reply in together] == pytest.approx(
        [reply.probability for reply in alone], abs=1e-4
    )
    assert [reply.text for reply in together] == [reply.text for reply in alone]


def test_both_pictures_and_their_order_reach_the_model(observer: TransformersObserver):
    same, first, second, swapped = probabilities(
        observer,
        [
            Query(DIRECT, (picture(0), picture(1))),
            Query(DIRECT, (picture(2), picture(1))),
            Query(DIRECT, (picture(0), picture(2))),
            Query(DIRECT, (picture(1), picture(0))),
        ],
    )

    assert abs(first - same) > 1e-5
    assert abs(second - same) > 1e-5
    assert abs(swapped - same) > 1e-5


def test_prompts_with_any_number_of_pictures_are_answered_in_order(observer: TransformersObserver):
    queries = [Query("What color is it ?", [picture(n) for n in range(images)]) for images in (1, 2, 1, 3)]

    together = observer.ask(queries)

    assert [reply.text for reply in together] == [observer.ask([query])[0].text for query in queries]
    assert together[0] == together[2]


def test_a_question_about_one_picture_is_answered_in_words(observer: TransformersObserver):
    (reply,) = observer.ask([Query("What color is it ?", (picture(0),))])

    assert not reply.is_first_token
    assert reply.probability is None


def test_more_pixels_never_take_fewer_tokens(observer: TransformersObserver):
    small, large = (observer.count_image_tokens(picture(0, side)) for side in (56, 112))

    assert 0 < small <= large
    assert observer.count_tokens("What color is it ?") == 5


def test_completions_are_the_beginning_of_the_same_greedy_text(observer: TransformersObserver):
    query = Query("What color is it ?", (picture(0),))

    (served,) = observer.complete([query])

    assert served.startswith(observer.ask([query])[0].text)


def test_it_can_be_served_to_the_dialect_that_asks_it(observer: TransformersObserver):
    query = Query("What color is it ?", (picture(0),))
    body = ChatCompletions(observer.name).body(query.prompt, PictureTexts().texts(query.images))

    with TestClient(build_app(observer)) as client:
        answer = client.post("/v1/chat/completions", json=body).json()

    assert answer["choices"][0]["message"]["content"] == observer.complete([query])[0]
    image_tokens = observer.count_image_tokens(query.images[0])
    assert answer["usage"]["prompt_tokens"] == image_tokens + observer.count_tokens(query.prompt)


@pytest.fixture(scope="module")
def llava(folders: dict[str, Path]) -> LoadedModel:
    return load_model(str(folders["llava"]))


def prefer(model: Any, tokenizer: Any, *words: str) -> None:
    """Make a model say one of these words first, which of them depending on the pictures."""
    with torch.no_grad():
        for word in words:
            model.lm_head.weight[tokenizer.convert_tokens_to_ids(word)] *= 30


@pytest.mark.parametrize(("prompt", "words"), [(DIRECT, ("yes", "No")), (LETTERED, ("A", "B"))])
def test_a_model_that_begins_with_its_flag_is_not_made_to_say_more(
    folders, prompt: str, words: tuple[str, str]
):
    loaded = load_model(str(folders["llava"]))
    prefer(loaded.model, loaded.processor.tokenizer, *words)
    observer = TransformersObserver(loaded, "llava")

    replies = observer.ask([Query(prompt, (picture(n), picture(n + 1))) for n in range(12)])

    flagged = [reply for reply in replies if reply.is_first_token]
    assert len(flagged) > 6
    assert all(flag_words(prompt).meaning(reply.text) == (reply.probability > 0.5) for reply in flagged)


def test_generation_stops_once_every_reply_of_the_batch_has_its_flag(folders: dict[str, Path]):
    loaded = load_model(str(folders["llava"]))
    prefer(loaded.model, loaded.processor.tokenizer, "yes", "No")
    flags = spelling(flag_words(DIRECT), loaded.processor.tokenizer.get_vocab().items())
    language = VisionLanguageModel(loaded, batch=12)
    queries = [Query(DIRECT, (picture(n), picture(n + 1))) for n in range(12)]

    mixed = language.answer(queries, [flags] * 12, 9)
    begun = [query for query, made in zip(queries, mixed, strict=True) if made.has_flag]
    short = language.answer(begun, [flags] * len(begun), 9)

    assert 6 < len(begun) < 12
    assert {len(made.logits) for made in mixed} == {9}
    assert {len(made.logits) for made in short} == {1}


class Scripted(LlavaForConditionalGeneration):
    """Says words of its own; the yes among them with three times the probability of all ways to say no."""

    words: Sequence[str]

    def generate(self, generation_config: Any, **inputs: Any) -> Any:
        said = torch.tensor([self.vocabulary[word] for word in self.words])[
            : generation_config.max_new_tokens
        ]
        logits = torch.full((len(inputs["input_ids"]), len(self.words), len(self.vocabulary)), -50.0)
        logits[:, range(len(said)), said] = 10.0
        if "yes" in self.words:
            logits[:, self.words.index("yes"), [self.vocabulary["No"], self.vocabulary["no"]]] = (
                10.0 - math.log(6)
            )
        return GenerateDecoderOnlyOutput(
            sequences=torch.cat([inputs["input_ids"], said.expand(len(inputs["input_ids"]), -1)], dim=1),
            logits=tuple(logits[:, step] for step in range(len(said))),
        )


@pytest.mark.parametrize(
    ("words", "text", "is_cut"),
    [
        (["yes", ".", "is", "it"], "yes", True),
        (["<", "yes", ">", "."], "< yes", True),
        (["is", "it", "the", "<", "yes", ">"], "is it the < yes >", False),
    ],
)
def test_a_reply_has_the_probability_at_its_flag_and_ends_there_if_it_began_with_it(
    folders: dict[str, Path], words: list[str], text: str, is_cut: bool
):
    loaded = load_model(str(folders["llava"]))
    loaded.model.__class__ = Scripted
    loaded.model.words, loaded.model.vocabulary = words, loaded.processor.tokenizer.get_vocab()

    (reply,) = TransformersObserver(loaded, "m").ask([Query(DIRECT, (picture(0), picture(1)))])

    assert (reply.text, reply.is_first_token) == (text, is_cut)
    assert reply.probability == pytest.approx(0.75, abs=1e-4)


@pytest.mark.parametrize(("explained", "ended"), [(60, "stop"), (255, "length"), (400, "length")])
def test_a_reply_that_explains_first_is_heard_out_and_one_that_never_ends_says_it_was_cut(
    folders: dict[str, Path], explained: int, ended: str
):
    loaded = load_model(str(folders["llava"]))
    loaded.model.__class__ = Scripted
    loaded.model.words = ["is"] * explained + ["yes"]
    loaded.model.vocabulary = loaded.processor.tokenizer.get_vocab()

    (reply,) = TransformersObserver(loaded, "m").ask([Query(DIRECT, (picture(0), picture(1)))])

    assert reply.ended == ended
    assert reply.text.endswith("yes") == (explained < 256)


def test_the_side_a_model_squeezes_pictures_to_is_known_where_it_is_fixed(folders: dict[str, Path]):
    sides = {}
    for name, folder in folders.items():
        observer = load_transformers(str(folder))
        sides[name] = (observer.stimulus_side, observer.input_side)

    assert sides == {
        "llava": (56, 56),
        "qwen2.5-vl": (512, None),
        "internvl": (512, None),
        "idefics3": (512, None),
    }


def test_without_a_chat_template_pictures_come_before_the_prompt(llava: LoadedModel):
    language = VisionLanguageModel(llava, batch=2)

    encoded = language.encode([Query("What color", (picture(0), picture(1)))])

    words = language.tokenizer.convert_ids_to_tokens(encoded["input_ids"][0].tolist())
    assert words == ["<image>"] * 32 + ["What", "color"]


def test_shorter_prompts_are_padded_on_the_left(llava: LoadedModel):
    language = VisionLanguageModel(llava, batch=2)

    encoded = language.encode([Query("What color", (picture(0),)), Query("What", (picture(0),))])

    assert encoded["attention_mask"][1].tolist() == [0] + [1] * 17


def test_a_tokenizer_without_padding_pads_with_its_end(folders: dict[str, Path], llava: LoadedModel):
    bare = load_model(str(folders["llava"]))
    bare.processor.tokenizer.pad_token = None
    queries = [Query(prompt, (picture(0), picture(1))) for prompt in (DIRECT, IDENTICAL_PROMPT)]

    replies = TransformersObserver(bare, "llava").ask(queries)

    assert [reply.probability for reply in replies] == pytest.approx(
        probabilities(TransformersObserver(llava, "llava"), queries), abs=1e-4
    )


class Hungry(LlavaForConditionalGeneration):
    """Runs out of memory above `room` queries at a time."""

    room = 2

    def generate(self, **inputs: Any) -> Any:
        if inputs["input_ids"].shape[0] > self.room:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return super().generate(**inputs)


@pytest.fixture
def hungry(folders: dict[str, Path]) -> LoadedModel:
    loaded = load_model(str(folders["llava"]))
    loaded.model.__class__ = Hungry
    return loaded


def test_a_batch_that_does_not_fit_is_halved_for_good(hungry: LoadedModel, llava: LoadedModel):
    observer = TransformersObserver(hungry, "hungry")
    queries = [Query(DIRECT, (picture(n), picture(n + 1))) for n in range(7)]

    found = probabilities(observer, queries)

    assert observer.in_flight == 2
    assert found == pytest.approx(probabilities(TransformersObserver(llava, "llava"), queries), abs=1e-4)


def test_a_model_too_large_for_one_query_is_told(hungry: LoadedModel):
    hungry.model.room = 0
    observer = TransformersObserver(hungry, "hungry")

    with pytest.raises(ObserverError, match="not even one query fits"):
        observer.ask([Query(DIRECT, (picture(0), picture(1)))])


def test_what_a_model_cannot_take_is_told(llava: LoadedModel):
    observer = TransformersObserver(llava, "llava")
    broken = Query("more <image> than pictures <image>", (picture(0),))

    with pytest.raises(ObserverError, match="llava failed"):
        observer.ask([broken])


def test_a_missing_model_is_told_with_the_hint_that_a_folder_works():
    with pytest.raises(
        ObserverError, match=r"cannot load transformers:.*a folder with the model's files works"
    ):
        load_transformers("./no/such/folder")


def test_a_damaged_model_is_told(folders: dict[str, Path], tmp_path: Path):
    for path in folders["llava"].iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "model.safetensors").write_bytes(b"damaged")

    with pytest.raises(ObserverError, match="cannot load"):
        load_transformers(str(tmp_path))


def test_a_model_with_weights_missing_is_told_instead_of_answering_at_random(folders, tmp_path: Path):
    for path in folders["llava"].iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    weights = load_file(tmp_path / "model.safetensors")
    del weights[max(weights)]
    save_file(weights, tmp_path / "model.safetensors", metadata={"format": "pt"})

    with pytest.raises(ObserverError, match="the weights lack 1 tensors"):
        load_transformers(str(tmp_path))


def test_a_model_that_sees_nothing_is_told(tmp_path: Path):
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "gpt2"}))

    with pytest.raises(ObserverError, match="cannot load"):
        load_transformers(str(tmp_path))


def write_halves_apart(folder: Path, parts: dict[str, Any]) -> None:
    (folder / "processor_config.json").unlink()
    pictures = {**parts["image_processor"], "processor_class": parts["processor_class"]}
    (folder / "preprocessor_config.json").write_text(json.dumps(pictures))
    videos = {**parts["image_processor"], "video_processor_type": "Qwen2VLVideoProcessor"}
    (folder / "video_preprocessor_config.json").write_text(json.dumps(videos))


def write_halves_together(folder: Path, parts: dict[str, Any]) -> None:
    videos = {**parts["image_processor"], "video_processor_type": "Qwen2VLVideoProcessor"}
    (folder / "processor_config.json").write_text(json.dumps({**parts, "video_processor": videos}))


@pytest.mark.parametrize("write", [write_halves_apart, write_halves_together])
def test_a_published_model_with_a_video_half_loads(folders: dict[str, Path], tmp_path: Path, write: Callable):
    for path in folders["qwen2.5-vl"].iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    write(tmp_path, json.loads((tmp_path / "processor_config.json").read_text()))
    query = Query(DIRECT, (picture(0), picture(1)))

    loaded = load_transformers(str(tmp_path))

    assert loaded.ask([query]) == load_transformers(str(folders["qwen2.5-vl"])).ask([query])


def test_a_package_that_a_processor_misses_is_named(
    folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("transformers.models.smolvlm.processing_smolvlm.num2words", None)
    for path in folders["idefics3"].iterdir():
        text = path.read_bytes()
        if path.suffix == ".json":
            text = text.replace(b"Idefics3", b"SmolVLM").replace(b'"idefics3', b'"smolvlm')
        (tmp_path / path.name).write_bytes(text)

    with pytest.raises(ObserverError, match="needs the package num2words"):
        load_transformers(str(tmp_path))
