"""The one place where a name becomes a profile: a file, a calibration folder, or a model known here.

Two readings of a name share one set of rules. `resolve_profile` is for acting on: a published number is taken
no coarser than people where it is doubtful, and a name nobody knows gets the human-level-safe default.
`find_profile` is for comparing: a published number is taken at its word, and an unknown name is a mistake.
"""

import re
from dataclasses import replace
from pathlib import Path

from calibration.profile import JndProfile, ProfileError, default_profile, embedded_profile, load_profile
from calibration.published import cautious_profile, published_profile

EMBEDDED = "embedded"
DEFAULT = "default"
_NAMES = frozenset({EMBEDDED, DEFAULT, "human"})  # of ours: never a path, whatever lies in the current folder
_LIKE_A_PATH = re.compile(r"[./~]|.*/$|.*\\")  # unlike the name of a model: those may hold a slash inside
_EMBEDDED_SIDE = 96  # pixels: the embedded model's input


def resolve_profile(name: str) -> JndProfile:
    """Find the profile to act on: of `embedded`, a profile.json, a calibration folder, or a model's name.

    Raises:
        ProfileError: The file is not a readable profile, or does not exist.
    """
    return _at_path(name) or profile_of_model(name)


def profile_of_model(name: str) -> JndProfile:
    """Return what to act on under a model's name, which is never taken for a path.

    A published model gets its prior, no coarser than people where the number is doubtful
    (`calibration.published`); any other name the default, human-level-safe profile.
    """
    if name == EMBEDDED:
        return embedded_profile() or _unmeasured_embedded()
    return cautious_profile(name) or default_profile(name)


def find_profile(name: str) -> JndProfile:
    """Return the profile meant by a folder, a file, `embedded`, `default`, `human` or a published name.

    Raises:
        ProfileError: The file is not a readable profile, or does not exist.
        LookupError: Nothing is known under this name.
    """
    found = _at_path(name) or (
        profile_of_model(name) if name in (EMBEDDED, DEFAULT) else published_profile(name)
    )
    if found is None:
        raise LookupError(
            "expected a calibration folder, a profile.json, embedded, default, human or a model of the "
            f"published table, got {name!r}"
        )
    return found


def _at_path(name: str) -> JndProfile | None:
    """Read a name that is a path; None where it is a model's."""
    try:
        path = Path(name).expanduser()
    except RuntimeError as error:
        raise ProfileError(f"cannot read a profile at {name}: nobody here has that home folder") from error
    is_path = path.exists() or path.suffix == ".json" or _LIKE_A_PATH.match(name)
    if name in _NAMES or not is_path:
        return None
    if (path / "session.json").is_file() and not (path / "profile.json").exists():
        raise ProfileError(f"the run in {name} has not finished: give the same `run` command again")
    try:
        return load_profile(path)
    except OSError as error:
        raise ProfileError(f"cannot read a profile at {name}: {error.strerror}") from error


def _unmeasured_embedded() -> JndProfile:
    return replace(default_profile(EMBEDDED), input_side=_EMBEDDED_SIDE, stimulus_side=_EMBEDDED_SIDE)
