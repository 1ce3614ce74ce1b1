"""What the audit takes from the environment: the key of the API it asks, by the name its provider gave it."""

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from gateway.compression.audit.wire import DialectName


class AuditKeys(BaseSettings):
    """Keys by environment variable, upper case; an empty variable counts as absent."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    openai_api_key: SecretStr | None = None
    anthropic_api_key: SecretStr | None = None
    gemini_api_key: SecretStr | None = None
    google_api_key: SecretStr | None = None  # taken where GEMINI_API_KEY is absent

    def of(self, dialect: DialectName) -> str | None:
        """Return the key to send; None where there is none, as local servers want none."""
        by_dialect = {
            "openai": self.openai_api_key,
            "anthropic": self.anthropic_api_key,
            "gemini": self.gemini_api_key or self.google_api_key,
        }
        key = by_dialect[dialect]
        return None if key is None else key.get_secret_value()
