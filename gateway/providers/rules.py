"""Look up what a provider does with an image sent to one of its models: size shown, tokens, formats, limits.

The rules are versioned data in `providers.json`; the ways of counting are `sizes` and `open_models`. A
provider nobody described is treated as one that shows and counts every pixel, and reads no format but the one
a picture came in.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from importlib.resources import files
from typing import Any, Literal, cast, get_args

from calibration.image_source import FormatName
from gateway.model_names import plain_name
from gateway.providers.limits import Limits
from gateway.providers.open_models import LongestEdge, NearestGrid, Pinpoints, RowsOfPatches, SmartResize
from gateway.providers.sizes import Crops, Fixed, PaddedPatches, Patches, Size, SizeRule, Tiles

__all__ = [
    "OTHER",
    "Family",
    "Provider",
    "ProviderRules",
    "ProviderRulesError",
    "Recipient",
    "Size",
    "SizeRule",
    "Sureness",
    "load_rules",
    "parse_rules",
]

OTHER = "other"
Sureness = Literal["documented", "measured", "reported", "inferred"]
_AS_SENT = "as_sent"
_LONGEST_NAME = 512  # characters that are looked at and kept: names are the callers' to make up

_KINDS: Mapping[str, Callable[..., SizeRule]] = {
    "fixed": Fixed,
    "patches": Patches,
    "tiles": Tiles,
    "padded_patches": PaddedPatches,
    "crops": Crops,
    "smart_resize": SmartResize,
    "nearest_grid": NearestGrid,
    "pinpoints": Pinpoints,
    "longest_edge": LongestEdge,
    "rows_of_patches": RowsOfPatches,
}


class ProviderRulesError(ValueError):
    """The data file is not one this version can read."""


@dataclass(frozen=True)
class Recipient:
    """Who is shown an image, and all that a request says about how."""

    provider: str
    model: str
    detail: str = ""  # low, medium, high, ultra, original; empty: the provider's default
    images: int = 1  # in the request
    is_framed: bool = False  # computer tools are in the request: coordinates must survive beyond doubt
    limit_step: int = (
        0  # of the ladder for requests that are too large as a whole; 0: this picture is as usual
    )


@dataclass(frozen=True)
class Family:
    """Models that look at images alike, and how we know."""

    name: str
    rule: SizeRule  # at the provider's default level of detail
    details: Mapping[str, SizeRule]  # by other level
    limits: Limits
    sure: Sureness
    source: str
    conflict: str = ""  # where sources contradict each other: what they say, and what was chosen

    def rule_at(self, detail: str) -> SizeRule:
        """Return the rule of a level of detail; one nobody knows is the default."""
        return self.details.get(detail.lower(), self.rule)


@dataclass(frozen=True)
class Provider:
    """One provider's rules."""

    formats: frozenset[FormatName] | None  # that it reads; None: nobody knows, only what it was sent
    default: Family
    families: Sequence[tuple[str, Family]]  # by pattern; the first that matches counts
    limits_everywhere: Limits = field(default_factory=Limits)  # whatever the model
    reads: frozenset[str] = frozenset()  # formats that we do not write, such as heic

    def formats_for(self, source: FormatName) -> frozenset[FormatName]:
        """Return what a picture that came in this format may be sent as."""
        return frozenset({source}) if self.formats is None else self.formats

    def family(self, model: str) -> Family:
        """Return the family that a name speaks of, however clouds, brokers and deployments spell it."""
        return self._found(model[:_LONGEST_NAME])

    def rule(self, model: str, detail: str = "") -> SizeRule:
        """Return how a model's images are counted at a level of detail; empty: the provider's default."""
        return self.family(model).rule_at(detail)

    def limits(self, model: str) -> Limits:
        """Return what is refused: the model's limits and the provider's own, whichever is stricter."""
        return self._limits(model[:_LONGEST_NAME])

    # Asked for every image of every request, so what was found is kept.
    @cached_property
    def _found(self) -> Callable[[str], Family]:
        return lru_cache(maxsize=1024)(self._find)

    @cached_property
    def _limits(self) -> Callable[[str], Limits]:
        return lru_cache(maxsize=1024)(
            lambda model: self._found(model).limits.stricter(self.limits_everywhere)
        )

    def _find(self, model: str) -> Family:
        name = plain_name(model.lower()).replace("_", "-")  # deployments are named either way
        for start in ("", r".*[^a-z0-9.]"):  # what the name begins with, else a word within
            for pattern, family in self.families:
                if re.match(f"{start}(?:{pattern})", name):
                    return family
        return self.default


