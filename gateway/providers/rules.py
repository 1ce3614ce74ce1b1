"""What providers do with an image: the size their models see, its tokens, the formats they take.

The rules are versioned data in `providers.json`; this module knows the few ways of counting. A provider
nobody described is treated as one that counts every pixel and reads no format but the one a picture came in.
"""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from importlib.resources import files
from typing import Protocol

from calibration.image_source import FormatName

OTHER = "other"
_AS_SENT = "as_sent"
_SAME_MODELS: Mapping[str, str] = {"azure": "openai"}  # who serves another's models, by the other's rules


class ProviderRulesError(ValueError):
    """The data file is not one this version can read."""


@dataclass(frozen=True)
class Size:
    """Pixels across and down."""

    width: int
    height: int


class SizeRule(Protocol):
    """How one family of models looks at images."""

    def seen(self, size: Size) -> Size:
        """Return the size the model is shown, aspect ratio kept; more pixels than this are wasted."""
        ...

    def tokens(self, size: Size) -> int:
        """Return what an image of this size costs."""
        ...


@dataclass(frozen=True)
class Fixed:
    """The same cost at any size (Gemini 3, models that squash into a square)."""

    tokens_each: int

    def seen(self, size: Size) -> Size:
        """Return the size itself: what the model does with it is not published, or its profile tells."""
        return size

    def tokens(self, size: Size) -> int:  # noqa: ARG002 - the point of this rule
        """Return the budget per image."""
        return self.tokens_each


@dataclass(frozen=True)
class Patches:
    """Square patches under a budget of sides and patches (OpenAI since 4.1-mini)."""

    patch: int
    factor: float
    max_patches: int | None = None
    max_side: int | None = None

    def seen(self, size: Size) -> Size:
        """Shrink to the longest side allowed, then until the patch grid fits its budget."""
        fitted = size if self.max_side is None else _fit(size, self.max_side)
        if self.max_patches is None or self._patches(fitted) <= self.max_patches:
            return fitted
        scale = math.sqrt(self.patch**2 * self.max_patches / (fitted.width * fitted.height))
        columns, rows = fitted.width * scale / self.patch, fitted.height * scale / self.patch
        scale *= min(max(1, int(columns)) / columns, max(1, int(rows)) / rows)
        return Size(max(1, round(fitted.width * scale)), max(1, round(fitted.height * scale)))

    def tokens(self, size: Size) -> int:
        """Count patches, times the model's factor."""
        return math.ceil(round(self._patches(self.seen(size)) * self.factor, 6))

    def _patches(self, size: Size) -> int:
        return math.ceil(size.width / self.patch) * math.ceil(size.height / self.patch)


@dataclass(frozen=True)
class Tiles:
    """512-pixel tiles after fitting into 2048 x 2048 and a short side of 768 (gpt-4o)."""

    base: int
    per_tile: int
    fit_side: int = 2048
    short_side: int = 768
    tile: int = 512

    def seen(self, size: Size) -> Size:
        """Shrink until both limits hold."""
        fitted = _fit(size, self.fit_side)
        scale = min(1.0, self.short_side / min(fitted.width, fitted.height))
        return Size(max(1, round(fitted.width * scale)), max(1, round(fitted.height * scale)))

    def tokens(self, size: Size) -> int:
        """Count tiles and the base."""
        seen = self.seen(size)
        count = math.ceil(seen.width / self.tile) * math.ceil(seen.height / self.tile)
        return self.base + self.per_tile * count


@dataclass(frozen=True)
class PaddedPatches:
    """The largest size whose padded edges and patch count stay within limits (Claude)."""

    patch: int
    max_patches: int
    max_side: int

    def seen(self, size: Size) -> Size:
        """Search the largest allowed width (or height, of a tall image); the limits are monotone in it."""
        if self._fits(size):
            return size
        low, high = 1, max(size.width, size.height)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self._fits(_with_longest(size, middle)) else (low, middle)
        return _with_longest(size, low)

    def tokens(self, size: Size) -> int:
        """Count patches, the partly filled ones too."""
        return self._patches(self.seen(size))

    def _fits(self, size: Size) -> bool:
        padded = math.ceil(max(size.width, size.height) / self.patch) * self.patch
        return padded <= self.max_side and self._patches(size) <= self.max_patches

    def _patches(self, size: Size) -> int:
        return math.ceil(size.width / self.patch) * math.ceil(size.height / self.patch)


