import pytest
from pydantic import ValidationError

from gateway.settings import Settings


def test_every_setting_has_a_default():
    settings = Settings()

    assert settings.policy.mode == "monitor"
    assert settings.policy.on_failure == "forward"
    assert not settings.policy.allow_bypass


def test_the_defaults_are_safe():
    settings = Settings()

    assert settings.listen.host == "127.0.0.1"
    assert settings.upstream.image_urls == "pass"
    assert settings.fetching.private_hosts == ()


def test_settings_cannot_be_changed_afterwards():
    settings = Settings()

    with pytest.raises(ValidationError):
        settings.policy.mode = "block"


def test_the_environment_is_not_read_unless_asked(monkeypatch):
    monkeypatch.setenv("JND_LISTEN__PORT", "1")

    assert Settings().listen.port == 8080


def test_a_home_folder_is_understood():
    assert "~" not in str(Settings(artifact="~/artifact").artifact)
    with pytest.raises(ValidationError, match="home folder of nobody"):
        Settings(artifact="~no-such-user/artifact")
