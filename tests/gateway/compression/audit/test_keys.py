import pytest

from gateway.compression.audit.keys import AuditKeys

NAMES = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY")


@pytest.fixture(autouse=True)
def without_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


def test_each_api_gets_its_own_key(monkeypatch: pytest.MonkeyPatch):
    for name in NAMES:
        monkeypatch.setenv(name, name)

    keys = AuditKeys()

    assert keys.of("openai") == "OPENAI_API_KEY"
    assert keys.of("anthropic") == "ANTHROPIC_API_KEY"
    assert keys.of("gemini") == "GEMINI_API_KEY"


def test_googles_other_name_is_known_and_no_key_is_none(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GOOGLE_API_KEY", "secret")
    monkeypatch.setenv("OPENAI_API_KEY", "")

    assert AuditKeys().of("gemini") == "secret"
    assert AuditKeys().of("openai") is None
    assert "secret" not in repr(AuditKeys())
