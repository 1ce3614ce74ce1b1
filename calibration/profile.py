"""What calibration learned of one model: a threshold per distortion, and how far to trust it.

A profile is a file. It says where its numbers come from (`source`) and keeps "unmeasurable" as a value, so
that whoever reads it decides what to do about it. Files of version 1, which knew neither `rough` nor `blunt`,
are read as well.
"""

import json
import math
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, get_args

from calibration.stimuli.registry import DISTORTIONS

SCHEMA_VERSION = 2
_READ_VERSIONS = (1, SCHEMA_VERSION)

_LARGEST_SIDE = 4096  # pixels: no model is shown more
_POSITIVE = ("threshold", "low", "high", "slope")  # of a distortion
_RATES = ("false_alarm", "hit_at_max")
_LEAST = math.ulp(0.0)
_LARGEST = sys.float_info.max

# measured: inside an interval that lies on the scale and spans a factor of `MAX_MEASURED_SPAN` at most.
# rough: an estimate that lacks one of these, or was asked in a way that may have moved it.
# blunt: the strongest level is noticed, but seldom; the estimate is of a function that was never seen whole.
# censored: never noticed; `threshold` is the strongest level, `low` what it exceeds, and there is no `high`.
# unmeasurable: what numbers there are must not be used. assumed: of people or of a table, not of this model.
Status = Literal["measured", "rough", "blunt", "censored", "unmeasurable", "assumed"]
MAX_MEASURED_SPAN = 3.0  # upper over lower end of the 95 % interval
ALSO = "; also "  # between the reasons of one threshold
_STATUSES = ", ".join(get_args(Status))
Source = Literal["measured", "published-prior", "default"]


class ProfileError(ValueError):
    """The file is not a profile this version can read."""


@dataclass(frozen=True)
class Threshold:
    """Where one model starts to notice one distortion."""

    status: Status
    threshold: float | None  # levels: the JND, at `censored` the strongest level shown; None without estimate
    unit_value: float | None  # the same in the physical unit; of the strongest level where it lies beyond
    low: float | None  # 95 % interval, levels
    high: float | None  # may lie beyond the strongest level, except at `measured`
    slope: float | None  # of the Weibull function
    false_alarm: float | None  # P(says "different") on identical pairs
    hit_at_max: float | None  # P(says "different") at the strongest level
    n_queries: int  # questions asked, those after an unreadable reply and about references included
    reason: str = ""  # why it is not measured, what is not known, or where an assumed level comes from

    @property
    def is_estimated(self) -> bool:
        """Whether the model noticed enough of the scale for its threshold to be a number with an interval."""
        return self.status in ("measured", "rough")

    @property
    def is_beyond_scale(self) -> bool:
        """Whether the model never or hardly noticed the strongest level: its JND is known to be large."""
        return self.status in ("censored", "blunt")


@dataclass(frozen=True)
class JndProfile:
    """One model's thresholds by distortion name."""

    model: str
    source: Source
    distortions: Mapping[str, Threshold]
    stimulus_side: int | None = None  # pixels: longer side of the stimuli shown; None if unknown
    input_side: int | None = None  # pixels: what the model shrinks images to; None if it tiles or is unknown
    false_alarm: float | None = None  # pooled over distortions
    created: str = ""  # ISO 8601, UTC
    details: Mapping[str, Any] = field(default_factory=dict)  # question, procedure, seed, versions
    schema_version: int = SCHEMA_VERSION

    @property
    def of_pictures(self) -> Mapping[str, Threshold]:
        """Thresholds of the distortions of pictures: a profile may hold others, of prompts."""
        return {name: found for name, found in self.distortions.items() if name in DISTORTIONS}

    def threshold_of(self, distortion: str) -> float | None:
        """Return the JND in levels, or None where this profile does not know one."""
        found = self.distortions.get(distortion)
        return None if found is None or found.status == "unmeasurable" else found.threshold

    def to_json(self) -> str:
        """Write as indented JSON."""
        return json.dumps(asdict(self), indent=2)

    @classmethod
    def from_json(cls, text: str) -> "JndProfile":
        """Read what `to_json` wrote.

        Raises:
            ProfileError: Not JSON, of another schema version, or with fields missing, unknown or impossible.
        """
        try:
            fields = json.loads(text)
            version = fields.get("schema_version")
            if version not in _READ_VERSIONS:
                raise ProfileError(_other_version(version))
            fields["distortions"] = {
                name: Threshold(**value) for name, value in fields["distortions"].items()
            }
            profile = cls(**fields)
            _check(profile)
            return _risen(profile) if version == 1 else profile
        except (json.JSONDecodeError, AttributeError, KeyError, TypeError) as error:
            raise ProfileError(f"expected a JND profile, got something else: {error}") from error


