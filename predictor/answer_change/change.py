"""Predict whether a model would answer differently about a picture, were it sent another version of it.

Answering is not noticing: answers survive most changes that are seen, and which picture's answer flips is
decided by how undecided the model was. Predicts, for a model whose answers nobody has seen, the divergence of
its answer distribution and the chance that its likeliest answer is another. Knows no question: it learned
from "what is this?". Pictures whose answer is in small text are outside what it knows.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from scipy.special import expit

from calibration.image import Image
from calibration.profile import JndProfile
from predictor.answer_change.distances import DISTANCES, distances
from predictor.answer_change.surrogate import SIDE, SIGNALS, Surrogate, signals
from predictor.artifact import ArtifactError, Part
from predictor.guarantees.risk_control import RiskLimit
from predictor.views import check_aspect, model_view

Floats = npt.NDArray[np.float32]

UNKNOWN_SIDE = 224  # pixels: view of a model whose input nobody told
FEATURES: tuple[str, ...] = (*DISTANCES, *SIGNALS)
_SMALLEST_MARGIN = 1e-3


@dataclass(frozen=True)
class AnswerChange:
    """What one version would do to a model's answer."""

    probability: float  # that the likeliest answer is another
    kl: float  # expected KL(answers to the original || answers to the version), nats
    low: float  # 95 % of pictures like this one, on models not seen, have a KL in low ... high
    high: float


@dataclass(frozen=True)
class OwnFlip:
    """The flip head of one model, learned from its own answers: log odds = slope * ln KL + constant."""

    slope: float
    constant: float


@dataclass(frozen=True, eq=False)
class Heads:
    """Linear readings of the features; all features are standardised first."""

    mean: Floats  # (features,)
    scale: Floats
    divergence: Floats  # (features + 1,): ln KL, constant last
    smearing: float  # ln of mean(KL) over exp(mean ln KL): the expectation of what is spread
    spread: Floats  # (2,): 2.5 and 97.5 % of ln KL around its prediction
    flip: Floats  # (2,): log odds, from ln KL as predicted, constant last
    flip_known: Floats  # (5,): log odds where the model's margin is known; see `known_margin_terms`

    def standardise(self, rows: Floats) -> Floats:
        """Bring features (n, features) to mean 0 and spread 1, as trained."""
        return np.asarray(np.clip((rows - self.mean) / self.scale, -6.0, 6.0), dtype=np.float32)

    def log_divergence(self, rows: Floats) -> Floats:
        """Return the mean of ln KL of each row."""
        return np.asarray(self.standardise(rows) @ self.divergence[:-1] + self.divergence[-1])

    def log_odds(self, rows: Floats) -> Floats:
        """Return the log odds of another answer, the model's margin unknown."""
        return np.asarray(flip_terms(self.log_divergence(rows)) @ self.flip)

    def log_odds_known(self, rows: Floats, margins: Floats) -> Floats:
        """Return the log odds of another answer for originals answered with these margins."""
        return np.asarray(known_margin_terms(self.log_divergence(rows), margins) @ self.flip_known)


def flip_terms(log_divergence: Floats) -> Floats:
    """Return the terms of the flip head: predicted ln KL, 1.

    No more on purpose: flips fitted to all features, or to a margin predicted from the picture, rank flips of
    new photographs worse than ln KL alone does.
    """
    return np.column_stack([log_divergence, np.ones_like(log_divergence)]).astype(np.float32)


def known_margin_terms(log_divergence: Floats, margins: Floats) -> Floats:
    """Return the terms of the flip head with a margin m: ln KL, ln m, ln KL - 2 ln m where positive, m, 1.

    KL <= m^2 / 2 rules a flip out (Pinsker's inequality), hence the third.
    """
    log_margin = np.log(np.maximum(margins, _SMALLEST_MARGIN))
    beyond = np.maximum(log_divergence - 2.0 * log_margin + math.log(2.0), 0.0)
    ones = np.ones_like(log_divergence)
    return np.column_stack([log_divergence, log_margin, beyond, margins, ones]).astype(np.float32)


