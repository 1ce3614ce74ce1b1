"""Try on the pictures of some traffic what the gateway would do to them, and keep a few to show.

A picture met many times and asked for alike, as in conversations that send their history again, is tried
once and counted as often as it is met. Importing this module loads torch.
"""

import hashlib
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from calibration.freed_memory import keep_freed_memory
from calibration.image import Decoded, ImageError, decode
from calibration.profile import JndProfile
from gateway.assembly import profile_named
from gateway.compression.compressor import CompressionPlan, Compressor
from gateway.compression.picture_class import PictureClass, classify
from gateway.compression.plan import Tier
from gateway.detection.inspector import Inspector
from gateway.detection.protocol import Examined
from gateway.detection.residual import ResidualDetector
from gateway.estimate.totals import Manner, Outcome, Target, Totals, add_up
from gateway.estimate.traffic import Found
from gateway.providers.rules import Recipient, load_rules
from predictor.one_thread import use_one_thread
from predictor.predict import Predictor

_FALSE_ALARMS = 0.01  # share of clean pictures that may be flagged, as the gateway's default
_SAMPLES_EACH = 3  # pictures kept to show, of each class


@dataclass(frozen=True)
class Sample:
    """One picture worth showing: as it came, and as the first target would be sent it."""

    name: str
    kind: PictureClass
    original: bytes
    sent: bytes
    plan: CompressionPlan

    @property
    def bytes_saved(self) -> int:
        """By how many bytes it became lighter."""
        return self.plan.bytes_in - self.plan.bytes_out


@dataclass
class Estimate:
    """What was found so far; whole once every picture was tried."""

    targets: tuple[Target, ...]
    tier: Tier
    outcomes: dict[Target, dict[bytes, Outcome]]  # by digest of a picture and how it is asked for
    times: Counter[bytes] = field(default_factory=Counter)  # how often each readable picture is sent
    verdicts: dict[bytes, str] = field(default_factory=dict)
    unreadable: Counter[str] = field(default_factory=Counter)  # by reason
    samples: dict[PictureClass, list[Sample]] = field(default_factory=dict)  # the most telling first

    @property
    def met(self) -> int:
        """How many pictures the traffic holds, those that could not be read too."""
        return self.times.total() + self.unreadable.total()

    def count_verdicts(self, *wanted: str) -> int:
        """Count pictures by what inspection said of them."""
        return sum(self.times[digest] for digest, outcome in self.verdicts.items() if outcome in wanted)

    @property
    def totals(self) -> tuple[Totals, ...]:
        """One for each target."""
        return tuple(
            add_up(
                target, ((outcome, self.times[digest]) for digest, outcome in self.outcomes[target].items())
            )
            for target in self.targets
        )

    def keep(self, sample: Sample) -> None:
        """Keep it if few of its class became so much lighter."""
        kept = [*self.samples.get(sample.kind, []), sample]
        kept.sort(key=lambda one: (-one.bytes_saved, one.name))
        self.samples[sample.kind] = kept[:_SAMPLES_EACH]


@dataclass(frozen=True, eq=False)
class _Picture:
    """One distinct picture of the traffic."""

    name: str
    data: bytes
    decoded: Decoded
    kind: PictureClass
    digest: bytes
    detail: str
    is_framed: bool


class Estimator:
    """Everything that is loaded once: the predictor, the profiles, the providers' rules."""

    def __init__(self, targets: tuple[Target, ...], manner: Manner, artifact: Path | None) -> None:
        """Load.

        Raises:
            ArtifactError: The predictor cannot be loaded.
            ProfileError: A model's profile cannot be read.
        """
        use_one_thread()
        keep_freed_memory()
        predictor = Predictor.load(artifact)
        self._compressor = Compressor(predictor, load_rules(), manner.tier, effort=manner.effort)
        self._inspector = Inspector([ResidualDetector(predictor)], alpha=_FALSE_ALARMS)
        self._profiles: dict[str, JndProfile] = {
            target.model: profile_named(target.model) for target in targets
        }
        self._detail = manner.detail
        self._targets = targets

    def run(self, found: Iterable[Found], estimate: Estimate) -> Iterator[dict[str, Any]]:
        """Try every picture and yield one line for each and each target; `estimate` is filled meanwhile."""
        for one in found:
            if one.problem:
                yield _unreadable(one, one.problem, one.problem, estimate)
                continue
            digest = _digest(one)
            if digest in estimate.times:
                estimate.times[digest] += 1
            else:
                yield from self._try(one, digest, estimate)

    def _try(self, one: Found, digest: bytes, estimate: Estimate) -> Iterator[dict[str, Any]]:
        try:
            decoded = decode(one.data)
        except ImageError as error:
            yield _unreadable(one, error.reason, str(error), estimate)
            return
        picture = _Picture(
            one.name, one.data, decoded, classify(decoded), digest, one.detail or self._detail, one.is_framed
        )
        estimate.times[digest] = 1
        outcome = estimate.verdicts[digest] = self._verdict_of(picture)
        for target in self._targets:
            yield self._at(target, picture, estimate) | {"outcome": outcome}

    def _verdict_of(self, picture: _Picture) -> str:
        profile = self._profiles[self._targets[0].model]
        return self._inspector.inspect(Examined.by_itself(picture.decoded, picture.data, profile)).outcome

    def _at(self, target: Target, picture: _Picture, estimate: Estimate) -> dict[str, Any]:
        started = time.perf_counter()
        profile = self._profiles[target.model]
        recipient = Recipient(
            target.provider, target.model, detail=picture.detail, is_framed=picture.is_framed
        )
        sent, plan = self._compressor.compress(
            picture.decoded, picture.data, profile, recipient, picture_class=picture.kind
        )
        milliseconds = round((time.perf_counter() - started) * 1000, 3)
        estimate.outcomes[target][picture.digest] = Outcome(picture.kind, plan, milliseconds)
        if target is self._targets[0]:
            estimate.keep(Sample(picture.name, picture.kind, picture.data, sent, plan))
        told = {
            "file": picture.name,
            "class": picture.kind,
            "provider": target.provider,
            "model": target.model,
        }
        return told | asdict(plan) | {"milliseconds": milliseconds}


def new_estimate(targets: tuple[Target, ...], tier: Tier) -> Estimate:
    """Begin with nothing found."""
    return Estimate(targets, tier, {target: {} for target in targets})


def _digest(one: Found) -> bytes:
    return hashlib.sha256(f"{one.detail}\0{one.is_framed}\0".encode() + one.data).digest()


def _unreadable(one: Found, reason: str, message: str, estimate: Estimate) -> dict[str, Any]:
    estimate.unreadable[reason] += 1
    return {"file": one.name, "class": None, "outcome": "unreadable", "reason": message}
