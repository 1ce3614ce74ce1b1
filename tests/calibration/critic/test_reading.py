import math

import pytest

from calibration.critic.reading import read_words
from calibration.critic.scales import SCALES
from calibration.observers.protocol import Reply, TokenChoice

QUALITY = SCALES["quality"]


def choice(token: str, **others: float) -> TokenChoice:
    return TokenChoice(token, {word: math.log(p) for word, p in others.items()})


def test_the_alternatives_are_those_of_the_token_the_word_begins_with():
    first, second = choice("It", It=1.0), choice(" is", **{" is": 1.0})
    third = TokenChoice(" good", {" good": math.log(0.6), " fair": math.log(0.4)})

    reading = read_words(Reply("It is good", choices=(first, second, third)), QUALITY)

    assert (reading.outcome, reading.word) == ("read", "good")
    assert reading.alternatives == third.alternatives


def test_a_word_in_pieces_is_read_at_its_first_piece():
    pieces = (choice("ex", ex=0.7, good=0.3), choice("cellent", cellent=1.0))

    reading = read_words(Reply("excellent", choices=pieces), QUALITY)

    assert reading.word == "excellent"
    assert set(reading.alternatives) == {"ex", "good"}


def test_words_considered_at_the_first_token_count_where_none_is_said():
    reading = read_words(Reply("Blurry", choices=(choice("Blurry", Blurry=0.8, bad=0.1),)), QUALITY)

    assert (reading.outcome, reading.word) == ("read", None)
    assert "bad" in reading.alternatives


def test_words_hardly_considered_do_not_count():
    reading = read_words(Reply("Cat", choices=(choice("Cat", Cat=0.99, bad=0.001),)), QUALITY)

    assert reading.outcome == "unreadable"


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (Reply("I'm sorry, but I can't help with that."), "refused"),
        (Reply("[empty: SAFETY]", ended="refusal"), "refused"),
        (Reply(""), "unreadable"),
        (Reply("A cat on a mat"), "unreadable"),
        (Reply("<think>It may be good or bad</think> poor"), "read"),
    ],
)
def test_refusals_and_replies_without_a_word_are_told_apart(reply: Reply, outcome: str):
    assert read_words(reply, QUALITY).outcome == outcome


def test_what_is_thought_before_the_answer_is_not_the_answer():
    pieces = [choice(text, **{text: 1.0}) for text in ("<think>", "good", "</think>")]
    answer = choice("bad", bad=0.9, poor=0.1)

    reading = read_words(Reply("<think>good</think>bad", choices=(*pieces, answer)), QUALITY)

    assert reading.word == "bad"
    assert reading.alternatives == answer.alternatives
