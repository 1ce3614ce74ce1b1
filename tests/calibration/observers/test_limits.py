import pytest

from calibration.observers.limits import LARGEST, SMALLEST, ReplyLimit, says_nothing
from calibration.observers.options import ObserverOptions

TOO_LARGE = [
    "max_tokens is too large: 16384. This model supports at most 4096 completion tokens",
    "max_tokens: 16384 > 8192, which is the maximum allowed number of output tokens for claude-3-5-sonnet",
    "This model's maximum context length is 4096 tokens. However, you requested 17000 tokens",
    "'max_tokens' or 'max_completion_tokens' is too large: 16384. The maximum context length is 8192",
    "Unable to submit request: maxOutputTokens value of 65536 but the supported range is from 1",
]


def test_a_limit_doubles_up_to_the_largest_and_says_so(caplog: pytest.LogCaptureFixture):
    limit = ReplyLimit("m", ObserverOptions())
    tokens = []

    while limit.raise_from(limit.tokens):
        tokens.append(limit.tokens)

    assert tokens == [2048, 4096, 8192, 16_384, LARGEST]
    assert caplog.records[0].message == (
        "m spent all of 1024 tokens before it said anything: from now on it may take 2048"
    )
    assert "such replies are lost" in caplog.records[-1].message


def test_replies_cut_together_raise_it_once():
    limit = ReplyLimit("m", ObserverOptions())

    assert [limit.raise_from(1024), limit.raise_from(1024), limit.raise_from(1024)] == [True] * 3
    assert limit.tokens == 2048


def test_a_limit_that_was_given_stays_and_says_what_is_lost_once(caplog: pytest.LogCaptureFixture):
    limit = ReplyLimit("m", ObserverOptions(max_tokens=256))

    assert [limit.raise_from(256), limit.raise_from(256), limit.lower_from(256, TOO_LARGE[0])] == [False] * 3
    assert limit.tokens == 256
    (said,) = caplog.records
    assert "give a larger --max-tokens or --thinking off" in said.message


@pytest.mark.parametrize("complaint", TOO_LARGE)
def test_a_server_that_allows_less_is_asked_for_less_and_never_for_more_again(complaint: str):
    limit = ReplyLimit("gpt-5", ObserverOptions())

    assert limit.lower_from(16_384, complaint)
    assert limit.lower_from(16_384, complaint)  # refused together
    assert limit.tokens == 8192
    assert not limit.raise_from(8192)


def test_lowering_ends():
    limit = ReplyLimit("m", ObserverOptions())

    while limit.lower_from(limit.tokens, TOO_LARGE[0]):
        pass

    assert limit.tokens == SMALLEST


@pytest.mark.parametrize("complaint", ["image too large", "Unsupported parameter: 'max_tokens'", "at most"])
def test_other_complaints_change_no_limit(complaint: str):
    assert not ReplyLimit("m", ObserverOptions()).lower_from(1024, complaint)


@pytest.mark.parametrize(
    ("text", "nothing"),
    [
        ("", True),
        ("[empty: length]", True),
        ("<think>Let me compare the two", True),
        ("<think>Same.</think>", True),
        ("<think>Same.</think>\n<no>", False),
        ("Both images show", False),
    ],
)
def test_thoughts_alone_say_nothing(text: str, nothing: bool):
    assert says_nothing(text) is nothing
