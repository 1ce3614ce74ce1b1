import pytest

from calibration.settings import read_settings

VARIABLES = [
    "OPENAI_API_KEY",
    "AZURE_OPENAI_API_KEY",
    "OPENAI_KEY_HEADER",
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_BASE_URL",
    "GEMINI_API_KEY",
    "GOOGLE_API_KEY",
    "GEMINI_BASE_URL",
]


@pytest.mark.parametrize("value", [None, ""])
def test_without_variables_there_are_no_keys_and_the_providers_own_addresses(
    monkeypatch: pytest.MonkeyPatch, value: str | None
):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        if value is not None:
            monkeypatch.setenv(name, value)

    settings = read_settings()

    assert {settings.openai_api_key, settings.anthropic_api_key, settings.gemini_api_key} == {None}
    assert settings.anthropic_base_url == "https://api.anthropic.com"
    assert settings.gemini_base_url == "https://generativelanguage.googleapis.com"


def test_every_variable_is_read_and_no_key_is_shown(monkeypatch: pytest.MonkeyPatch):
    for name in VARIABLES:
        monkeypatch.setenv(name, f"value-of-{name}")

    settings = read_settings()

    assert settings.gemini_base_url == "value-of-GEMINI_BASE_URL"
    assert settings.google_api_key.get_secret_value() == "value-of-GOOGLE_API_KEY"
    assert "API_KEY" not in repr(settings)
