"""What a critic says of one picture: quality as people see it, attributes, the worst place, origin.

Types alone: `Critic` makes them, `description` turns them into words.
"""

from dataclasses import dataclass, field
from statistics import fmean, median
from typing import Literal, get_args

from predictor.critic.origin import Provenance

Judge = Literal["specialist", "critic LMM"]
Attribute = Literal["brightness", "colorfulness", "contrast", "noisiness", "sharpness"]
ATTRIBUTES: tuple[Attribute, ...] = get_args(Attribute)
# What can be wrong with a place: an attribute and the side on which it is wrong.
Flaw = Literal["blurred", "noisy", "dark", "bright", "flat", "pale", "blocky"]
OUTSIDE_TRAINING = "outside what it was trained on"
ROWS, COLUMNS = ("upper", "middle", "lower"), ("left", "centre", "right")
_NINTHS = len(ROWS) * len(COLUMNS)
OUTSTANDING = 8.0  # points of MOS below the others: less is not worth a word
_USUAL_SPREADS = 2.5  # of how far ninths lie from their median anyhow


@dataclass(frozen=True)
class Attributes:
    """What people see of a picture, 0 to 100 each, as SPAQ's raters were asked.

    Only noisiness is bad where it is high. 50 is what a usual, well-taken photograph has, but for
    noisiness, of which it has hardly any.
    """

    brightness: float  # 0 black, 50 as light as photographs are, 100 white; haze over blacks counts as light
    colorfulness: float  # 0 grey, 100 as colourful as photographs are
    contrast: float  # 0 one even tone, 100 from black to white with little between
    noisiness: float  # 0 clean, 20 grain seen when looked for, 100 grain over everything
    sharpness: float  # 0 nothing can be made out, 50 sharp at usual size, 100 crisp to the pixel

    def __post_init__(self) -> None:
        for name in ATTRIBUTES:
            _check_score(name, getattr(self, name))


@dataclass(frozen=True)
class Ninth:
    """One ninth of the picture, judged by itself on the scale of the whole."""

    mos: float  # 0 to 100
    flaw: Flaw | None = None  # what is worst there; None: nothing is wrong

    def __post_init__(self) -> None:
        _check_score("mos of a ninth", self.mos)


@dataclass(frozen=True)
class QualityMap:
    """Quality by place: nine ninths, row by row from the upper left."""

    ninths: tuple[Ninth, ...]

    def __post_init__(self) -> None:
        if len(self.ninths) != _NINTHS:
            raise ValueError(f"expected {_NINTHS} ninths, got {len(self.ninths)}")

    @property
    def gap(self) -> float:
        """How far the worst ninth lies below the median of the others, in points of MOS."""
        worst, *others = sorted(ninth.mos for ninth in self.ninths)
        return median(others) - worst

    @property
    def worst(self) -> int | None:
        """Where it is worst, 0 to 8; None where no ninth, or no three of them, stand out from the others."""
        scores = [ninth.mos for ninth in self.ninths]
        usual = fmean(abs(score - median(scores)) for score in scores)
        stands_out = self.gap >= max(OUTSTANDING, _USUAL_SPREADS * usual)
        return scores.index(min(scores)) if stands_out else None


def place_name(index: int) -> str:
    """Name one of the nine places: "upper left" … "centre" … "lower right"."""
    row, column = ROWS[index // 3], COLUMNS[index % 3]
    return "centre" if row == "middle" and column == "centre" else f"{row} {column}"


@dataclass(frozen=True)
class Critique:
    """What was judged of one picture, and by whom."""

    mos: float  # mean opinion score, 0 to 100
    interval: tuple[float, float]  # low and high; holds people's mean for 95 of 100 photographs
    attributes: Attributes
    quality_map: QualityMap | None  # None where a picture is too small to have places
    generated_probability: float | None  # that it was generated, from its pixels alone
    judge: Judge = "specialist"
    generated_reason: str | None = None  # why there is no probability
    provenance: Provenance = field(default_factory=Provenance)  # of the file; kept apart from the probability
    outside: str | None = None  # why the score is outside what it was learned from; None: it is not

    def __post_init__(self) -> None:
        low, high = self.interval
        for name, score in (("mos", self.mos), ("low", low), ("high", high)):
            _check_score(name, score)
        if not low <= self.mos <= high:
            raise ValueError(f"expected the mos inside its interval, got {self.mos} and {self.interval}")
        if self.generated_probability is not None and not 0 <= self.generated_probability <= 1:
            raise ValueError(f"expected a probability of 0-1, got {self.generated_probability}")
        if (self.generated_probability is None) == (self.generated_reason is None):
            raise ValueError("expected either a probability that it was generated, or why there is none")


def _check_score(name: str, score: float) -> None:
    if not 0 <= score <= 100:
        raise ValueError(f"expected {name} of 0-100, got {score}")