@dataclass(frozen=True)
class Crops:
    """Small images are one tile; others are cut, about 1.5 tiles along the short side (Gemini 2)."""

    small_side: int
    tile: int
    per_tile: int

    def seen(self, size: Size) -> Size:
        """Return the size itself: crops are scaled to the tile, and no rule tells when detail is lost."""
        return size

    def tokens(self, size: Size) -> int:
        """Count crops."""
        if max(size.width, size.height) <= self.small_side:
            return self.per_tile
        unit = min(self.tile, max(256, int(min(size.width, size.height) / 1.5)))
        return self.per_tile * math.ceil(size.width / unit) * math.ceil(size.height / unit)


@dataclass(frozen=True)
class SmartResize:
    """Both sides rounded to the patch grid, pixels clamped (Qwen-VL's own resize)."""

    patch: int
    min_pixels: int
    max_pixels: int

    def seen(self, size: Size) -> Size:
        """Return the size on the grid where it is smaller than the image, else the image's own."""
        grid = self._grid(size)
        if grid.width * grid.height < size.width * size.height:
            return _fit(size, max(grid.width, grid.height))
        return size

    def tokens(self, size: Size) -> int:
        """Count the grid's cells."""
        grid = self._grid(size)
        return (grid.width // self.patch) * (grid.height // self.patch)

    def _grid(self, size: Size) -> Size:
        width = max(self.patch, round(size.width / self.patch) * self.patch)
        height = max(self.patch, round(size.height / self.patch) * self.patch)
        pixels = size.width * size.height
        if width * height > self.max_pixels:
            scale = math.sqrt(self.max_pixels / pixels)
            return Size(
                self._cells(size.width * scale, math.floor), self._cells(size.height * scale, math.floor)
            )
        if width * height < self.min_pixels:
            scale = math.sqrt(self.min_pixels / pixels)
            return Size(
                self._cells(size.width * scale, math.ceil), self._cells(size.height * scale, math.ceil)
            )
        return Size(width, height)

    def _cells(self, side: float, towards: Callable[[float], int]) -> int:
        return max(1, towards(side / self.patch)) * self.patch


_KINDS: Mapping[str, type[SizeRule]] = {
    "fixed": Fixed,
    "patches": Patches,
    "tiles": Tiles,
    "padded_patches": PaddedPatches,
    "crops": Crops,
    "smart_resize": SmartResize,
}


@dataclass(frozen=True)
class Provider:
    """One provider's rules."""

    formats: frozenset[FormatName] | None  # that it reads; None: nobody knows, only what it was sent
    default: SizeRule
    models: Mapping[str, SizeRule]  # by pattern; the first that matches counts

    def formats_for(self, source: FormatName) -> frozenset[FormatName]:
        """Return what a picture that came in this format may be sent as."""
        return frozenset({source}) if self.formats is None else self.formats

    def rule(self, model: str) -> SizeRule:
        """Return the rule of a model; names are matched without a vendor's prefix."""
        name = model.lower().rpartition("/")[2]
        for pattern, rule in self.models.items():
            if fnmatchcase(name, pattern):
                return rule
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
        """Return what an image of this size costs."""
        return self.of(provider).rule(model).tokens(Size(width, height))

    def seen(self, provider: str, model: str, width: int, height: int) -> Size:
        """Return the size the model is shown."""
        return self.of(provider).rule(model).seen(Size(width, height))


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
        providers = {
            name: _provider(entries[entry["like"]] if "like" in entry else entry)
            for name, entry in entries.items()
        }
        if OTHER not in providers:
            raise ProviderRulesError(f"expected a provider named {OTHER!r}")
        return ProviderRules(str(data["version"]), providers)
    except (json.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
        raise ProviderRulesError(f"expected provider rules, got something else: {error}") from error


def _provider(entry: Mapping[str, object]) -> Provider:
    models = entry["models"]
    if not isinstance(models, dict):
        raise ProviderRulesError(f"models must map patterns to rules, got {models!r}")
    rules = {pattern: _rule(rule) for pattern, rule in models.items()}
    formats = None if entry["formats"] == _AS_SENT else frozenset(entry["formats"])  # type: ignore[call-overload]
    return Provider(formats, _rule(entry["default"]), rules)


def _rule(entry: object) -> SizeRule:
    if not isinstance(entry, dict) or entry.get("kind") not in _KINDS:
        raise ProviderRulesError(f"expected a rule of kind {', '.join(_KINDS)}, got {entry!r}")
    fields = {("tokens_each" if name == "tokens" else name): value for name, value in entry.items()}
    kind = _KINDS[fields.pop("kind")]
    return kind(**fields)


def _fit(size: Size, side: int) -> Size:
    longest = max(size.width, size.height)
    if longest <= side:
        return size
    return Size(max(1, round(size.width * side / longest)), max(1, round(size.height * side / longest)))


def _with_longest(size: Size, side: int) -> Size:
    longest = max(size.width, size.height)
    return Size(max(1, size.width * side // longest), max(1, size.height * side // longest))
