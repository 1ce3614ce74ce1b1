"""Choose how far a knob may be turned so that the loss on fresh pictures stays below a promised rate.

Two promises. `control_expected` keeps the loss on average over calibrations (conformal risk control,
Angelopoulos et al. 2022, arXiv 2208.02814). `control_surely` keeps it with probability 1 - delta over the one
calibration that was drawn (Bates et al. 2021, arXiv 2101.02703; Angelopoulos et al. 2021, arXiv 2110.01052).
Both hold for pictures, models and questions exchangeable with the calibration's, and for no others.
"""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy.special import bdtr  # as scipy.stats' binom, which would cost whoever serves 46 MB

Floats = npt.NDArray[np.float64]
Promise = Literal["expected", "surely"]


@dataclass(frozen=True, eq=False)
class LossTable:
    """What each calibration picture would have lost at each setting of the knob.

    One row per picture, the unit that is exchangeable: average over models or questions first.
    """

    knobs: Floats  # (K,), rising: the safest setting first
    losses: Floats  # (n, K), between 0 and 1, not falling along the knob; see `worst_so_far`

    def __post_init__(self) -> None:
        if self.losses.ndim != 2 or 0 in self.losses.shape or self.losses.shape[1:] != self.knobs.shape:
            raise ValueError(
                "expected losses of shape (pictures, knobs), at least one each, "
                f"got {self.losses.shape} for {self.knobs.shape} knobs"
            )
        if not (np.isfinite(self.knobs).all() and (np.diff(self.knobs) > 0).all()):
            raise ValueError("expected knobs that are finite and rise")
        if not ((self.losses >= 0) & (self.losses <= 1)).all():  # NaN fails as well
            raise ValueError("expected losses between 0 and 1")
        if (np.diff(self.losses, axis=1) < 0).any():
            raise ValueError("expected losses that never fall as the knob is turned up: use worst_so_far")


@dataclass(frozen=True)
class RiskLimit:
    """The setting that was chosen, and what the choice rests on; part of an artifact's card."""

    knob: float | None  # turn it no further; None: no setting keeps the promise, change nothing
    promise: Promise
    alpha: float  # promised loss
    delta: float | None  # chance that one calibration misleads; None where the promise is on average
    calibration_loss: float | None  # at `knob`
    pictures: int
    strata: Mapping[str, int]  # pictures of the calibration by kind
    sha256: str  # of the calibration's knobs and losses

    def to_card(self) -> dict[str, Any]:
        """Write as JSON values."""
        return asdict(self)

    @classmethod
    def from_card(cls, card: Mapping[str, Any]) -> "RiskLimit":
        """Read what `to_card` wrote.

        Raises:
            ValueError: Fields are missing, unknown or of another kind.
        """
        try:
            found = cls(**card)
            if found.knob is not None and not math.isfinite(found.knob):
                raise ValueError(f"expected a finite knob, got {found.knob}")
        except TypeError as error:
            raise ValueError(f"expected a risk limit, got something else: {error}") from error
        return found


def worst_so_far(losses: npt.ArrayLike) -> Floats:
    """Make losses of shape (pictures, knobs) monotone: the largest up to each setting.

    An answer can change and change back as a picture is compressed further. Counting it as changed from the
    first time on is what Angelopoulos et al. 2022 do with such losses; it errs on the safe side.
    """
    return np.asarray(np.maximum.accumulate(np.asarray(losses, dtype=np.float64), axis=1))


def control_expected(table: LossTable, alpha: float, *, strata: Sequence[str] = ()) -> RiskLimit:
    """Choose the largest setting whose expected loss on a fresh picture is at most `alpha`.

    Theorem 1 of Angelopoulos et al. 2022: n / (n + 1) * mean loss + 1 / (n + 1) <= alpha. With fewer than
    1 / alpha - 1 pictures no setting qualifies.

    Args:
        table: The calibration.
        alpha: Strictly between 0 and 1.
        strata: The kind of each picture, for the record.

    Raises:
        ValueError: `alpha` is outside its range, or strata do not fit the pictures.
    """
    _check_share("alpha", alpha)
    pictures = len(table.losses)
    bound = (table.losses.sum(axis=0) + 1.0) / (pictures + 1)
    allowed = int(np.searchsorted(bound > alpha, True))  # monotone: the first that breaks it
    return _limit(table, allowed, promise="expected", alpha=alpha, delta=None, strata=strata)


def control_surely(
    table: LossTable, alpha: float, delta: float = 0.05, *, strata: Sequence[str] = ()
) -> RiskLimit:
    """Choose the largest setting whose loss is at most `alpha`, wrongly with probability at most `delta`.

    Settings are tested from the safest on until one cannot be shown to keep `alpha` (fixed sequence,
    Angelopoulos et al. 2021, section 2.1), by exact binomial tails for losses of 0 and 1, else by Hoeffding
    and Bentkus (Bates et al. 2021, theorem 2).

    Args:
        table: The calibration.
        alpha: Strictly between 0 and 1.
        delta: Strictly between 0 and 1.
        strata: The kind of each picture, for the record.

    Raises:
        ValueError: `alpha` or `delta` is outside its range, or strata do not fit the pictures.
    """
    _check_share("alpha", alpha)
    _check_share("delta", delta)
    allowed = 0
    while allowed < len(table.knobs) and p_value(table.losses[:, allowed], alpha) <= delta:
        allowed += 1
    return _limit(table, allowed, promise="surely", alpha=alpha, delta=delta, strata=strata)


def p_value(losses: Floats, alpha: float) -> float:
    """Return a p-value of "the expected loss exceeds `alpha`", from independent losses in 0 ... 1."""
    pictures, total = len(losses), float(losses.sum())
    if np.isin(losses, (0.0, 1.0)).all():
        return float(bdtr(round(total), pictures, alpha))  # Clopper and Pearson 1934
    mean = min(total / pictures, alpha)
    hoeffding = math.exp(-pictures * _relative_entropy(mean, alpha))
    bentkus = math.e * float(bdtr(math.ceil(total), pictures, alpha))
    return min(hoeffding, bentkus, 1.0)


def _relative_entropy(mean: float, alpha: float) -> float:
    zero = 0.0 if mean == 0 else mean * math.log(mean / alpha)
    return zero + (1 - mean) * math.log((1 - mean) / (1 - alpha))


def _limit(
    table: LossTable,
    allowed: int,
    *,
    promise: Promise,
    alpha: float,
    delta: float | None,
    strata: Sequence[str],
) -> RiskLimit:
    if strata and len(strata) != len(table.losses):
        raise ValueError(f"expected the kind of each of {len(table.losses)} pictures, got {len(strata)}")
    return RiskLimit(
        knob=float(table.knobs[allowed - 1]) if allowed else None,
        promise=promise,
        alpha=alpha,
        delta=delta,
        calibration_loss=float(table.losses[:, allowed - 1].mean()) if allowed else None,
        pictures=len(table.losses),
        strata={name: list(strata).count(name) for name in sorted(set(strata))},
        sha256=hashlib.sha256(table.knobs.tobytes() + table.losses.tobytes()).hexdigest(),
    )


def _check_share(name: str, value: float) -> None:
    if not 0.0 < value < 1.0:
        raise ValueError(f"expected {name} strictly between 0 and 1, got {value}")
