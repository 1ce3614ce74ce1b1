"""What the laboratory takes from the environment: keys and addresses of the APIs it asks. Only here."""

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class ObserverSettings(BaseSettings):
    """Secrets and addresses by environment variable, upper case; an empty variable counts as absent."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    openai_api_key: SecretStr | None = (
        None  # sent as a bearer token to `openai:MODEL@BASE_URL`; None: no header
    )
    azure_openai_api_key: SecretStr | None = None  # taken before OPENAI_API_KEY where the host is Azure's
    # Which header holds the key; None: a bearer token, or `api-key` where the host is Azure's.
    openai_key_header: str | None = None
    anthropic_api_key: SecretStr | None = None  # `anthropic:MODEL` needs it
    anthropic_base_url: str = "https://api.anthropic.com"  # without /v1
    gemini_api_key: SecretStr | None = None  # `gemini:MODEL` needs it
    google_api_key: SecretStr | None = None  # taken where GEMINI_API_KEY is absent
    gemini_base_url: str = "https://generativelanguage.googleapis.com"  # without /v1beta


def read_settings() -> ObserverSettings:
    """Read the environment."""
    return ObserverSettings()
