"""The critic LMM on an untrained model of the shipped architecture, and the shipped one's manners."""

import base64
import json
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient
from skimage import data

from calibration.critic.reading import read_words
from calibration.critic.scales import PAIRS, QUALITY, SCALES
from calibration.image import Image, encode_png
from calibration.observers.critic.observer import CriticObserver, load_critic
from calibration.observers.protocol import (
    LocalModel,
    Manner,
    Observer,
    ObserverError,
    Query,
    TellsTokens,
    UnfitQueryError,
)
from calibration.observers.select import build_observer
from calibration.serve import build_app
from tests.calibration.observers.critic.models import save_untrained

LEVELS = SCALES[QUALITY]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("untrained")
    save_untrained(folder)
    return folder


@pytest.fixture(scope="module")
def observer(folder: Path) -> CriticObserver:
    return load_critic(folder)


@pytest.fixture(scope="module")
def shipped() -> CriticObserver:
    return load_critic()


def picture(seed: int, side: int = 400) -> Image:
    return Image(np.random.default_rng(seed).integers(0, 256, (side, side + 20, 3), dtype=np.uint8))


def asked(*images: Image, opened: bool = True) -> Query:
    scale = LEVELS if len(images) == 1 else SCALES[PAIRS]
    if opened:
        return Query(scale.prompt, images, manner=Manner(scale.words, opening=scale.opening))
    return Query(scale.offering, images, manner=Manner(scale.words))


def test_it_is_an_observer_named_after_its_folder_and_can_be_served(observer: CriticObserver, folder: Path):
    assert isinstance(observer, Observer)
    assert isinstance(observer, LocalModel)
    assert isinstance(observer, TellsTokens)
    assert (observer.name, observer.stimulus_side, observer.input_side) == (folder.name, None, None)
    assert observer.in_flight == 16


@pytest.mark.parametrize("opened", [True, False])
def test_where_words_are_wanted_it_tells_the_probability_of_each(observer: CriticObserver, opened: bool):
    (reply,) = observer.ask([asked(picture(0), opened=opened)])

    choice = reply.choices[0]
    assert set(LEVELS.words) <= {word.strip() for word in choice.alternatives}
    assert all(logarithm <= 0 for logarithm in choice.alternatives.values())
    assert math.fsum(map(math.exp, choice.alternatives.values())) <= 1 + 1e-5


def test_company_in_the_batch_does_not_change_an_answer(observer: CriticObserver):
    queries = [
        asked(picture(0)),
        asked(picture(1, side=40)),
        asked(picture(2), picture(3)),
        asked(picture(4), opened=False),
        Query("Describe the quality of this image.", [picture(5)]),
    ]

    together = observer.ask(queries)
    alone = [observer.ask([query])[0] for query in queries]

    for one, other in zip(together, alone, strict=True):
        assert one.text == other.text
        for told, by_itself in zip(one.choices, other.choices, strict=True):
            assert told.alternatives == pytest.approx(by_itself.alternatives, abs=1e-3)


def test_two_pictures_of_which_one_is_small_are_both_looked_at_as_wholes(observer: CriticObserver):
    replies = observer.complete([Query("Which is better?", [picture(0), picture(1, side=30)])])

    assert len(replies) == 1


@pytest.mark.parametrize("number", [3, 5, 10])
def test_more_than_two_pictures_are_refused_for_their_views_would_pass_for_those_of_two_or_one(
    observer: CriticObserver, number: int
):
    pictures = [picture(seed, side=40) for seed in range(number)]

    for ask in (observer.complete, observer.ask):
        with pytest.raises(UnfitQueryError, match=f"at most 2 images, got {number}"):
            ask([Query("Which is better?", pictures)])


def test_a_prompt_beyond_the_context_is_refused_with_both_lengths_and_one_within_it_is_not(
    observer: CriticObserver,
):
    def prompt(words: int) -> Query:
        return Query("quality " * words, [picture(0)])  # a token each, and 45 of the picture

    with pytest.raises(UnfitQueryError, match="at most 1984 tokens of prompt and images, got 1985"):
        observer.complete([prompt(1984 - 45 + 1)])
    assert len(observer.complete([prompt(1984 - 45)])) == 1
    assert issubclass(UnfitQueryError, ObserverError)


