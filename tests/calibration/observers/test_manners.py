"""How an answer is wanted reaches every provider's API, and local models."""

import math
from typing import Any

import numpy as np
import pytest
import torch

from calibration.image import Image
from calibration.observers.anthropic import Messages
from calibration.observers.dialect import Dialect
from calibration.observers.embedded.architecture import build_model, build_processor
from calibration.observers.embedded.observer import EmbeddedObserver
from calibration.observers.gemini import GenerateContent
from calibration.observers.openai_compatible import ChatCompletions
from calibration.observers.openai_responses import Responses
from calibration.observers.protocol import Manner, Query
from calibration.observers.transformers_loading import LoadedModel
from calibration.observers.transformers_local import TransformersObserver
from calibration.observers.word_tokens import word_masses

LEVELS = ("excellent", "good", "fair", "poor", "bad")
WORDS, DRAWN = Manner(words=LEVELS), Manner(words=LEVELS, temperature=1.0)
OPENING = "The quality of the image is"


def options(dialect: Dialect, manner: Manner) -> dict[str, Any]:
    body = dialect.body("p", ["aGk="], manner)
    return body.get("generationConfig", body)


@pytest.mark.parametrize(
    "dialect", [ChatCompletions("m"), Messages("m"), GenerateContent("m"), Responses("m")], ids=type
)
def test_the_temperature_is_asked_for_until_it_is_refused(dialect: Dialect):
    assert [options(dialect, each)["temperature"] for each in (Manner(), WORDS, DRAWN)] == [0, 0, 1]

    assert dialect.concede(dialect.body("p", ["aGk="], DRAWN), "temperature is not supported") is not None

    assert "temperature" not in options(dialect, DRAWN)


@pytest.mark.parametrize(
    ("dialect", "field", "ladder"),
    [
        (ChatCompletions("m"), "top_logprobs", [20, 10, 5]),
        (GenerateContent("m"), "logprobs", [20, 5]),
    ],
)
def test_fewer_alternatives_are_asked_for_where_an_api_lists_fewer(
    dialect: Dialect, field: str, ladder: list[int]
):
    asked = []
    while (number := options(dialect, WORDS).get(field)) is not None:
        asked.append(number)
        assert dialect.concede(dialect.body("p", ["aGk="], WORDS), "logprobs: too many") is not None

    assert asked == ladder


@pytest.mark.parametrize("dialect", [ChatCompletions("m"), GenerateContent("m")], ids=type)
def test_drawn_answers_are_asked_for_without_probabilities(dialect: Dialect):
    assert not any("logprobs" in name.lower() for name in options(dialect, DRAWN))
    assert any("logprobs" in name.lower() for name in options(dialect, Manner()))


def test_an_opening_ends_the_request_and_bounds_what_follows():
    body = ChatCompletions("m").body("p", ["aGk="], Manner(words=LEVELS, opening=OPENING))

    assert body["messages"][-1] == {"role": "assistant", "content": OPENING}
    assert (body["continue_final_message"], body["add_generation_prompt"], body["max_tokens"]) == (
        True,
        False,
        16,
    )
    assert "continue_final_message" not in ChatCompletions("m").body("p", ["aGk="])


@pytest.fixture(scope="module")
def parts() -> tuple[Any, Any]:
    """An untrained model whose vocabulary has the words."""
    processor = build_processor(
        [f"{OPENING} excellent good fair poor bad", "<yes> <no> Yes No A B rate it ?"]
    )
    patches = torch.randn(2000, 768, generator=torch.Generator().manual_seed(0))
    return build_model(processor.tokenizer, patches, seed=0), processor


@pytest.fixture(scope="module", params=["embedded", "transformers"])
def observer(request: pytest.FixtureRequest, parts: tuple[Any, Any]) -> Any:
    model, processor = parts
    if request.param == "embedded":
        return EmbeddedObserver(model, processor)
    return TransformersObserver(LoadedModel(model, processor), "tiny")


def picture(seed: int) -> Image:
    return Image(np.random.default_rng(seed).integers(0, 256, (96, 96, 3), dtype=np.uint8))


def test_a_local_model_tells_how_probable_every_word_is(observer: Any, parts: tuple[Any, Any]):
    model, processor = parts
    query = Query("rate it ?", [picture(0)], manner=Manner(words=LEVELS, opening=OPENING))

    (reply,) = observer.ask([query])

    (choice,) = reply.choices
    masses = word_masses(choice.alternatives, LEVELS)
    encoded = observer._language.encode([query])
    with torch.inference_mode():
        expected = model(**encoded).logits[0, -1].float().softmax(dim=0)
    places = processor.tokenizer.get_vocab()
    spelled = {word: float(expected[places[word]] + expected[places[word.capitalize()]]) for word in LEVELS}
    assert masses == pytest.approx(spelled, rel=1e-3)
    assert choice.alternatives[choice.token] == pytest.approx(math.log(float(expected.max())), abs=1e-3)


def test_an_opening_changes_what_a_local_model_is_asked(observer: Any):
    opened, plain = (
        observer.ask([Query("rate it ?", [picture(0)], manner=Manner(words=LEVELS, opening=opening))])[0]
        for opening in (OPENING, "")
    )

    assert opened.choices != plain.choices


def test_questions_for_words_and_for_flags_share_a_call(observer: Any):
    words = Query("rate it ?", [picture(0)], manner=Manner(words=LEVELS))
    flags = Query("rate it ?", [picture(0), picture(1)])

    mixed = observer.ask([flags, words, flags])

    assert [bool(reply.choices) for reply in mixed] == [False, True, False]
    assert mixed[0] == mixed[2]
    assert mixed[0].probability == pytest.approx(observer.ask([flags])[0].probability, abs=1e-4)
