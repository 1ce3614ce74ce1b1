import pytest

from calibration.observers.options import ObserverOptions, parse_effort, parse_thinking


@pytest.mark.parametrize(
    ("text", "thinking"), [(None, None), ("on", "on"), ("OFF", "off"), ("0", "off"), ("4096", 4096)]
)
def test_thinking_is_on_off_or_a_number_of_tokens(text: str | None, thinking: object):
    assert parse_thinking(text) == thinking


@pytest.mark.parametrize("text", ["", "yes", "-1", "12", "1.5"])
def test_other_thinking_is_refused(text: str):
    with pytest.raises(ValueError, match="--thinking on, off"):
        parse_thinking(text)


def test_an_effort_no_provider_knows_is_refused():
    assert parse_effort("Low") == "low"
    assert parse_effort(None) is None
    with pytest.raises(ValueError, match="--effort none, minimal"):
        parse_effort("hard")


def test_what_was_given_is_named_as_on_the_command_line():
    given = ObserverOptions(workers=3, max_tokens=100, effort="low", thinking=0, timeout_seconds=1.0)

    assert given.given == ["--max-tokens", "--effort", "--thinking", "--timeout"]
    assert ObserverOptions(side_by_side=False).given == []
