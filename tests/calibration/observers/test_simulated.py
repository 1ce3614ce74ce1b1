import numpy as np
import pytest

from calibration.image import Image
from calibration.observers.protocol import LocalModel, Observer, Query
from calibration.observers.simulated import parse_simulated
from calibration.questions import (
    DIFFERENT_PROMPT,
    DIRECT_PROMPT,
    IDENTICAL_PROMPT,
    IMPLICIT_PROMPT,
    MULTIPLE_CHOICE_PROMPT,
    VIEWPOINT_PROMPT,
)
from calibration.replies.reader import read_reply

GREY = Image(np.full((8, 8, 3), 128, np.uint8))
WHITE = Image(np.full((8, 8, 3), 255, np.uint8))
PROMPTS = (
    DIRECT_PROMPT.format(distortion="blur"),
    MULTIPLE_CHOICE_PROMPT.format(distortion="blur"),
    IMPLICIT_PROMPT,
    VIEWPOINT_PROMPT,
    IDENTICAL_PROMPT,
    DIFFERENT_PROMPT,
)


def share_of_different(observer, level: float, prompt: str = DIFFERENT_PROMPT, count: int = 3000) -> float:
    queries = [Query(prompt, (GREY, GREY), key=str(n), level=level) for n in range(count)]
    flags = [read_reply(reply.text, prompt).flag for reply in observer.ask(queries)]
    return float(np.mean(flags)) if prompt != IDENTICAL_PROMPT else 1 - float(np.mean(flags))


@pytest.mark.parametrize("level", [0.0, 10.0, 20.0, 50.0])
def test_it_says_different_as_often_as_its_function_tells(level):
    observer = parse_simulated("threshold=20,slope=3,false_alarm=0.1,lapse=0.05")

    assert share_of_different(observer, level) == pytest.approx(
        observer.function.probability(level), abs=0.03
    )


@pytest.mark.parametrize("prompt", PROMPTS)
def test_it_answers_every_prompt_in_its_format(prompt):
    observer = parse_simulated("threshold=20,false_alarm=0,lapse=0")

    (reply,) = observer.ask([Query(prompt, (GREY, WHITE), key="k", level=1000.0)])

    answer = read_reply(reply.text, prompt)
    assert answer.flag is (prompt != IDENTICAL_PROMPT)
    assert answer.reply_class == "correct"


def test_a_reply_depends_on_the_query_and_the_seed_alone():
    queries = [Query(DIFFERENT_PROMPT, (GREY, GREY), key=str(n), level=18.0) for n in range(200)]
    observer, other = parse_simulated("seed=1"), parse_simulated("seed=2")

    forwards = observer.ask(queries)

    assert observer.ask(queries[::-1])[::-1] == forwards
    assert other.ask(queries) != forwards


def test_without_a_level_it_compares_the_pixels():
    observer = parse_simulated("threshold=5,slope=8,false_alarm=0,lapse=0")

    assert observer.complete([Query(DIFFERENT_PROMPT, (GREY, GREY))]) == ["No"]
    assert observer.complete([Query(DIFFERENT_PROMPT, (GREY, WHITE))]) == ["Yes"]


def test_it_is_an_observer_and_can_be_served():
    observer = parse_simulated("")

    assert isinstance(observer, Observer)
    assert isinstance(observer, LocalModel)


@pytest.mark.parametrize(
    "options",
    ["treshold=20", "threshold=abc", "threshold", "threshold=-3", "lapse=2", "spread=-1", "probabilities=2"],
)
def test_options_that_make_no_sense_are_refused(options):
    with pytest.raises(ValueError, match=r"expected|must"):
        parse_simulated(options)


@pytest.mark.parametrize(("prompt", "flips"), [(DIFFERENT_PROMPT, False), (IDENTICAL_PROMPT, True)])
def test_it_states_the_probability_of_the_affirmative_answer(prompt, flips):
    observer = parse_simulated("threshold=20,probabilities=1")
    expected = float(observer.function.probability(18.0))

    (reply,) = observer.ask([Query(prompt, (GREY, GREY), key="k", level=18.0)])

    assert reply.probability == pytest.approx(1 - expected if flips else expected)
    assert parse_simulated("").ask([Query(prompt, (GREY, GREY), key="k", level=18.0)])[0].probability is None


def test_with_a_spread_every_query_has_its_own_threshold():
    observer = parse_simulated("threshold=20,slope=3,false_alarm=0,lapse=0,spread=0.25,probabilities=1")
    queries = [Query(DIFFERENT_PROMPT, (GREY, GREY), key=str(n), level=20.0) for n in range(2000)]

    stated = np.array([reply.probability for reply in observer.ask(queries)])

    log_thresholds = np.log(20) - np.log(-np.log1p(-stated)) / 3
    assert np.mean(log_thresholds) == pytest.approx(np.log(20), abs=0.02)
    assert np.std(log_thresholds) == pytest.approx(0.25, rel=0.06)
    assert [reply.probability for reply in observer.ask(queries[::-1])][::-1] == stated.tolist()
