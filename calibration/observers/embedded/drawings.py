"""Twenty everyday textures and objects, drawn with random colours, places and sizes on 96 x 96 pixels."""

from collections.abc import Callable

import cv2
import numpy as np

from calibration.image import Pixels
from calibration.observers.embedded.architecture import SIDE

Drawing = Callable[[np.random.Generator], Pixels]


def _field(color: tuple[float, ...], rng: np.random.Generator, spread: float = 12) -> Pixels:
    values = np.asarray(color) + rng.normal(0, spread, 3)
    return np.broadcast_to(np.clip(values, 0, 255).astype(np.uint8), (SIDE, SIDE, 3)).copy()


def _tint(color: tuple[float, ...], rng: np.random.Generator, spread: float = 14) -> tuple[int, ...]:
    return tuple(int(np.clip(value + rng.normal(0, spread), 0, 255)) for value in color)


def _smooth_noise(rng: np.random.Generator, sigma: tuple[float, float]) -> np.ndarray:
    """Blurred noise of unit variance, (SIDE, SIDE); sigma in pixels along x and y."""
    noise = cv2.GaussianBlur(rng.normal(size=(SIDE, SIDE)), (0, 0), sigmaX=sigma[0], sigmaY=sigma[1])
    return np.asarray((noise - noise.mean()) / (noise.std() + 1e-9))


def _shade(color: tuple[float, ...], relief: np.ndarray, amount: float, rng: np.random.Generator) -> Pixels:
    values = np.asarray(color) + rng.normal(0, 10, 3) + amount * relief[..., None]
    return np.asarray(np.clip(values, 0, 255), dtype=np.uint8)


