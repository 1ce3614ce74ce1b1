"""Query attacks on a classifier: Square, NES, HSJA and the boundary attack, written down from their papers.

Our own few lines instead of a toolbox: the queries are what is measured here, not whether an attack
succeeds. Pictures go out in 8 bits, as an API takes them; where a paper's step would vanish in rounding
(HSJA, boundary), it is raised to two grey levels rms. Every attack asks for the clean picture first, then
goes on until whoever answers raises.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]  # (H, W, 3), grey levels 0..255
Ask = Callable[[Floats], npt.NDArray[np.float64]]  # a picture -> probabilities of the classes
Attack = Callable[[Floats, Ask, np.random.Generator], None]

_LEAST_STEP = 2.0  # grey levels rms: what rounding to 8 bits leaves of smaller steps is no query


def square(epsilon: float, share: float = 0.05) -> Attack:
    """Andriushchenko et al. (2020), algorithms 1 and 2, L-infinity; `share` is p at the start."""

    def attack(clean: Floats, ask: Ask, rng: np.random.Generator) -> None:
        label = int(ask(clean).argmax())
        height, width = clean.shape[:2]
        best = _within(clean + rng.choice([-epsilon, epsilon], (1, width, 3)))
        lowest = _margin(ask(best), label)
        side = max(1, round((share * height * width) ** 0.5))
        while True:
            top, left = rng.integers(max(1, height - side)), rng.integers(max(1, width - side))
            candidate = best.copy()
            window = np.s_[top : top + side, left : left + side]
            candidate[window] = _within(clean[window] + rng.choice([-epsilon, epsilon], (1, 1, 3)))
            loss = _margin(ask(candidate), label)
            if loss < lowest:
                best, lowest = candidate, loss

    return attack


def nes(epsilon: float, deviation: float, pairs: int = 25) -> Attack:
    """Ilyas et al. (2018): antithetic pairs of noise around the picture, then a signed step; grey levels."""

    def attack(clean: Floats, ask: Ask, rng: np.random.Generator) -> None:
        label = int(ask(clean).argmax())
        current = clean
        while True:
            gradient = np.zeros_like(clean)
            for _ in range(pairs):
                noise = rng.normal(size=clean.shape).astype(np.float32)
                there, back = (
                    _margin(ask(_within(current + sign * deviation * noise)), label) for sign in (1, -1)
                )
                gradient += (there - back) * noise
            step = current - 2.5 * np.sign(gradient)
            current = _within(np.clip(step, clean - epsilon, clean + epsilon))

    return attack


def hsja(clean: Floats, ask: Ask, rng: np.random.Generator) -> None:
    """Chen et al. (2020), L2, untargeted: blend from noise to the boundary, noise around it, step, blend."""
    label = int(ask(clean).argmax())
    point = _search(clean, _start(clean, label, ask, rng), label, ask, 10)
    for number in range(1, 1000):
        size = max(_LEAST_STEP, 0.01 * _rms(point - clean))
        direction = np.zeros_like(clean)
        for _ in range(int(100 * number**0.5)):
            noise = rng.normal(size=clean.shape).astype(np.float32)
            sign = 1 if int(ask(_within(point + size * noise)).argmax()) != label else -1
            direction += sign * noise
        length = _rms(point - clean) / number**0.5
        step = direction / max(_rms(direction), 1e-6)
        while int(ask(_within(point + length * step)).argmax()) == label and length > 0.1:
            length /= 2
        point = _search(clean, _within(point + length * step), label, ask, 8)


def boundary(clean: Floats, ask: Ask, rng: np.random.Generator) -> None:
    """Brendel et al. (2018): a random walk along the boundary towards the picture."""
    label = int(ask(clean).argmax())
    point = _search(clean, _start(clean, label, ask, rng), label, ask, 10)
    around, towards = 0.05, 0.05
    while True:
        distance = _rms(point - clean)
        noise = rng.normal(size=clean.shape).astype(np.float32)
        walked = point + max(_LEAST_STEP, around * distance) * noise
        walked = clean + (walked - clean) * distance / max(_rms(walked - clean), 1e-6)
        candidate = _within(clean + (walked - clean) * (1 - towards))
        if int(ask(candidate).argmax()) != label:
            point = candidate


def _start(clean: Floats, label: int, ask: Ask, rng: np.random.Generator) -> Floats:
    while True:
        noise = rng.uniform(0, 255, clean.shape).astype(np.float32)
        if int(ask(noise).argmax()) != label:
            return noise


def _search(clean: Floats, far: Floats, label: int, ask: Ask, steps: int) -> Floats:
    """Halve the way to the picture while the answer stays wrong."""
    low, high = 0.0, 1.0
    for _ in range(steps):
        middle = (low + high) / 2
        if int(ask(_within(clean + middle * (far - clean))).argmax()) != label:
            high = middle
        else:
            low = middle
    return _within(clean + high * (far - clean))


def _margin(probabilities: npt.NDArray[np.float64], label: int) -> float:
    others = np.delete(probabilities, label)
    return float(probabilities[label] - others.max())


def _within(pixels: Floats) -> Floats:
    return np.clip(pixels, 0, 255).astype(np.float32)


def _rms(values: Floats) -> float:
    return float(np.sqrt(np.mean(np.square(values))))
