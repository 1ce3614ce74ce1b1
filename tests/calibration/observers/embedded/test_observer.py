"""The observer on an untrained model of the shipped architecture, so that tests hold while weights change."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from calibration.image import Image
from calibration.observers.embedded.architecture import build_model, build_processor
from calibration.observers.embedded.observer import EmbeddedObserver, load_embedded
from calibration.observers.protocol import LocalModel, Manner, Observer, ObserverError, Query
from calibration.questions import DIRECT_PROMPT, IDENTICAL_PROMPT, MULTIPLE_CHOICE_PROMPT

DIRECT = DIRECT_PROMPT.format(distortion="blur")
LETTERED = MULTIPLE_CHOICE_PROMPT.format(distortion="blur")
WORDS = (
    DIRECT,
    LETTERED,
    IDENTICAL_PROMPT,
    "<yes> Yes. <no> No. A B The blur is different. What color is it?",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    processor = build_processor(WORDS)
    patches = torch.randn(2000, 768, generator=torch.Generator().manual_seed(0))
    build_model(processor.tokenizer, patches, seed=0).save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def observer(folder: Path) -> EmbeddedObserver:
    return load_embedded(folder)


def picture(seed: int, side: int = 96) -> Image:
    return Image(np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8))


def test_it_is_an_observer_named_after_its_folder_and_can_be_served(observer: EmbeddedObserver, folder: Path):
    assert isinstance(observer, Observer)
    assert isinstance(observer, LocalModel)
    assert (observer.name, observer.stimulus_side, observer.input_side) == (folder.name, 96, 96)
    assert observer.in_flight == 32


@pytest.mark.parametrize("prompt", [DIRECT, LETTERED, IDENTICAL_PROMPT])
def test_a_reply_is_one_token_with_the_probability_of_yes(observer: EmbeddedObserver, prompt: str):
    (reply,) = observer.ask([Query(prompt, (picture(0), picture(1)))])

    assert reply.is_first_token
    assert 0 < reply.probability < 1
    assert len(reply.text.split()) <= 1


def test_asking_twice_gives_the_same_probabilities(observer: EmbeddedObserver):
    queries = [Query(prompt, (picture(n), picture(n + 1))) for n in range(4) for prompt in (DIRECT, LETTERED)]

    assert observer.ask(queries) == observer.ask(queries)


def test_company_in_the_batch_does_not_change_an_answer(observer: EmbeddedObserver):
    queries = [
        Query(prompt, (picture(n, side=50 + 40 * n), picture(9)))
        for n, prompt in enumerate((DIRECT, IDENTICAL_PROMPT, LETTERED, IDENTICAL_PROMPT))
    ]

    together = [reply.probability for reply in observer.ask(queries)]
    alone = [observer.ask([query])[0].probability for query in queries]

    assert together == pytest.approx(alone, abs=1e-4)


def test_prompts_with_any_number_of_images_are_completed_in_order(observer: EmbeddedObserver):
    queries = [Query("What color is it?", [picture(n) for n in range(images)]) for images in (1, 0, 2, 1, 3)]

    together = observer.complete(queries)

    assert len(together) == 5
    assert together[0] == observer.complete(queries[:1])[0]
    assert together[3] == together[0]


def test_tokens_are_counted_as_the_model_sees_them(observer: EmbeddedObserver):
    assert observer.count_image_tokens(picture(0, side=700)) == 36
    assert observer.count_tokens("What color is it?") == 5
    assert observer.count_tokens("<yes>") == 1


def test_a_folder_without_a_model_is_told(tmp_path: Path):
    with pytest.raises(ObserverError, match="found none"):
        load_embedded(tmp_path)


@pytest.mark.parametrize("name", ["embedded", "gpt-4o", "GPT-4o"])
def test_a_folder_named_like_a_model_with_known_thresholds_is_refused(
    folder: Path, tmp_path: Path, name: str
):
    (tmp_path / name).symlink_to(folder)
    copied = shutil.copytree(folder, tmp_path / "copies" / name)

    with pytest.raises(ObserverError, match=f"'{name}' is a model with known thresholds"):
        load_embedded(copied)
    assert load_embedded(tmp_path / name).name == folder.name


@pytest.mark.parametrize("damaged", ["config.json", "model.safetensors"])
def test_a_damaged_model_is_told(folder: Path, tmp_path: Path, damaged: str):
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / damaged).write_text("{")

    with pytest.raises(ObserverError, match="cannot load"):
        load_embedded(tmp_path)


def test_what_each_token_could_have_been_is_told_with_the_text(observer: EmbeddedObserver):
    query = Query(
        DIRECT_PROMPT.format(distortion="blur"), (picture(0), picture(1)), manner=Manner(words=("yes", "no"))
    )

    (told,) = observer.tell([query], 3)

    assert told.text == observer.complete([query])[0]
    assert "".join(choice.token for choice in told.choices).split() == told.text.replace(".", " .").split()
    assert all(len(choice.alternatives) == 3 for choice in told.choices)
    first, (asked,) = told.choices[0], observer.ask([query])
    assert first.alternatives[first.token] == pytest.approx(
        max(asked.choices[0].alternatives.values()), abs=1e-4
    )
