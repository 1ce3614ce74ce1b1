"""Read a level of detail, at which a request wants its images shown, as people and APIs write it."""

from collections.abc import Mapping

DEFAULT = ""  # the provider's own
_GEMINIS_PREFIX = "media_resolution_"

# Of all APIs; OpenAI's `auto` leaves it to the provider.
LEVELS: Mapping[str, str] = {
    "low": "low",
    "medium": "medium",
    "high": "high",
    "ultra": "ultra",
    "ultra_high": "ultra",
    "original": "original",
    "auto": DEFAULT,
}


def find_level(name: str) -> str | None:
    """Return the level that a name stands for, in capitals or not; None where there is no such level."""
    return LEVELS.get(name.lower().removeprefix(_GEMINIS_PREFIX))


def level_named(name: str) -> str:
    """Return the level that a name stands for; none stands for the provider's default.

    Raises:
        ValueError: There is no such level.
    """
    level = find_level(name) if name else DEFAULT
    if level is None:
        raise ValueError(f"expected a level of detail among {', '.join(LEVELS)}, got {name!r}")
    return level
