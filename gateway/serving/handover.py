"""What the supervisor and a worker say to each other, one JSON line each, over a socket both were born with.

The end of either closes the socket, which tells the other. Settings are handed over as the supervisor read
them: a worker that is started again must not meet a file that was edited since.
"""

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

import orjson
from pydantic import SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from gateway.settings import Settings

MAX_LINE_BYTES = 16 * 1024 * 1024  # settings may list many models


class _HandedSettings(Settings):
    """Settings from one source alone: the environment has had its say."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the signature is pydantic's
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is pydantic's
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is pydantic's
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is pydantic's
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take what was handed over."""
        return (init_settings,)


def line_of(message: Mapping[str, Any]) -> bytes:
    """Return a message as it travels; secrets are in the open, between two processes of one account."""
    return orjson.dumps(message, default=_plain) + b"\n"


def message_of(line: bytes) -> dict[str, Any]:
    """Read a message.

    Raises:
        ValueError: It is none.
    """
    message = orjson.loads(line)
    if not isinstance(message, dict):
        raise ValueError(f"expected a message, got {type(message).__name__}")
    return message


def settings_message(settings: Settings) -> dict[str, Any]:
    """Return settings as a message."""
    return settings.model_dump()


def settings_of(message: Mapping[str, Any]) -> Settings:
    """Return the settings of a message."""
    return _HandedSettings(**message)


def _plain(value: object) -> object:
    match value:
        case SecretStr():
            return value.get_secret_value()
        case PurePath():
            return str(value)
        case frozenset() | set():
            return sorted(value)
    raise TypeError(f"cannot hand over {type(value).__name__}")