def _other_version(version: object) -> str:
    expected = (
        f"expected a profile of schema version {' or '.join(map(str, _READ_VERSIONS))}, got {version!r}"
    )
    if type(version) is int and version > SCHEMA_VERSION:
        return f"{expected}, of a newer release: `pip install --upgrade lmm-jnd`"
    return f"{expected}; `jnd-calibrate run` measures a model anew"


def load_profile(path: Path) -> JndProfile:
    """Read a profile.json, or the one inside a calibration directory.

    Raises:
        ProfileError: The file is not a readable profile.
        OSError: It cannot be opened.
    """
    return JndProfile.from_json(
        (path / "profile.json" if path.is_dir() else path).read_text(encoding="utf-8")
    )


def why_rough(low: float | None, high: float | None, *, strongest: float) -> str:
    """Return what an estimate's 95 % interval lacks for `measured`; empty where it lacks nothing."""
    if low is None or high is None or low >= high:
        return "too few answers for an interval"
    if high > strongest:
        return f"the interval reaches beyond the strongest level, {strongest:g}"
    if high > MAX_MEASURED_SPAN * low:
        return (
            f"the interval spans a factor of {high / low:.3g} "
            f"(at most {MAX_MEASURED_SPAN:g} for a measured threshold); more questions narrow it"
        )
    return ""


# How version 1 said that the strongest level is noticed but seldom.
_SELDOM = ("notices only", "the answer changed only")


def _risen(profile: JndProfile) -> JndProfile:
    """Give the thresholds of a file of version 1 the status they have today."""
    distortions = {name: _with_risen_status(name, found) for name, found in profile.distortions.items()}
    return replace(profile, distortions=distortions, schema_version=SCHEMA_VERSION)


def _with_risen_status(name: str, found: Threshold) -> Threshold:
    if found.status == "unmeasurable" and found.reason.startswith(_SELDOM):
        return replace(found, status="blunt")
    if found.status == "measured" and name in DISTORTIONS:
        lack = why_rough(found.low, found.high, strongest=DISTORTIONS[name].levels)
        reason = ALSO.join(filter(None, (lack, found.reason)))
        return replace(found, status="rough", reason=reason) if lack else found
    return found


def _check(profile: JndProfile) -> None:
    """Refuse numbers that no calibration gives, so that none of them is met while predicting."""
    for name in ("stimulus_side", "input_side"):
        side = getattr(profile, name)
        if side is not None and (type(side) is not int or not 1 <= side <= _LARGEST_SIDE):
            raise ProfileError(f"expected {name} to be a whole number in 1...{_LARGEST_SIDE}, got {side!r}")
    _check_rate(profile.false_alarm, "false_alarm")
    for distortion, found in profile.distortions.items():
        if found.status not in get_args(Status):
            raise ProfileError(f"expected {distortion}.status to be {_STATUSES}, got {found.status!r}")
        for name in _POSITIVE:
            _check_positive(getattr(found, name), f"{distortion}.{name}")
        for name in _RATES:
            _check_rate(getattr(found, name), f"{distortion}.{name}")
        if not _lies_within(found.unit_value, -_LARGEST, _LARGEST):
            raise ProfileError(f"expected a finite {distortion}.unit_value, got {found.unit_value!r}")


def _check_rate(value: object, name: str) -> None:
    if not _lies_within(value, 0.0, 1.0):
        raise ProfileError(f"expected {name} in 0...1, got {value!r}")


def _check_positive(value: object, name: str) -> None:
    if not _lies_within(value, _LEAST, _LARGEST):
        raise ProfileError(f"expected {name} to be finite and above 0, got {value!r}")


def _lies_within(value: object, least: float, most: float) -> bool:
    """Tell whether a value is unknown, or a number in range; not-a-number is in none."""
    if value is None:
        return True
    return isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most


def embedded_profile() -> JndProfile | None:
    """Return the profile measured of the model that ships with the package; None where it is left out."""
    # A data file only: importing the observer would load the laboratory.
    shipped = Path(str(files("calibration"))) / "observers" / "embedded" / "profile.json"
    return load_profile(shipped) if shipped.exists() else None


def default_profile(model: str = "default") -> JndProfile:
    """Return the human-level-safe profile used for a model nobody has calibrated.

    What a metric can judge was measured of people by proxy, the rest is the LMM-JND paper's: each threshold's
    `reason` says which. Made by `calibration.observers.human_profile`.
    """
    return replace(_people(), model=model)


@lru_cache(maxsize=1)
def _people() -> JndProfile:
    return load_profile(Path(str(files("calibration"))) / "human_profile.json")
