import pytest
from pydantic import ValidationError

from gateway.settings import Settings, settings_reference
from gateway.settings_file import SettingsError, load_settings


@pytest.fixture
def write(tmp_path):
    def write(text: str):
        path = tmp_path / "gateway.yaml"
        path.write_text(text)
        return path

    return write


def test_every_setting_has_a_default():
    settings = load_settings()

    assert settings.policy.mode == "monitor"
    assert settings.policy.on_failure == "forward"
    assert not settings.policy.allow_bypass


def test_file_overrides_only_what_it_names(write):
    settings = load_settings(write("policy: {mode: block}\nmodels: {m: gpt-4o}\n"))

    assert settings.policy.mode == "block"
    assert settings.policy.alpha == load_settings().policy.alpha
    assert settings.models == {"m": "gpt-4o"}


def test_environment_wins_over_the_file(write, monkeypatch):
    monkeypatch.setenv("JND_UPSTREAM__BASE_URL", "http://env/v1")
    path = write("upstream: {base_url: 'http://file/v1', provider: embedded}\n")

    settings = load_settings(path)

    assert settings.upstream.base_url == "http://env/v1"
    assert settings.upstream.provider == "embedded"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("policy: {mod: block}", "policy.mod: unknown key"),
        ("polcy: {}", "polcy: unknown key"),
        ("policy: {alpha: 2}", "policy.alpha: "),
        ("policy: {mode: shout}", "policy.mode: "),
        ("upstream: {base_url: example.org}", "upstream.base_url: "),
        ("listen: {prefix: openai}", "listen.prefix: "),
        ("- a list", "keys and values"),
        ("a: [", "cannot read"),
    ],
)
def test_what_is_wrong_is_named(write, text, named):
    with pytest.raises(SettingsError) as caught:
        load_settings(write(text))

    assert named in str(caught.value)


def test_missing_file_is_named(tmp_path):
    with pytest.raises(SettingsError, match=r"none\.yaml"):
        load_settings(tmp_path / "none.yaml")


def test_empty_file_means_defaults(write):
    assert load_settings(write("")) == load_settings()


def test_settings_cannot_be_changed_afterwards():
    settings = Settings()

    with pytest.raises(ValidationError):
        settings.policy.mode = "block"


def test_reference_names_every_key_with_its_sentence():
    reference = settings_reference(Settings)

    for name, section in Settings.model_fields.items():
        default = section.get_default(call_default_factory=True)
        for key in getattr(type(default), "model_fields", {}):
            assert f"{name}.{key} (" in reference
    assert "None)" not in reference.replace("artifact (None)", "")
