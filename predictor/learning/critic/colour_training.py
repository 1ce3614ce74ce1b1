"""Learn colourfulness from photographs whose colours were made stronger by known factors."""

from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import Ridge

from calibration.image import Image
from predictor.critic.colourfulness import ColourModel, colour_amount, colour_row
from predictor.critic.measures import Floats, measure
from predictor.learning.critic.scale_tables import table_through
from predictor.learning.critic.views import Photographs, smaller

# Factors of colour, and where the median photograph so changed lies on the scale.
_WEAKER = ((0.15, 6.0), (0.3, 13.0), (0.55, 27.0))
_STRONGER = ((1.0, 50.0), (1.3, 59.0), (1.7, 68.0), (2.3, 78.0), (3.2, 88.0), (4.5, 96.0))
# By cross-validation: without steps a line tells factors a little better (.86 for .84), but falls in one
# step of eight, since colour that the scene owes it then counts against a picture.
_STEP_COUNTS = 0.2  # how much a step of one photograph's colours counts beside where photographs lie
_SHRINKAGE = 60.0
_AMOUNT_COUNTS = 0.15  # of the line's own spread: what has more colour is more colourful all the same
_HAS_COLOUR = 0.03  # of M(3): what has less shows nothing when it is made stronger
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True, eq=False)
class Colours:
    """Rows that `colour_row` gives of photographs, one after another, each in every strength of colour."""

    rows: Floats  # (N, F)
    factor: Floats  # (N,) of every colour's distance from grey


def colours_of(photographs: Photographs, seed: int = 3) -> Colours:
    """Change the colours of every photograph that has some, and measure what comes of it.

    Every second one is a smaller copy: codecs blur colours, so that one never compressed looked stronger.
    """
    factors, rng = [factor for factor, _ in (*_WEAKER, *_STRONGER)], np.random.default_rng(seed)
    rows: list[Floats] = []
    for place, photograph in enumerate(photographs):
        image = smaller(photograph.image, rng) if place % 2 else photograph.image
        if colour_amount(measure(image)) >= _HAS_COLOUR:
            rows += [colour_row(measure(_recoloured(image, factor))) for factor in factors]
    return Colours(np.stack(rows), np.tile(np.array(factors, np.float32), len(rows) // len(factors)))


def train_colours(colours: Colours) -> ColourModel:
    """Fit the line to how much stronger colours were made, over all photographs at once, and its table."""
    learnt = colours.factor >= 1
    line = _line(colours)
    line[0] = _AMOUNT_COUNTS * (colours.rows @ line)[learnt].std() / colours.rows[learnt, 0].std()
    factors, places = zip(*_WEAKER, *_STRONGER, strict=True)
    said = colours.rows @ line
    medians = [float(np.median(said[colours.factor == np.float32(factor)])) for factor in factors]
    scores, values = table_through(medians, places)
    return ColourModel(line, scores.astype(np.float32), values.astype(np.float32))


def _recoloured(image: Image, factor: float) -> Image:
    values = image.pixels.astype(np.float32)
    grey = (values @ _LUMA)[..., None]
    return Image(np.clip(grey + (values - grey) * factor + 0.5, 0, 255).astype(np.uint8))


def _line(colours: Colours) -> Floats:
    """Fit a shrunken line, without the first column, to factors above 1 and to every step between factors."""
    learnt, factors = colours.factor >= 1, len(_WEAKER) + len(_STRONGER)
    rows, wanted = colours.rows[learnt], np.log2(colours.factor)
    one_photograph = np.arange(len(wanted) - 1) % factors < factors - 1  # not from one to the next
    steps, rises = (np.diff(every, axis=0)[one_photograph] for every in (colours.rows, wanted))
    scale = rows.std(axis=0) + 1e-6
    scale[0] = np.inf
    counts = np.concatenate([np.ones(len(rows)), np.full(len(steps), _STEP_COUNTS)])
    evened = np.concatenate([rows - rows.mean(axis=0), steps]) / scale
    target = np.concatenate([wanted[learnt] - wanted[learnt].mean(), rises])
    fitted = Ridge(_SHRINKAGE, fit_intercept=False).fit(evened, target, sample_weight=counts)
    line: Floats = (fitted.coef_ / scale).astype(np.float32)
    return line
