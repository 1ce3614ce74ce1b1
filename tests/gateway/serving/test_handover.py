from pathlib import Path

import pytest
from pydantic import SecretStr

from gateway.serving.handover import line_of, message_of, settings_message, settings_of
from gateway.settings import Client, Listen, Policy, Settings, Upstream


def test_settings_arrive_as_they_were_sent_secrets_too():
    sent = Settings(
        listen=Listen(port=1234, workers=3),
        upstream=Upstream(api_key=SecretStr("sk-1")),
        clients=(Client(name="a", key=SecretStr("k")),),
        policy=Policy(block_on=frozenset({"noticeable_edit"})),
        artifact=Path("/somewhere"),
        models={"m": "embedded"},
    )

    arrived = settings_of(message_of(line_of(settings_message(sent))))

    assert arrived.model_dump() == sent.model_dump()
    assert arrived.upstream.api_key is not None
    assert arrived.upstream.api_key.get_secret_value() == "sk-1"


def test_the_environment_has_no_second_say(monkeypatch: pytest.MonkeyPatch):
    sent = Settings(listen=Listen(port=1234))
    monkeypatch.setenv("JND_LISTEN__PORT", "4321")

    assert settings_of(message_of(line_of(settings_message(sent)))).listen.port == 1234


def test_one_message_is_one_line():
    line = line_of({"failed": "two\nlines"})

    assert line.count(b"\n") == 1
    assert message_of(line) == {"failed": "two\nlines"}


@pytest.mark.parametrize("line", [b"[]", b"{", b""])
def test_what_is_no_message_is_refused(line: bytes):
    with pytest.raises(ValueError):
        message_of(line)


def test_what_cannot_travel_is_refused():
    with pytest.raises(TypeError):
        line_of({"it": object()})
