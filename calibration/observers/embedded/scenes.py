"""Generated pictures with known content, and questions about one picture with known answers.

Colours, shapes, counts, words and twenty everyday textures and objects: enough for "the same answer" to mean
something when an image is compressed or attacked.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from calibration.image import Pixels
from calibration.observers.embedded.architecture import SIDE
from calibration.observers.embedded.drawings import DRAWINGS

COLORS: dict[str, tuple[int, int, int]] = {
    "red": (210, 40, 40),
    "orange": (240, 140, 30),
    "yellow": (240, 220, 50),
    "green": (50, 160, 60),
    "blue": (45, 90, 210),
    "purple": (140, 60, 180),
    "pink": (245, 150, 190),
    "brown": (125, 80, 45),
    "black": (25, 25, 25),
    "white": (240, 240, 240),
    "gray": (128, 128, 128),
}
# Shapes and words are darker than what they stand on, as print is: polarity would have to be learned apart.
LIGHT_GROUNDS = ("white", "pink", "yellow")
DARK_INKS = ("red", "green", "blue", "purple", "brown", "black")
SHAPES = ("circle", "square", "triangle", "star", "cross", "ring")
WORDS = ("STOP", "OPEN", "EXIT", "SALE", "HELLO", "HOTEL", "PIZZA", "TAXI", "BANK", "CAFE", "DANGER", "MILK")

COLOR_PROMPT = "What is the dominant color of this image?"
SHAPE_PROMPT = "What shape is in this image?"
SHAPE_COLOR_PROMPT = "What color is the shape?"
COUNT_PROMPT = "How many shapes are in this image?"
TEXT_PROMPT = "Is there any text in this image?"
WORD_PROMPT = "Which word is written in this image?"
CONTENT_PROMPT = "What is shown in this image?"
LIGHT_PROMPT = "Is this image bright or dark?"

PARAPHRASES: dict[str, tuple[str, ...]] = {
    COLOR_PROMPT: (
        "Which color dominates this picture?",
        "What is the main color of the image? Answer in one word.",
    ),
    SHAPE_PROMPT: ("Which shape do you see?", "What shape is shown in the picture? Answer in one word."),
    SHAPE_COLOR_PROMPT: (
        "Which color does the shape have?",
        "What is the color of the shape? Answer in one word.",
    ),
    COUNT_PROMPT: ("How many shapes do you see?", "Count the shapes in the picture. Answer with a number."),
    TEXT_PROMPT: ("Does this picture contain text? Answer Yes or No.", "Is anything written in the image?"),
    WORD_PROMPT: ("What does the text say?", "Read the word in the picture. Answer in one word."),
    CONTENT_PROMPT: ("What do you see in this picture?", "What does the image show? Answer in one word."),
    LIGHT_PROMPT: ("Is the picture bright or dark? Answer in one word.",),
}
ANSWER_WORDS = (*COLORS, *SHAPES, *WORDS, *DRAWINGS, *"12345", "Yes", "No", "bright", "dark")


@dataclass(frozen=True)
class Scene:
    """A picture (SIDE, SIDE, 3) and its (question, answer) pairs."""

    pixels: Pixels
    questions: tuple[tuple[str, str], ...]


def sample_scene(rng: np.random.Generator, photographs: Sequence[Pixels] = ()) -> Scene:
    """Draw one scene; `photographs` are asked about colour and light only."""
    if len(photographs) and rng.random() < 0.1:
        return _photograph(photographs[int(rng.integers(len(photographs)))])
    scene = _MAKERS[int(rng.integers(len(_MAKERS)))](rng)
    light = _light(scene.pixels)
    return Scene(_weathered(scene.pixels, rng), scene.questions + light)


def dominant_color(pixels: Pixels) -> str | None:
    """Name the colour that covers clearly more of the picture than any other; None when it is close."""
    names = list(COLORS)
    palette = np.array(list(COLORS.values()), np.float32)
    small = cv2.resize(pixels, (32, 32), interpolation=cv2.INTER_AREA).reshape(-1, 3).astype(np.float32)
    nearest = np.linalg.norm(small[:, None] - palette, axis=-1).argmin(1)  # (1024,)
    counts = np.bincount(nearest, minlength=len(names)) / len(small)
    first, second = np.argsort(counts)[::-1][:2]
    return names[first] if counts[first] > 0.4 and counts[first] > 1.6 * counts[second] else None


def _light(pixels: Pixels) -> tuple[tuple[str, str], ...]:
    mean = float(pixels.mean())
    if mean > 150:
        return ((LIGHT_PROMPT, "bright"),)
    return ((LIGHT_PROMPT, "dark"),) if mean < 95 else ()


def _photograph(pixels: Pixels) -> Scene:
    color = dominant_color(pixels)
    questions = ((COLOR_PROMPT, color),) if color else ()
    return Scene(pixels, questions + _light(pixels))


def _flat(rng: np.random.Generator) -> Scene:
    """A field of one colour with distractors: colour alone is asked."""
    name = _any(COLORS, rng)
    pixels = _ground(COLORS[name], rng)
    for _ in range(int(rng.integers(0, 4))):
        corner = rng.integers(0, SIDE, 2)
        size = rng.integers(4, 26, 2)
        color = COLORS[_any(COLORS, rng)]
        cv2.rectangle(pixels, corner.tolist(), (corner + size).tolist(), color, -1)
    return Scene(pixels, ((COLOR_PROMPT, name), (TEXT_PROMPT, "No")))


def _shape(rng: np.random.Generator) -> Scene:
    ground, color = _any(LIGHT_GROUNDS, rng), _any(DARK_INKS, rng)
    pixels = _ground(COLORS[ground], rng)
    shape = SHAPES[int(rng.integers(len(SHAPES)))]
    radius = float(rng.uniform(20, 36))
    center = SIDE / 2 + rng.uniform(-9, 9, 2)
    _draw_shape(pixels, shape, center, radius, _vary(COLORS[color], rng))
    questions = (
        (SHAPE_PROMPT, shape),
        (SHAPE_COLOR_PROMPT, color),
        (COUNT_PROMPT, "1"),
        (TEXT_PROMPT, "No"),
    )
    return Scene(pixels, questions)


def _count(rng: np.random.Generator) -> Scene:
    ground, color = _any(LIGHT_GROUNDS, rng), _any(DARK_INKS, rng)
    pixels = _ground(COLORS[ground], rng)
    shape = SHAPES[int(rng.integers(len(SHAPES)))]
    number = int(rng.integers(2, 6))
    for cell in rng.permutation(9)[:number]:
        center = np.array([cell % 3, cell // 3]) * 32 + 16 + rng.uniform(-2, 2, 2)
        _draw_shape(pixels, shape, center, float(rng.uniform(8, 12)), _vary(COLORS[color], rng))
    return Scene(pixels, ((COUNT_PROMPT, str(number)), (SHAPE_PROMPT, shape), (TEXT_PROMPT, "No")))


def _word(rng: np.random.Generator) -> Scene:
    color = COLORS[_any(DARK_INKS, rng)]
    pixels = _ground(COLORS[_any(LIGHT_GROUNDS, rng)], rng)
    word = WORDS[int(rng.integers(len(WORDS)))]
    font = int(rng.choice([cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX]))
    (width, height), _ = cv2.getTextSize(word, font, 1.0, 2)
    scale = float(rng.uniform(0.85, 0.95)) * SIDE / width
    width, height = round(width * scale), round(height * scale)
    left = (SIDE - width) // 2 + int(rng.integers(-2, 3))
    bottom = (SIDE + height) // 2 + int(rng.integers(-10, 11))
    cv2.putText(pixels, word, (left, bottom), font, scale, color, 2, cv2.LINE_AA)
    return Scene(pixels, ((WORD_PROMPT, word), (TEXT_PROMPT, "Yes")))


def _drawing(rng: np.random.Generator) -> Scene:
    name = _any(DRAWINGS, rng)
    return Scene(DRAWINGS[name](rng), ((CONTENT_PROMPT, name), (TEXT_PROMPT, "No")))


def _ground(color: tuple[int, int, int], rng: np.random.Generator) -> Pixels:
    """A background of about one colour, with a soft gradient."""
    ramp = np.linspace(-1, 1, SIDE, dtype=np.float32)
    slope = rng.uniform(-14, 14, 2)
    shade = slope[0] * ramp[:, None] + slope[1] * ramp[None, :]
    values = np.array(_vary(color, rng), np.float32) + shade[..., None]
    return np.ascontiguousarray(np.clip(values, 0, 255).astype(np.uint8))


def _draw_shape(
    pixels: Pixels, shape: str, center: np.ndarray, radius: float, color: tuple[int, int, int]
) -> None:
    middle = (round(float(center[0])), round(float(center[1])))
    if shape == "circle":
        cv2.circle(pixels, middle, round(radius), color, -1, cv2.LINE_AA)
    elif shape == "ring":
        cv2.circle(pixels, middle, round(radius * 0.82), color, max(2, round(radius * 0.32)), cv2.LINE_AA)
    else:
        corners = np.round(center + radius * _OUTLINES[shape]).astype(np.int32)
        cv2.fillPoly(pixels, [corners], color, cv2.LINE_AA)


def _polygon(angles: np.ndarray, radii: np.ndarray | float) -> np.ndarray:
    turned = np.deg2rad(angles - 90)
    outline = np.stack([np.cos(turned), np.sin(turned)], axis=1)
    return np.asarray(outline * np.broadcast_to(radii, angles.shape)[:, None])


_OUTLINES: dict[str, np.ndarray] = {
    "square": _polygon(np.array([45, 135, 225, 315]), 1.05),
    "triangle": _polygon(np.array([0, 120, 240]), 1.15),
    "star": _polygon(np.arange(0, 360, 36), np.array([1.15, 0.45] * 5)),
    "cross": np.array(
        [
            [-1, -3],
            [1, -3],
            [1, -1],
            [3, -1],
            [3, 1],
            [1, 1],
            [1, 3],
            [-1, 3],
            [-1, 1],
            [-3, 1],
            [-3, -1],
            [-1, -1],
        ]
    )
    / 3.0,
}


def _vary(color: tuple[int, int, int], rng: np.random.Generator) -> tuple[int, int, int]:
    red, green, blue = (int(np.clip(value + rng.normal(0, 8), 0, 255)) for value in color)
    return red, green, blue


def _weathered(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Add what cameras add: a little noise, blur and tone."""
    if rng.random() < 0.4:
        pixels = np.asarray(cv2.GaussianBlur(pixels, (0, 0), float(rng.uniform(0.3, 0.9))))
    values = pixels + rng.normal(0, rng.uniform(0, 6), pixels.shape) + rng.uniform(-8, 8)
    return np.asarray(np.clip(values + 0.5, 0, 255), dtype=np.uint8)


def _any(names: Iterable[str], rng: np.random.Generator) -> str:
    keys = list(names)
    return keys[int(rng.integers(len(keys)))]


# What is hard to learn is drawn more often.
_MAKERS: tuple[Callable[[np.random.Generator], Scene], ...] = (
    *(_shape, _shape, _shape, _word, _word, _word),
    *(_count, _count, _drawing, _drawing, _drawing, _flat),
)