def _brick(rng: np.random.Generator) -> Pixels:
    canvas = _field((200, 190, 175), rng)
    height, width = int(rng.integers(9, 15)), int(rng.integers(20, 32))
    for row, top in enumerate(range(-2, SIDE, height)):
        for left in range(-width + (row % 2) * width // 2, SIDE, width):
            color = _tint((165, 75, 55), rng)
            cv2.rectangle(canvas, (left + 1, top + 1), (left + width - 2, top + height - 2), color, -1)
    return canvas


def _grass(rng: np.random.Generator) -> Pixels:
    canvas = _field((50, 110, 40), rng)
    for _ in range(260):
        x, y = rng.integers(0, SIDE, 2)
        tip = (int(x + rng.normal(0, 3)), int(y - rng.integers(6, 18)))
        cv2.line(canvas, (int(x), int(y)), tip, _tint((80, 160, 55), rng, 28), 1, cv2.LINE_AA)
    return canvas


def _wood(rng: np.random.Generator) -> Pixels:
    grain = np.sin(_smooth_noise(rng, (30, 3)) * rng.uniform(4, 8))
    return _shade((165, 115, 65), grain, 24, rng)


def _water(rng: np.random.Generator) -> Pixels:
    return _shade((50, 110, 170), _smooth_noise(rng, (9, 1.6)), 26, rng)


def _sand(rng: np.random.Generator) -> Pixels:
    return _shade((215, 190, 140), _smooth_noise(rng, (0.7, 0.7)), 16, rng)


def _clouds(rng: np.random.Generator) -> Pixels:
    cover = np.clip(_smooth_noise(rng, (12, 8)) * 0.5 + 0.5, 0, 1)[..., None]
    sky = np.asarray(_tint((90, 150, 225), rng))
    return np.asarray(np.clip(sky + cover * (np.array([248, 248, 250]) - sky), 0, 255), dtype=np.uint8)


def _two(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Two colours far apart."""
    while True:
        first, second = rng.uniform(15, 240, (2, 3))
        if np.abs(first - second).sum() > 200:
            return first, second


def _mix(mask: np.ndarray, rng: np.random.Generator) -> Pixels:
    first, second = _two(rng)
    return np.asarray(np.where(mask[..., None], first, second), dtype=np.uint8)


def _checkerboard(rng: np.random.Generator) -> Pixels:
    y, x = np.mgrid[:SIDE, :SIDE] + rng.integers(0, 24, (2, 1, 1))
    cell = int(rng.integers(8, 20))
    return _mix((x // cell + y // cell) % 2 == 0, rng)


def _stripes(rng: np.random.Generator) -> Pixels:
    y, x = np.mgrid[:SIDE, :SIDE]
    turn, period = rng.uniform(0, np.pi), rng.uniform(8, 24)
    return _mix(np.sin(2 * np.pi * (np.cos(turn) * x + np.sin(turn) * y) / period) > 0, rng)


def _dots(rng: np.random.Generator) -> Pixels:
    first, second = _two(rng)
    canvas = np.broadcast_to(first.astype(np.uint8), (SIDE, SIDE, 3)).copy()
    pitch = int(rng.integers(14, 24))
    radius = int(rng.integers(3, pitch // 3 + 1))
    for row, y in enumerate(range(int(rng.integers(0, pitch)), SIDE, pitch)):
        for x in range((row % 2) * pitch // 2, SIDE, pitch):
            cv2.circle(canvas, (x, y), radius, second.tolist(), -1, cv2.LINE_AA)
    return canvas


def _plaid(rng: np.random.Generator) -> Pixels:
    y, x = np.mgrid[:SIDE, :SIDE]
    period = rng.uniform(18, 32)
    bands = [np.sin(2 * np.pi * axis / period + rng.uniform(0, 6)) > 0.3 for axis in (x, y)]
    color, stripe = rng.uniform(40, 220, 3), rng.normal(0, 60, 3)
    values = color + bands[0][..., None] * stripe + bands[1][..., None] * stripe
    return np.asarray(np.clip(values, 0, 255), dtype=np.uint8)


def _place(rng: np.random.Generator, reach: int) -> tuple[int, int, float]:
    """A centre and a scale that keep an object of half-size `reach` in the picture."""
    scale = float(rng.uniform(0.75, 1.15))
    room = max(1, int(SIDE / 2 - reach * scale))
    x, y = SIDE // 2 + rng.integers(-room, room + 1, 2)
    return int(x), int(y), scale


def _poly(
    canvas: Pixels, points: list[tuple[float, float]], at: tuple[int, int, float], color: tuple[int, ...]
) -> None:
    x, y, scale = at
    corners = np.round(np.array(points) * scale + (x, y)).astype(np.int32)
    cv2.fillPoly(canvas, [corners], color, cv2.LINE_AA)


def _disc(
    canvas: Pixels,
    center: tuple[float, float],
    radius: float,
    at: tuple[int, int, float],
    color: tuple[int, ...],
) -> None:
    x, y, scale = at
    middle = (round(x + center[0] * scale), round(y + center[1] * scale))
    cv2.circle(canvas, middle, max(1, round(radius * scale)), color, -1, cv2.LINE_AA)


def _outdoors(rng: np.random.Generator) -> Pixels:
    """Sky above, ground below."""
    canvas = _field((160, 200, 235), rng)
    horizon = int(rng.integers(58, 78))
    canvas[horizon:] = _tint((110, 150, 80), rng)
    return canvas


def _house(rng: np.random.Generator) -> Pixels:
    canvas, at = _outdoors(rng), _place(rng, 32)
    _poly(canvas, [(-24, -4), (24, -4), (24, 28), (-24, 28)], at, _tint((210, 180, 140), rng, 30))
    _poly(canvas, [(-30, -4), (0, -30), (30, -4)], at, _tint((150, 50, 40), rng, 20))
    _poly(canvas, [(-6, 8), (6, 8), (6, 28), (-6, 28)], at, _tint((90, 60, 40), rng))
    return canvas


def _tree(rng: np.random.Generator) -> Pixels:
    canvas, at = _outdoors(rng), _place(rng, 32)
    _poly(canvas, [(-4, 6), (4, 6), (5, 34), (-5, 34)], at, _tint((100, 70, 40), rng))
    for center in ((-10, -4), (10, -4), (0, -16), (0, 2)):
        _disc(canvas, center, 14, at, _tint((50, 125, 50), rng))
    return canvas


def _sun(rng: np.random.Generator) -> Pixels:
    canvas, at = _field((110, 170, 235), rng), _place(rng, 30)
    color = _tint((250, 210, 60), rng, 8)
    for turn in np.arange(0, 2 * np.pi, np.pi / 5):
        end = (round(at[0] + 31 * at[2] * np.cos(turn)), round(at[1] + 31 * at[2] * np.sin(turn)))
        cv2.line(canvas, at[:2], end, color, 2, cv2.LINE_AA)
    _disc(canvas, (0, 0), 18, at, color)
    return canvas


def _car(rng: np.random.Generator) -> Pixels:
    canvas, at = _outdoors(rng), _place(rng, 34)
    color = tuple(int(value) for value in rng.uniform(20, 230, 3))
    _poly(canvas, [(-34, 0), (34, 0), (34, 14), (-34, 14)], at, color)
    _poly(canvas, [(-20, 0), (-12, -13), (12, -13), (22, 0)], at, _tint((190, 215, 230), rng))
    for center in ((-19, 15), (19, 15)):
        _disc(canvas, center, 8, at, (25, 25, 25))
    return canvas


def _boat(rng: np.random.Generator) -> Pixels:
    canvas, at = _field((165, 205, 235), rng), _place(rng, 32)
    canvas[at[1] + 18 :] = _tint((40, 95, 160), rng)
    _poly(canvas, [(-30, 10), (30, 10), (18, 24), (-18, 24)], at, _tint((130, 70, 40), rng))
    _poly(canvas, [(0, -32), (0, 6), (24, 6)], at, _tint((245, 245, 240), rng, 6))
    _poly(canvas, [(-2, -24), (-2, 6), (-18, 6)], at, _tint((225, 60, 50), rng))
    return canvas


def _flower(rng: np.random.Generator) -> Pixels:
    canvas, at = _field((120, 175, 95), rng), _place(rng, 30)
    color = tuple(
        int(value) for value in (rng.uniform(190, 255), rng.uniform(30, 160), rng.uniform(100, 230))
    )
    for turn in np.arange(0, 2 * np.pi, np.pi / 3):
        _disc(canvas, (17 * float(np.cos(turn)), 17 * float(np.sin(turn))), 11, at, color)
    _disc(canvas, (0, 0), 9, at, (245, 205, 60))
    return canvas


def _face(rng: np.random.Generator) -> Pixels:
    canvas, at = _field(tuple(rng.uniform(60, 230, 3)), rng), _place(rng, 30)
    x, y, scale = at
    _disc(canvas, (0, 0), 28, at, _tint((235, 195, 150), rng, 16))
    for center in ((-10, -7), (10, -7)):
        _disc(canvas, center, 4, at, (30, 30, 30))
    mouth = (round(13 * scale), round(9 * scale))
    cv2.ellipse(canvas, (x, round(y + 6 * scale)), mouth, 0, 15, 165, (150, 40, 40), 3, cv2.LINE_AA)
    return canvas


def _cup(rng: np.random.Generator) -> Pixels:
    canvas, at = _field((190, 180, 165), rng, 25), _place(rng, 30)
    x, y, scale = at
    color = tuple(int(value) for value in rng.uniform(30, 240, 3))
    cv2.circle(
        canvas, (round(x + 20 * scale), round(y + 2 * scale)), round(11 * scale), color, 4, cv2.LINE_AA
    )
    _poly(canvas, [(-20, -20), (20, -20), (15, 26), (-15, 26)], at, color)
    cv2.ellipse(canvas, (x, round(y - 20 * scale)), (round(20 * scale), 5), 0, 0, 360, (60, 40, 25), -1)
    return canvas


def _fish(rng: np.random.Generator) -> Pixels:
    canvas, at = _field((40, 120, 170), rng), _place(rng, 32)
    x, y, scale = at
    color = tuple(int(value) for value in (rng.uniform(200, 255), rng.uniform(90, 200), rng.uniform(20, 90)))
    cv2.ellipse(canvas, (x, y), (round(22 * scale), round(13 * scale)), 0, 0, 360, color, -1, cv2.LINE_AA)
    _poly(canvas, [(18, 0), (33, -12), (33, 12)], at, color)
    _disc(canvas, (-12, -3), 3, at, (20, 20, 20))
    return canvas


def _umbrella(rng: np.random.Generator) -> Pixels:
    canvas, at = _field((175, 185, 195), rng, 20), _place(rng, 32)
    x, y, scale = at
    color = tuple(int(value) for value in rng.uniform(20, 230, 3))
    top, dome = (x, round(y - 2 * scale)), (round(30 * scale), round(26 * scale))
    cv2.ellipse(canvas, top, dome, 0, 180, 360, color, -1, cv2.LINE_AA)
    cv2.line(canvas, top, (x, round(y + 28 * scale)), (60, 45, 35), 3, cv2.LINE_AA)
    return canvas


DRAWINGS: dict[str, Drawing] = {
    "brick": _brick,
    "grass": _grass,
    "wood": _wood,
    "water": _water,
    "sand": _sand,
    "clouds": _clouds,
    "checkerboard": _checkerboard,
    "stripes": _stripes,
    "dots": _dots,
    "plaid": _plaid,
    "house": _house,
    "tree": _tree,
    "sun": _sun,
    "car": _car,
    "boat": _boat,
    "flower": _flower,
    "face": _face,
    "cup": _cup,
    "fish": _fish,
    "umbrella": _umbrella,
}
