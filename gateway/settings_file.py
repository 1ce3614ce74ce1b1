"""Read the configuration once: a YAML file, then `JND_` environment variables on top.

`JND_UPSTREAM__BASE_URL` overrides `upstream.base_url`.
"""

from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from gateway.settings import Settings


class SettingsError(ValueError):
    """The configuration cannot be used; the message names each key and what was expected of it."""


def load_settings(path: Path | None = None) -> Settings:
    """Read the YAML file at `path` (none: defaults), then the environment.

    Raises:
        SettingsError: The file is missing, not a YAML mapping, or has unknown or impossible values.
    """
    try:
        values: dict[str, Any] = _read_yaml(path) if path is not None else {}
        return Settings(**values)
    except ValidationError as error:
        origin = f" in {path}" if path is not None else ""
        raise SettingsError(f"cannot use the settings{origin}:\n{_explain(error)}") from error


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SettingsError(f"cannot read {path}: {error}") from error
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise SettingsError(f"expected {path} to hold keys and values, got {type(found).__name__}")
    return {str(key): value for key, value in found.items()}


def _explain(error: ValidationError) -> str:
    lines = []
    for problem in error.errors(include_url=False):
        key = ".".join(str(part) for part in problem["loc"])
        unknown = problem["type"] == "extra_forbidden"
        lines.append(f"  {key}: {'unknown key' if unknown else problem['msg']}")
    return "\n".join(lines)