@dataclass(frozen=True)
class ProviderRules:
    """Every provider's rules, as one version of the data."""

    version: str
    providers: Mapping[str, Provider]

    def of(self, provider: str) -> Provider:
        """Return a provider's rules, the cautious ones if nobody described it."""
        return self.providers.get(provider, self.providers[OTHER])

    def tokens(self, provider: str, model: str, width: int, height: int) -> int:
        """Return what an image of this size costs at the default level of detail."""
        return self.of(provider).rule(model).tokens(Size(width, height))

    def seen(self, provider: str, model: str, width: int, height: int) -> Size:
        """Return the size the model is shown at the default level of detail."""
        return self.of(provider).rule(model).seen(Size(width, height))

    def limits_of(self, recipient: Recipient) -> Limits:
        """Return what is refused on the way to this recipient."""
        return self.of(recipient.provider).limits(recipient.model)


def load_rules() -> ProviderRules:
    """Read the rules that ship with the package.

    Raises:
        ProviderRulesError: They are damaged, or name a way of counting this version does not know.
    """
    return parse_rules(files("gateway.providers").joinpath("providers.json").read_text(encoding="utf-8"))


def parse_rules(text: str) -> ProviderRules:
    """Read rules from JSON; see `load_rules`."""
    try:
        data = json.loads(text)
        entries = data["providers"]
        groups = {name: list(_families(group)) for name, group in data.get("families", {}).items()}
        providers = {
            name: _provider(entries[entry["like"]] if "like" in entry else entry, groups)
            for name, entry in entries.items()
        }
        if OTHER not in providers:
            raise ProviderRulesError(f"expected a provider named {OTHER!r}")
        return ProviderRules(str(data["version"]), providers)
    except (json.JSONDecodeError, KeyError, TypeError, AttributeError, re.error) as error:
        raise ProviderRulesError(f"expected provider rules, got something else: {error}") from error


def _provider(entry: Mapping[str, Any], groups: Mapping[str, Sequence[tuple[str, Family]]]) -> Provider:
    return Provider(
        formats=None if entry["formats"] == _AS_SENT else frozenset(entry["formats"]),
        default=_family(entry["default"], {}),
        families=[family for group in entry.get("serves", ()) for family in groups[group]],
        limits_everywhere=_limits(entry.get("limits", {})),
        reads=frozenset(entry.get("reads", ())),
    )


def _families(group: Mapping[str, Any]) -> Iterable[tuple[str, Family]]:
    """Yield a group's families; what one says of limits replaces what the group says."""
    for entry in group["models"]:
        re.compile(entry["match"])
        yield entry["match"], _family(entry, group.get("limits", {}))


def _family(entry: Mapping[str, Any], limits: Mapping[str, Any]) -> Family:
    if entry["sure"] not in get_args(Sureness):
        raise ProviderRulesError(
            f"sure must be one of {', '.join(get_args(Sureness))}, got {entry['sure']!r}"
        )
    return Family(
        name=str(entry["name"]),
        rule=_rule(entry["rule"]),
        details={level: _rule(rule) for level, rule in entry.get("detail", {}).items()},
        limits=_limits({**limits, **entry.get("limits", {})}),
        sure=cast(Sureness, entry["sure"]),
        source=str(entry["source"]),
        conflict=str(entry.get("conflict", "")),
    )


def _limits(entry: Mapping[str, Any]) -> Limits:
    return Limits(**{**entry, "refused": frozenset(entry.get("refused", ()))})


def _rule(entry: object) -> SizeRule:
    if not isinstance(entry, dict) or entry.get("kind") not in _KINDS:
        raise ProviderRulesError(f"expected a rule of kind {', '.join(_KINDS)}, got {entry!r}")
    fields = {("tokens_each" if name == "tokens" else name): value for name, value in entry.items()}
    return _KINDS[fields.pop("kind")](**fields)
