"""Send pictures through the compressor, as `jnd-gateway compress` does, and see them as a provider would.

The one place that knows how the compressor is called. The provider's view of a version is its area reduction
to the size shown; a version smaller than that is the model's whole frame, and is enlarged only to be scored.
"""

import inspect
import statistics
import time
from dataclasses import dataclass
from functools import cached_property

from compression_pictures import Picture

from calibration.encoders import reduce_to
from calibration.image import Image, decode, resize
from calibration.image_source import DecodeLimits
from calibration.known_profiles import resolve_profile
from calibration.profile import JndProfile
from gateway.compression.compressor import CompressionPlan, Compressor, Tier
from gateway.compression.plan import SENTENCES
from gateway.compression.scaled_decode import decode_for_lightening
from gateway.detection.inspector import Inspector
from gateway.memory.cache import ByteBoundedCache
from gateway.pipeline import Asked, Pipeline, Profiles
from gateway.policy import PLAIN
from gateway.providers.rules import ProviderRules, Recipient, Size, load_rules
from predictor.predict import Predictor

UNKNOWN = "unknown-model"
_CACHED_TURNS = 20


@dataclass(frozen=True)
class Target:
    """A provider and a model, as the figures name them."""

    name: str
    provider: str
    model: str
    detail: str = ""  # "": the provider's default

    @property
    def recipient(self) -> Recipient:
        """As a request names it."""
        return Recipient(self.provider, self.model, self.detail)


CLAUDE = Target("claude", "anthropic", "claude-sonnet-4-5")
GPT_4O = Target("gpt_4o", "openai", "gpt-4o")
GPT_54 = Target("gpt_5_4_high", "openai", "gpt-5.4", "high")
GEMINI_2 = Target("gemini_2", "gemini", "gemini-2.5-pro")
QWEN_25 = Target("qwen2_5", "qwen", "qwen2.5-vl-72b")
AS_SENT = Target("as_sent", "other", UNKNOWN)  # only the format a picture came in may be sent


@dataclass(frozen=True, eq=False)
class Sent:
    """What became of one picture."""

    data: bytes
    plan: CompressionPlan
    milliseconds: float  # beyond the full decode that inspection needs anyway, where there is inspection

    @cached_property
    def image(self) -> Image:
        """What the provider decodes, upright."""
        return decode(self.data).image

    @property
    def saved(self) -> float:
        """Share of the bytes."""
        return 1.0 - len(self.data) / self.plan.bytes_in

    @property
    def tokens_saved(self) -> float:
        """Share of the vision tokens."""
        return 1.0 - self.plan.tokens_out / self.plan.tokens_in


class Sender:
    """The product under one set of settings."""

    def __init__(
        self,
        predictor: Predictor,
        tier: Tier = "faithful",
        *,
        max_probability: float = 0.05,
        effort: str | None = None,
        rules: ProviderRules | None = None,
        profile: JndProfile | None = None,
    ) -> None:
        options = {"effort": effort} if effort and has_efforts() else {}
        self.rules = rules or load_rules()
        self._compressor = Compressor(predictor, self.rules, tier, max_probability, **options)
        self._tier: Tier = tier
        self._profile = profile  # None: what the command acts on for the target's model

    def send(self, picture: Picture, target: Target) -> Sent:
        """Compress one picture."""
        picture.decoded  # noqa: B018 - decoding is not part of what is timed
        profile = self._profile or resolve_profile(target.model)
        began = time.perf_counter()
        data, plan = _compress(self._compressor, picture, target, profile)
        taken = (time.perf_counter() - began) * 1000
        return Sent(data, plan, taken)

    def send_uninspected(self, picture: Picture, target: Target) -> Sent:
        """Compress one picture of which nobody looks at more: its milliseconds are those of decoding too."""
        profile = self._profile or resolve_profile(target.model)
        began = time.perf_counter()
        decoded = decode_for_lightening(
            picture.data,
            DecodeLimits(),
            rules=self.rules,
            tier=self._tier,
            profile=profile,
            recipient=target.recipient,
        )
        data, plan = self._compressor.compress(decoded, picture.data, profile, target.recipient)
        return Sent(data, plan, (time.perf_counter() - began) * 1000)


def _compress(
    compressor: Compressor, picture: Picture, target: Target, profile: JndProfile
) -> tuple[bytes, CompressionPlan]:
    return compressor.compress(picture.decoded, picture.data, profile, target.recipient)


def known_reason(reason: str) -> bool:
    """Tell whether a picture was left alone for a reason of the closed list."""
    return reason in SENTENCES.values()


def cached_ms(predictor: Predictor, picture: Picture, target: Target) -> float:
    """Time the pipeline on a picture it has met before."""
    pipeline = Pipeline(
        inspector=Inspector([], 0.01),
        compressor=Compressor(predictor, load_rules(), "faithful"),
        profiles=Profiles({}, resolve_profile(target.model)),
        limits=DecodeLimits(),
        provider=target.provider,
        artifact=predictor.version,
        version="measured",
        cache=ByteBoundedCache(1 << 28),
    )
    taken = []
    for _ in range(_CACHED_TURNS + 1):
        began = time.perf_counter()
        outcome = pipeline.process(picture.data, "image/jpeg", Asked(target.recipient, "", PLAIN))
        taken.append((time.perf_counter() - began) * 1000)
    assert outcome.is_recalled
    return round(statistics.median(taken[1:]), 3)


def has_efforts() -> bool:
    """Tell whether the compressor knows `effort` yet."""
    return "effort" in inspect.signature(Compressor).parameters


def size_shown(image: Image, target: Target, rules: ProviderRules) -> Size:
    """Return the size at which the provider shows a picture to its model."""
    rule = rules.of(target.provider).rule(target.model, target.detail)
    return rule.seen(Size(image.width, image.height))


def shown(image: Image, target: Target, rules: ProviderRules) -> Image:
    """Reduce a picture to what the provider shows its model."""
    size = size_shown(image, target, rules)
    return reduce_to(image, size.width, size.height)


def scorable(version: Image, original: Image) -> Image:
    """Bring a version, as shown, to the size of the original, as shown."""
    if version.width * version.height > original.width * original.height:
        return reduce_to(version, original.width, original.height)
    return resize(version, original.width, original.height, "bicubic")