class AnswerModel:
    """The trained surrogates and heads, and the limits of P(answer changes) that keep promised rates."""

    def __init__(
        self,
        surrogates: Sequence[Surrogate],
        heads: Heads,
        limits: Sequence[RiskLimit] = (),
        own: Mapping[str, OwnFlip] | None = None,
    ) -> None:
        """Take the parts; `own` holds the flip heads of models that were asked themselves, by their names."""
        self._surrogates = [surrogate.eval() for surrogate in surrogates]
        self.heads = heads
        self.limits = tuple(limits)
        self._own = dict(own or {})

    @classmethod
    def from_part(cls, part: Part) -> "AnswerModel":
        """Rebuild from an artifact.

        Raises:
            ArtifactError: The arrays or settings are not those of this model.
        """
        try:
            if tuple(part.card["settings"]["features"]) != FEATURES:
                raise ValueError(f"expected features {FEATURES}")
            count = int(part.card["settings"]["surrogates"])
            heads = heads_from_tensors(part.tensors)
            limits = [RiskLimit.from_card(card) for card in part.card.get("risk_limits", ())]
            surrogates = [_surrogate(part.tensors, index) for index in range(count)]
            return cls(surrogates, heads, limits, _own_flips(part.card.get("models", {})))
        except (LookupError, TypeError, ArithmeticError, ValueError, RuntimeError, AttributeError) as error:
            raise ArtifactError(f"the answer_change part does not fit this model: {error}") from error

    def judge(
        self, original: Image, versions: Sequence[Image], profile: JndProfile, margin: float | None = None
    ) -> list[AnswerChange]:
        """Predict for versions of one original; sizes may differ, shapes not.

        Args:
            original: What came in.
            versions: What might be sent instead.
            profile: Its `input_side` says at which size the model sees pictures.
            margin: Of the model's answer to the original, where known: the likeliest answer's probability
                minus the second's.

        Raises:
            PairError: The aspect ratio of a version differs by more than 2 %.
            ValueError: The margin is not between 0 and 1.
        """
        if margin is not None and not 0.0 <= margin <= 1.0:
            raise ValueError(f"expected a margin between 0 and 1, got {margin}")
        if not versions:
            return []
        for version in versions:
            check_aspect(original, version)
        rows = self.features(original, versions, profile.input_side or UNKNOWN_SIDE)
        centres = self.heads.log_divergence(rows)
        odds = self._log_odds(rows, centres, profile.model, margin)
        return [
            _unchanged() if np.array_equal(version.pixels, original.pixels) else self._conclude(centre, odd)
            for version, centre, odd in zip(versions, centres.tolist(), odds.tolist(), strict=True)
        ]

    def features(self, original: Image, versions: Sequence[Image], side: int) -> Floats:
        """Measure versions of one original at a model's input side; (versions, len(FEATURES))."""
        view = model_view(original, side)
        far = np.stack([distances(view, model_view(version, side)) for version in versions])
        views = np.stack([model_view(image, SIDE).pixels for image in (original, *versions)])
        return self.features_of(far, views)

    def features_of(self, far: Floats, views: npt.NDArray[np.uint8]) -> Floats:
        """Gather features from distances (versions, DISTANCES) and the surrogates' views."""
        return np.column_stack([far, batch_signals(self._surrogates, views)]).astype(np.float32)

    def _log_odds(self, rows: Floats, centres: Floats, model: str, margin: float | None) -> Floats:
        """A margin of this very picture says more than a model's other answers: it goes first."""
        if margin is not None:
            return self.heads.log_odds_known(rows, np.full(len(rows), margin, dtype=np.float32))
        own = self._own.get(model)
        return self.heads.log_odds(rows) if own is None else own.slope * centres + own.constant

    def _conclude(self, centre: float, log_odds: float) -> AnswerChange:
        low, high = (math.exp(centre + float(around)) for around in self.heads.spread)
        kl = math.exp(centre + self.heads.smearing)
        return AnswerChange(float(expit(log_odds)), min(max(kl, low), high), low, high)


def batch_signals(surrogates: Sequence[Surrogate], views: npt.NDArray[np.uint8]) -> Floats:
    """Average the surrogates' signals between the first view and the others; views (1 + n, SIDE, SIDE, 3)."""
    batch = torch.from_numpy(views).permute(0, 3, 1, 2).to(torch.float32) / 255.0
    with torch.inference_mode():
        found = []
        for surrogate in surrogates:
            reading = surrogate(batch)
            found.append(signals(reading.take(slice(0, 1)), reading.take(slice(1, None))))
        return np.asarray(torch.stack(found).mean(dim=0).numpy(), dtype=np.float32)


def heads_from_tensors(tensors: Mapping[str, torch.Tensor]) -> Heads:
    """Read what `part_tensors` wrote.

    Raises:
        KeyError: An array is missing.
        ValueError: An array is of another shape, or not finite.
    """
    count = len(FEATURES)
    shapes = {"mean": count, "scale": count, "divergence": count + 1, "spread": 2,
              "flip": 2, "flip_known": 5, "smearing": 1}  # fmt: skip
    found = {name: tensors[f"heads.{name}"].numpy().astype(np.float32) for name in shapes}
    for name, size in shapes.items():
        if found[name].shape != (size,) or not np.isfinite(found[name]).all():
            raise ValueError(f"expected {size} finite numbers as heads.{name}, got {found[name].shape}")
    return Heads(**{name: float(one[0]) if name == "smearing" else one for name, one in found.items()})  # type: ignore[arg-type]


def part_tensors(surrogates: Sequence[Surrogate], heads: Heads) -> dict[str, torch.Tensor]:
    """Return the arrays under the names `AnswerModel.from_part` reads."""
    tensors = {
        f"surrogates.{index}.{name}": tensor
        for index, surrogate in enumerate(surrogates)
        for name, tensor in surrogate.state_dict().items()
    }
    for name, value in vars(heads).items():
        tensors[f"heads.{name}"] = torch.as_tensor(np.atleast_1d(np.asarray(value, dtype=np.float32)))
    return tensors


def settings(surrogates: Sequence[Surrogate]) -> dict[str, Any]:
    """Return what the card must say for `AnswerModel.from_part`."""
    return {"features": list(FEATURES), "surrogates": len(surrogates), "unknown_side": UNKNOWN_SIDE}


def _own_flips(models: Mapping[str, Mapping[str, Any]]) -> dict[str, OwnFlip]:
    found = {name: OwnFlip(float(card["slope"]), float(card["constant"])) for name, card in models.items()}
    if not all(math.isfinite(own.slope) and math.isfinite(own.constant) for own in found.values()):
        raise ValueError("expected finite flip heads of models")
    return found


def _surrogate(tensors: Mapping[str, torch.Tensor], index: int) -> Surrogate:
    surrogate = Surrogate()
    prefix = f"surrogates.{index}."
    state = {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
    surrogate.load_state_dict(state)
    return surrogate


def _unchanged() -> AnswerChange:
    return AnswerChange(probability=0.0, kl=0.0, low=0.0, high=0.0)
