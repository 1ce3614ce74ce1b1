"""Check what `models` names: a profile that can be read, a model somebody measured, or nothing at all."""

from difflib import get_close_matches

from calibration.known_profiles import DEFAULT, EMBEDDED, resolve_profile
from calibration.profile import JndProfile, ProfileError
from calibration.published_table import TABLE
from gateway.configuration.problems import Severity

_FIX = "write a published name such as gpt-4o, or the folder that `jnd-calibrate run --out` filled"
_OURS = frozenset({EMBEDDED, DEFAULT, "human"})


def check_profile(name: str) -> list[tuple[Severity, str]]:
    """Return what is wrong with a profile's name."""
    try:
        profile = resolve_profile(name)
    except (ProfileError, ValueError, OSError) as error:
        return [("error", f"{error}; {_FIX}")]
    if profile.source != "default" or name in _OURS:
        return []
    names = [*_OURS, *(published.lower().replace(" ", "-") for published in TABLE)]
    near = get_close_matches(name.lower(), names, 1)
    meant = f"; did you mean {near[0]}?" if near else ""
    return [("warning", f"nothing is known of {name!r}: it is taken to see as well as people do{meant}")]


def source_of(profile: JndProfile) -> str:
    """Say in words where a profile's numbers come from."""
    return {
        "measured": "measured",
        "published-prior": "published prior, nothing measured here",
        "default": "default: sees as well as people do",
    }[profile.source]
