import pytest

from gateway.review.sessions import LASTS_SECONDS, Sessions, bearer_of, is_from_here


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def test_a_session_lasts_its_time_and_ends_with_the_key():
    clock = Clock()
    sessions = Sessions("key", clock)
    cookie = sessions.begin()

    assert sessions.is_valid(cookie) and not Sessions("other", clock).is_valid(cookie)
    clock.now += LASTS_SECONDS + 1
    assert not sessions.is_valid(cookie)


def test_a_session_cannot_be_made_longer():
    sessions = Sessions("key", Clock())
    until, nonce, signature = sessions.begin().split(".")

    assert not sessions.is_valid(f"{int(until) + 1}.{nonce}.{signature}")


def test_the_word_of_a_form_is_that_of_its_session_alone():
    sessions = Sessions("key")
    mine, other = sessions.begin(), sessions.begin()

    assert sessions.is_form_word(mine, sessions.form_word(mine))
    assert not sessions.is_form_word(mine, sessions.form_word(other))
    assert not sessions.is_form_word(mine, "\udcff")


def test_guessing_is_stopped_for_a_minute_and_for_one_address():
    clock = Clock()
    sessions = Sessions("key", clock)
    for _ in range(10):
        sessions.note_failure("10.0.0.1")

    assert sessions.is_guessing("10.0.0.1") and not sessions.is_guessing("10.0.0.2")
    clock.now += 61
    assert not sessions.is_guessing("10.0.0.1")


@pytest.mark.parametrize(
    ("header", "key"), [("Bearer key", "key"), ("bearer  key", "key"), ("Bearer ", ""), ("key", None)]
)
def test_a_program_sends_the_key_as_programs_do(header: str, key: str | None):
    assert bearer_of(header) == key


@pytest.mark.parametrize(
    ("headers", "is_ours"),
    [
        ({"host": "h:1", "origin": "http://h:1", "sec-fetch-site": "same-origin"}, True),
        ({"host": "h:1"}, True),
        ({"host": "h:1", "origin": "null"}, False),
        ({"host": "h:1", "origin": "http://h:2"}, False),
        ({"host": "h:1", "sec-fetch-site": "same-site"}, False),
    ],
)
def test_a_form_of_another_page_is_known_by_what_browsers_say(headers: dict[str, str], is_ours: bool):
    assert is_from_here(headers) is is_ours