def test_the_template_takes_no_more_than_what_is_set_aside_for_it(observer: CriticObserver):
    render = observer._language._render("", 10)

    assert observer.count_tokens(render.replace("<image>", "")) <= 16


def test_tokens_are_counted_by_views(observer: CriticObserver):
    assert observer.count_image_tokens(picture(0)) == 45
    assert observer.count_image_tokens(picture(0, side=32)) == 9
    assert observer.count_tokens("The quality of the image is") == 6


def test_a_folder_without_a_model_and_a_damaged_one_are_told(folder: Path, tmp_path: Path):
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "model.safetensors").write_text("{")

    with pytest.raises(ObserverError, match="cannot load the critic LMM"):
        load_critic(tmp_path)
    with pytest.raises(ValueError, match="a training of the critic LMM"):
        build_observer(f"critic:{tmp_path / 'nothing'}")


def test_the_one_that_ships_answers_in_words_of_which_it_tells_the_probabilities(shipped: CriticObserver):
    (reply,) = shipped.ask([asked(Image(data.chelsea()), opened=False)])

    reading = read_words(reply, LEVELS)
    assert reading.outcome == "read"
    assert reading.word in LEVELS.words


def test_the_one_that_ships_finds_a_photograph_better_than_what_is_left_of_it(shipped: CriticObserver):
    clean = Image(np.ascontiguousarray(data.astronaut()))
    rng = np.random.default_rng(0)
    noisy = Image(np.clip(clean.pixels + rng.normal(0, 50, clean.pixels.shape), 0, 255).astype(np.uint8))

    text, other = shipped.complete(
        [
            Query("Which of the two images is better, and why?", pair)
            for pair in ((clean, noisy), (noisy, clean))
        ]
    )
    (described,) = shipped.complete([Query("Describe the quality of this image.", [noisy])])

    assert text.startswith("The first image is better")
    assert other.startswith("The second image is better")
    assert "noisy" in described.lower()
    assert described.rstrip().endswith(".")


@pytest.fixture(scope="module")
def client(shipped: CriticObserver) -> Iterator[TestClient]:
    with TestClient(build_app(shipped)) as client:
        yield client


def test_a_client_that_sends_three_pictures_is_told_why_they_are_refused(client: TestClient):
    url = "data:image/png;base64," + base64.b64encode(encode_png(picture(0, side=40))).decode()
    content = [{"type": "image_url", "image_url": {"url": url}}] * 3 + [{"type": "text", "text": "Best?"}]
    body = {"model": "critic", "messages": [{"role": "user", "content": content}]}

    answer = client.post("/v1/chat/completions", content=json.dumps(body))

    assert answer.status_code == 400
    assert "at most 2 images, got 3" in answer.json()["error"]["message"]


def test_it_is_served_to_any_client_of_the_chat_api(client: TestClient):
    url = "data:image/png;base64," + base64.b64encode(encode_png(Image(data.chelsea()))).decode()
    content = [
        {"type": "image_url", "image_url": {"url": url}},
        {"type": "text", "text": LEVELS.prompt},
    ]
    messages = [{"role": "user", "content": content}, {"role": "assistant", "content": LEVELS.opening}]
    body = {
        "model": "critic",
        "messages": messages,
        "continue_final_message": True,
        "add_generation_prompt": False,
        "logprobs": True,
        "top_logprobs": 20,
    }

    answer = client.post("/v1/chat/completions", content=json.dumps(body))

    assert answer.status_code == 200
    (choice,) = answer.json()["choices"]
    first = choice["logprobs"]["content"][0]
    assert first["token"].strip() in LEVELS.words
    assert choice["message"]["content"].startswith(first["token"].strip())
    assert {"good", "fair"} <= {told["token"].strip() for told in first["top_logprobs"]}
    assert answer.json()["usage"]["prompt_tokens"] > 45
