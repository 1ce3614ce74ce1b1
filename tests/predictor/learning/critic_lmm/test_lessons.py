import numpy as np

from calibration.critic.scales import QUALITY, SCALES
from calibration.image import Image
from calibration.observers.critic.architecture import VIEW_TOKENS, VISION_WIDTH, build_model, build_processor
from calibration.observers.critic.views import VIEWS
from calibration.observers.embedded.batches import Tokens
from calibration.observers.protocol import Query
from calibration.observers.transformers_loading import LoadedModel
from calibration.observers.vision_language import VisionLanguageModel
from predictor.critic.critique import Attributes
from predictor.learning.critic_lmm.judged import Judged
from predictor.learning.critic_lmm.lessons import (
    Example,
    collate,
    sample_mixtures,
    sample_one,
    sample_tiny,
    sample_two,
)
from predictor.learning.critic_lmm.pictures import Pictures, Seen
from predictor.learning.critic_lmm.sayings import Saying, all_texts
from predictor.learning.critic_lmm.steadying import fit_expected

PROCESSOR = build_processor(all_texts())
TOKENS = Tokens(PROCESSOR.tokenizer)
JUDGED = Judged(60, Attributes(50, 50, 50, 10, 50))
QUESTION = Saying("How sharp is this image?", before="It is sharp.")
SCALED = Saying(
    SCALES[QUALITY].prompt, shares={"fair": 0.6, "good": 0.4}, after=".", opening="The quality is"
)


def features(views: int, seed: int = 0) -> np.ndarray:
    shape = (views, VIEW_TOKENS, VISION_WIDTH)
    return np.random.default_rng(seed).normal(size=shape).astype(np.float16)


def test_a_lesson_is_laid_out_as_a_request_is():
    language = VisionLanguageModel(LoadedModel(build_model(PROCESSOR.tokenizer, text_layers=1), PROCESSOR), 1)
    grey = Image(np.full((192, 192, 3), 128, np.uint8))

    for views, judged in ((VIEWS, (JUDGED,)), (2 * VIEWS, (JUDGED, JUDGED))):
        example = Example(features(views), judged, (QUESTION,))
        batch = collate([example], TOKENS, np.random.default_rng(5))
        asked = language.encode([Query(QUESTION.question, [grey] * views)])["input_ids"][0].tolist()

        length = len(asked)
        assert batch.tokens[0, :length].tolist() == asked
        assert batch.columns.min() == length - 1
        assert batch.positions[0, :length].tolist() == list(range(length))


def test_questions_do_not_see_each_other_and_stand_where_they_would_alone():
    example = Example(features(VIEWS), (JUDGED,), (QUESTION, SCALED))

    batch = collate([example], TOKENS, np.random.default_rng(5))

    prefix = 2 + VIEWS * VIEW_TOKENS
    second = prefix + len(TOKENS(QUESTION.question)) + 2 + len(TOKENS(QUESTION.before))
    assert batch.positions[0, prefix] == batch.positions[0, second] == prefix
    assert not batch.visible[0, 0, second, prefix:second].any()
    assert batch.visible[0, 0, second, :prefix].all()


def test_the_word_of_a_scale_is_shared_between_its_neighbours():
    batch = collate([Example(features(VIEWS), (JUDGED,), (SCALED,))], TOKENS, np.random.default_rng(0))

    told = dict(
        zip(batch.targets[0].tolist(), (batch.shares[0].item(), 1 - batch.shares[0].item()), strict=True)
    )
    vocabulary = PROCESSOR.tokenizer.get_vocab()
    assert told[vocabulary["fair"]] > told[vocabulary["good"]]
    assert batch.weights[0] == 1
    assert batch.targets[-1].tolist() == [TOKENS.end] * 2


def test_samples_of_one_of_two_and_of_tiny_pictures_come_as_many_as_wanted():
    many = Seen([JUDGED] * 6, np.stack([features(VIEWS, seed) for seed in range(6)]))
    tiny = Seen([Judged(50, JUDGED.attributes, generated=1.0)] * 2, np.stack([features(1), features(1)]))
    expected = fit_expected(many.features, np.arange(6, dtype=np.float32))
    pictures = Pictures(many, [[0, 1], [2, 3]], expected, [(0, 1), (2, 3)], tiny)
    rng = np.random.default_rng(0)

    one, mixed, two, small = (
        sample(pictures, 3, rng) for sample in (sample_one, sample_mixtures, sample_two, sample_tiny)
    )

    shown = [example.features.shape[0] for example in (*one, *mixed, *two, *small)]
    assert shown == [5] * 6 + [10] * 3 + [1] * 3
    assert collate(mixed, TOKENS, rng).labels is None
    assert [len(example.sayings) for example in mixed] == [2] * 3
    assert collate(two, TOKENS, rng).labels is None
    labels = collate(one, TOKENS, rng).labels
    assert labels is not None
    assert not labels.numbers[:, 2:].isnan().any()
    assert all(len(example.sayings) == 1 for example in small)
