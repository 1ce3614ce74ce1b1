"""What the laboratory takes from the environment: keys of the APIs it asks. Read nowhere else."""

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class ObserverSettings(BaseSettings):
    """Secrets by environment variable, upper case."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    openai_api_key: SecretStr | None = (
        None  # sent as a bearer token to `openai:MODEL@BASE_URL`; None: no header
    )


def read_settings() -> ObserverSettings:
    """Read the environment."""
    return ObserverSettings()
