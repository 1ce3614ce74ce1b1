"""Learn colourfulness from photographs whose colours were made stronger by known factors."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import lsq_linear

from calibration.image import Image
from predictor.critic.colourfulness import COLOUR_COLUMNS, ColourModel, colour_amount, colour_row
from predictor.critic.measures import Floats, measure
from predictor.learning.critic.scale_tables import table_through
from predictor.learning.critic.views import Photographs

# Factors of colour, and where the median photograph so changed lies on the scale.
_WEAKER = ((0.15, 6.0), (0.3, 13.0), (0.55, 27.0))
_STRONGER = ((1.0, 50.0), (1.3, 59.0), (1.7, 68.0), (2.3, 78.0), (3.2, 88.0), (4.5, 96.0))
_SHRINKAGE = 100.0
_AMOUNT_COUNTS = 0.25  # of the line's own spread: what has more colour is more colourful all the same
_HAS_COLOUR = 0.03  # of M(3): what has less shows nothing when it is made stronger
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True, eq=False)
class Colours:
    """Rows that `colour_row` gives of photographs in colours of known strength."""

    rows: Floats  # (N, F)
    factor: Floats  # (N,) of every colour's distance from grey


def colours_of(photographs: Photographs) -> Colours:
    """Change the colours of every photograph that has some, and measure what comes of it."""
    factors = [factor for factor, _ in (*_WEAKER, *_STRONGER)]
    rows: list[Floats] = []
    for photograph in photographs:
        if colour_amount(measure(photograph.image)) >= _HAS_COLOUR:
            rows += [colour_row(measure(_recoloured(photograph.image, factor))) for factor in factors]
    return Colours(np.stack(rows), np.tile(np.array(factors, np.float32), len(rows) // len(factors)))


def train_colours(colours: Colours) -> ColourModel:
    """Fit the line to how much stronger colours were made, over all photographs at once, and its table."""
    learnt = colours.factor >= 1
    line = _line(colours.rows[learnt], np.log2(colours.factor[learnt]))
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


def _line(rows: Floats, wanted: Floats) -> Floats:
    """Fit a shrunken line without the first column, and without negative weights of colour."""
    mean, scale = rows.mean(axis=0), rows.std(axis=0) + 1e-6
    size = rows.shape[1]
    evened = np.vstack([(rows - mean) / scale, np.sqrt(_SHRINKAGE) * np.eye(size)])
    evened[:, 0] = 0
    least = np.where(np.arange(size) < COLOUR_COLUMNS, 0.0, -np.inf)
    target = np.concatenate([wanted - wanted.mean(), np.zeros(size)])
    line: Floats = (lsq_linear(evened, target, (least, np.inf)).x / scale).astype(np.float32)
    line[0] = 0
    return line
