import numpy as np
import pytest
import torch

from calibration.observers.embedded.architecture import IMAGE_TOKENS, PATCH, build_model, build_processor
from calibration.observers.embedded.batches import Batch, Example, Tokens, collate, normalise
from calibration.observers.embedded.pairs import Answer
from calibration.observers.embedded.scenes import sample_scene
from calibration.observers.embedded.training import prompt_texts

QUESTION, OTHER = "Are these two images different?", "Do the two images differ?"


@pytest.fixture(scope="module")
def pictures() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [sample_scene(rng).pixels for _ in range(4)]


@pytest.fixture(scope="module")
def processor():
    return build_processor(prompt_texts())


@pytest.fixture(scope="module")
def tokens(processor) -> Tokens:
    return Tokens(processor.tokenizer)


def collated(tokens: Tokens, *examples: Example) -> Batch:
    return collate(examples, tokens, np.random.default_rng(1))


def pair(pictures: list[np.ndarray], *questions: tuple[str, Answer]) -> Example:
    return Example((pictures[0], pictures[1]), questions)


def test_the_tokenizer_knows_every_word_of_every_prompt(tokens: Tokens):
    for text in prompt_texts():
        assert tokens.unknown not in tokens(text), text
    assert [len(tokens(flag)) for flag in ("<yes>", "<no>", "Yes", "No", "A", "B")] == [1] * 6


def test_pictures_are_scaled_as_the_processor_does(processor, pictures: list[np.ndarray]):
    expected = processor.image_processor(pictures[:2], return_tensors="pt")["pixel_values"]

    assert torch.allclose(normalise(pictures[:2]), expected, atol=1e-5)
    assert normalise([np.full((96, 96, 3), 255, np.uint8)]).unique().tolist() == [2.0]


def test_answers_are_taught_where_they_are_predicted(tokens: Tokens, pictures: list[np.ndarray]):
    sure = Answer("Yes", "No", 1.0)

    batch = collated(tokens, pair(pictures, (QUESTION, sure)))

    (flag,) = torch.nonzero(batch.flags)[:, 0].tolist()
    column = int(batch.columns[flag])
    said = tokens("Yes")[0], tokens("No")[0]
    assert batch.tokens[0, column] == tokens("Assistant:")[-1]
    assert (*batch.targets[flag].tolist(), float(batch.shares[flag])) == (*said, 1.0)
    assert batch.tokens[0, column + 1] == said[0]
    assert batch.targets[-1].tolist() == [tokens.end] * 2


def test_the_first_word_weighs_most(tokens: Tokens, pictures: list[np.ndarray]):
    batch = collated(tokens, pair(pictures, (QUESTION, Answer("Yes", "No", 0.3))))

    assert batch.shares[batch.flags].tolist() == pytest.approx([0.3])
    assert batch.weights[batch.flags].tolist() == [1.0]
    assert batch.weights[~batch.flags].max() < 0.2


def test_a_question_sees_the_pictures_and_itself_and_no_other_question(
    tokens: Tokens, pictures: list[np.ndarray]
):
    answer = Answer("Yes", "No", 1.0)

    batch = collated(tokens, pair(pictures, (QUESTION, answer), (OTHER, answer)))

    prefix = len(tokens("User:")) + 2 * IMAGE_TOKENS
    first, second = batch.columns[batch.flags].tolist()
    seen = batch.visible[0, 0]
    assert seen[second, :prefix].all()
    assert not seen[second, prefix : first + 1].any()
    assert not seen.triu(1).any()
    assert batch.positions[0, prefix] == prefix == batch.positions[0, first + 2]


def test_shorter_examples_are_padded_with_tokens_that_nobody_sees(tokens: Tokens, pictures: list[np.ndarray]):
    answer = Answer("Yes", "No", 1.0)

    batch = collated(
        tokens, pair(pictures, (QUESTION, answer)), pair(pictures, (QUESTION, answer), (OTHER, answer))
    )

    is_padding = batch.tokens[0] == tokens.padding
    assert batch.tokens.shape[1] % 16 == 0
    assert is_padding.sum() > 5
    assert not batch.visible[0, 0][~is_padding][:, is_padding].any()
    assert batch.visible[0, 0].any(dim=1).all()  # a row without anything would not be finite


def test_questions_that_share_pictures_answer_as_if_alone(
    processor, tokens: Tokens, pictures: list[np.ndarray]
):
    patches = normalise(pictures).unfold(2, PATCH, PATCH).unfold(3, PATCH, PATCH)
    patches = patches.permute(0, 2, 3, 1, 4, 5).reshape(-1, 3 * PATCH * PATCH)
    model = build_model(processor.tokenizer, patches).eval()
    questions = (QUESTION, OTHER)
    batch = collated(tokens, pair(pictures, *((one, Answer("Yes", "No", 1.0)) for one in questions)))

    with torch.no_grad():
        shared = model.model(
            input_ids=batch.tokens,
            pixel_values=batch.pixels,
            attention_mask=batch.visible,
            position_ids=batch.positions,
        ).last_hidden_state[batch.rows, batch.columns][batch.flags]
        prefix = tokens("User:") + [tokens.image] * (2 * IMAGE_TOKENS)
        for index, question in enumerate(questions):
            alone = torch.tensor([prefix + tokens(question) + tokens("Assistant:")])
            expected = model.model(input_ids=alone, pixel_values=batch.pixels).last_hidden_state[0, -1]

            assert torch.allclose(shared[index], expected, atol=1e-4)
