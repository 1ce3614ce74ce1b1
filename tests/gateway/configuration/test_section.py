import pytest
from pydantic import ValidationError

from gateway.settings import Client, Listen, Settings, Upstream


@pytest.mark.parametrize("prefix", ["", "/llm", "/a/b-c_d.e~1"])
def test_a_prefix_is_a_path_without_an_end(prefix):
    assert Listen(prefix=prefix).prefix == prefix


@pytest.mark.parametrize(
    "prefix", ["llm", "/", "/llm/", "/a b", "/a?b", "/..", "/a/../b", "/a%2e", "/a//b", "/a\n"]
)
def test_what_is_no_path_is_refused(prefix):
    with pytest.raises(ValidationError, match="expected a path such as /llm"):
        Listen(prefix=prefix)


@pytest.mark.parametrize(
    "key",
    ["", "a b", "a\n", "ä", "Bearer abc", "bearer abc", "$NAME", "os.environ/NAME", "{{ key }}", "<key>"],
)
def test_what_cannot_be_sent_as_a_key_is_refused_and_not_shown(key):
    with pytest.raises(ValidationError) as caught:
        Upstream(api_key=key)

    assert "expected" in str(caught.value.errors()[0]["msg"])


def test_a_name_is_one_word():
    assert Client(name="team-a_1", key="k" * 20).name == "team-a_1"
    with pytest.raises(ValidationError, match="one word"):
        Client(name="Team A", key="k" * 20)


def test_keys_never_show_in_what_is_printed_or_written():
    settings = Settings(
        upstream=Upstream(api_key="sk-hidden-hidden"), clients=(Client(name="a", key="sk-hidden-hidden"),)
    )

    assert "hidden" not in repr(settings) + str(settings) + settings.model_dump_json()
