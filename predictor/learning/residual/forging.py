"""Make the perturbations the residual detector learns from: real attacks on small networks, and forged ones.

Forged perturbations imitate the statistics of attacks (signs, smoothness, bounds) without any network, so
that the detector does not learn the habits of the few networks at hand. Training only.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

Perturbation = npt.NDArray[np.float32]  # (H, W, 3), grey levels, within +-eps
Pixels = npt.NDArray[np.uint8]
Network = Callable[[Tensor], Tensor]  # (N, 3, H, W) in [0, 1], any size -> (N, classes)
Method = Literal["fgsm", "pgd", "mi"]
UniversalStyle = Literal["signs", "scaled"]


def load_network(path: Path, input_side: int) -> Network:
    """Read a `torch.export` classifier; pictures are squeezed to its square input with antialiasing."""
    program = torch.export.load(path).module()

    def classify(pictures: Tensor) -> Tensor:
        logits: Tensor = program(_squeeze(pictures, input_side))
        return logits

    return classify


def through_bottleneck(network: Network, side: int) -> Network:
    """Let the network see pictures only through a square of `side` pixels, as small vision encoders do."""
    return lambda pictures: network(_squeeze(pictures, side))


def patch_network(*, side: int, patch: int, seed: int) -> Network:
    """Build an untrained patch encoder with smooth filters, like a vision transformer's first layer."""
    generator = torch.Generator().manual_seed(seed)
    filters = _smooth_filters(48, patch, generator)
    second = torch.randn(96, 48, 3, 3, generator=generator) / 20.0
    last = torch.randn(32, 96, generator=generator) / 10.0

    def encode(pictures: Tensor) -> Tensor:
        tokens = functional.gelu(functional.conv2d(_squeeze(pictures, side) - 0.5, filters, stride=patch))
        mixed = functional.gelu(
            functional.conv2d(tokens, second, padding=1)
        )  # (N, 96, side/patch, side/patch)
        return mixed.amax(dim=(2, 3)) @ last.T

    return encode


def stem_network(*, side: int, kernel: int, stride: int, seed: int) -> Network:
    """Build an untrained convolutional classifier: overlapping smooth filters, pooling by maximum, twice."""
    generator = torch.Generator().manual_seed(seed)
    first = _smooth_filters(32, kernel, generator)
    second = _smooth_filters(48, 3, generator, inputs=32) / 4.0
    third = torch.randn(64, 48, 3, 3, generator=generator) / 20.0
    last = torch.randn(40, 64, generator=generator) / 8.0

    def classify(pictures: Tensor) -> Tensor:
        seen = _squeeze(pictures, side) - 0.5
        edges = functional.relu(functional.conv2d(seen, first, stride=stride, padding=kernel // 2))
        pooled = functional.max_pool2d(edges, 3, stride=2)  # (N, 32, side/stride/2, side/stride/2)
        mixed = functional.max_pool2d(functional.relu(functional.conv2d(pooled, second, padding=1)), 3, 2)
        features = functional.relu(functional.conv2d(mixed, third, padding=1))
        return features.mean(dim=(2, 3)) @ last.T

    return classify


def _smooth_filters(count: int, side: int, generator: torch.Generator, inputs: int = 3) -> Tensor:
    """Draw (count, inputs, side, side) filters whose energy falls with frequency, as learned ones' does."""
    place, frequency = torch.arange(side)[None], torch.arange(side)[:, None]
    waves = torch.cos(torch.pi / side * (place + 0.5) * frequency)  # (frequency, position)
    decay = 1.0 / (1.0 + frequency + place) ** 1.2
    mix = torch.randn(count, inputs, side, side, generator=generator) * decay
    return torch.einsum("ockl,kx,ly->ocxy", mix, waves, waves) / side


def attack(
    network: Network, pictures: Pixels, *, eps: float, steps: int, method: Method, rng: np.random.Generator
) -> Perturbation:
    """Push (N, H, W, 3) pictures away from their own top class within +-eps grey levels -> (N, H, W, 3).

    FGSM, PGD (Madry et al. 2018) and MI-FGSM (Dong et al. 2018), rounded to what 8 bits can carry.
    """
    clean = torch.from_numpy(pictures.copy()).permute(0, 3, 1, 2).float()
    with torch.no_grad():
        labels = network(clean / 255.0).argmax(dim=1)
    start = rng.uniform(-eps, eps, clean.shape) if method == "pgd" else np.zeros(clean.shape)
    change = torch.from_numpy(start.astype(np.float32))
    momentum = torch.zeros_like(clean)
    step = eps if method == "fgsm" else 2.5 * eps / steps if method == "pgd" else eps / steps
    for _ in range(1 if method == "fgsm" else steps):
        change.requires_grad_(True)
        seen = (clean + change).clamp(0, 255) / 255.0
        loss = functional.cross_entropy(network(seen), labels, reduction="sum")
        (gradient,) = torch.autograd.grad(loss, change)
        scale = gradient.abs().mean(dim=(1, 2, 3), keepdim=True) + 1e-12
        momentum = momentum + gradient / scale if method == "mi" else gradient
        change = (change.detach() + step * momentum.sign()).clamp(-eps, eps)
    moved = (clean + change).round().clamp(0, 255) - clean
    result: Perturbation = moved.permute(0, 2, 3, 1).numpy()
    return result


def universal(
    network: Network,
    pictures: Pixels,
    *,
    eps: float,
    steps: int,
    style: UniversalStyle,
    rng: np.random.Generator,
) -> Perturbation:
    """Make one perturbation that pushes many (N, H, W, 3) pictures away from their classes -> (H, W, 3).

    Universal perturbations (Moosavi-Dezfooli et al. 2017), by ascent on batches (Shafahi et al. 2020):
    `signs` fills the bound nearly everywhere, `scaled` keeps the shape of the gradients and reaches the
    bound in one value only, which leaves it several times weaker.
    """
    total = np.zeros(pictures.shape[1:], dtype=np.float32)
    limit = eps if style == "signs" else np.inf
    for _ in range(steps):
        chosen = pictures[rng.integers(0, len(pictures), min(8, len(pictures)))]
        gradient = _shared_gradient(network, chosen, np.clip(total, -eps, eps))
        size = eps / 4.0 if style == "signs" else 1.0 / (np.abs(gradient).mean() + 1e-12)
        step = np.float32(size) * (np.sign(gradient) if style == "signs" else gradient)
        total = np.clip(total + step, -limit, limit).astype(np.float32)
    if style == "scaled":
        total *= eps / (np.abs(total).max() + 1e-12)
    return np.round(total).astype(np.float32)


def _shared_gradient(network: Network, pictures: Pixels, added: Perturbation) -> Perturbation:
    clean = torch.from_numpy(pictures.copy()).permute(0, 3, 1, 2).float()
    with torch.no_grad():
        labels = network(clean / 255.0).argmax(dim=1)
    change = torch.from_numpy(added.copy()).permute(2, 0, 1).requires_grad_(True)
    loss = functional.cross_entropy(network((clean + change).clamp(0, 255) / 255.0), labels)
    (gradient,) = torch.autograd.grad(loss, change)
    return np.asarray(gradient.permute(1, 2, 0).numpy(), dtype=np.float32)


def forge(kind: str, shape: tuple[int, int], *, eps: float, rng: np.random.Generator) -> Perturbation:
    """Draw a perturbation of one of `FORGERS` for a picture of (height, width).

    Raises:
        LookupError: The kind is unknown.
    """
    if kind not in FORGERS:
        raise LookupError(f"expected one of {sorted(FORGERS)}, got {kind!r}")
    return np.clip(np.round(FORGERS[kind](shape, eps, rng)), -eps, eps).astype(np.float32)


def _sign(shape: tuple[int, int], eps: float, rng: np.random.Generator) -> Perturbation:
    return np.where(rng.random((*shape, 3)) < 0.5, -eps, eps).astype(np.float32)


def _grey_sign(shape: tuple[int, int], eps: float, rng: np.random.Generator) -> Perturbation:
    return np.repeat(_sign(shape, eps, rng)[..., :1], 3, axis=2)


def _blurred_sign(shape: tuple[int, int], eps: float, rng: np.random.Generator) -> Perturbation:
    return np.float32(eps) * np.sign(_smooth(shape, rng.uniform(0.6, 3.0), rng))


def _clipped_normal(shape: tuple[int, int], eps: float, rng: np.random.Generator) -> Perturbation:
    return _normal((*shape, 3), rng) * eps * rng.uniform(0.5, 1.5)


def _uniform(shape: tuple[int, int], eps: float, rng: np.random.Generator) -> Perturbation:
    return rng.uniform(-eps, eps, (*shape, 3)).astype(np.float32)


def _sparse(shape: tuple[int, int], eps: float, rng: np.random.Generator) -> Perturbation:
    kept = rng.random((*shape, 1)) < rng.uniform(0.1, 0.6)
    return _sign(shape, eps, rng) * kept


def _low_frequency(shape: tuple[int, int], eps: float, rng: np.random.Generator) -> Perturbation:
    return eps * rng.uniform(0.7, 1.3) * _smooth(shape, rng.uniform(2.0, 8.0), rng)


def _iterated(shape: tuple[int, int], eps: float, rng: np.random.Generator) -> Perturbation:
    """Signs of slowly turning gradients, summed step by step: what iterative attacks leave."""
    sigma = rng.uniform(0.3, 2.0)
    return _walk(eps, rng, lambda: _smooth(shape, sigma, rng))


def _through_resize(shape: tuple[int, int], eps: float, rng: np.random.Generator) -> Perturbation:
    """The same, with gradients that come back through a shrinking resize: blobs of several pixels."""
    side = int(rng.choice([64, 96, 112, 160, 224]))
    small = (min(side, shape[0]), min(side, shape[1]))
    kernel = int(rng.choice([cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_NEAREST]))
    sigma = rng.uniform(0.0, 1.5)

    def gradient() -> Perturbation:
        field = _smooth(small, sigma, rng)
        return np.asarray(cv2.resize(field, shape[::-1], interpolation=kernel), dtype=np.float32)

    return _walk(eps, rng, gradient)


def _stripes(shape: tuple[int, int], eps: float, rng: np.random.Generator) -> Perturbation:
    """Columns of signs, and squares upon them: a Square attack (Andriushchenko et al. 2020)."""
    width = int(rng.choice([1, 1, 1, 2, 4]))
    columns = np.where(rng.random((1, shape[1] // width + 1, 3)) < 0.5, -eps, eps)
    field = np.broadcast_to(np.repeat(columns, width, axis=1)[:, : shape[1]], (*shape, 3)).astype(np.float32)
    for _ in range(int(rng.integers(0, 200))):
        side = int(np.exp(rng.uniform(0.7, np.log(min(shape) / 3))))
        top, left = (int(rng.integers(0, whole - side)) for whole in shape)
        field[top : top + side, left : left + side] = np.where(rng.random(3) < 0.5, -eps, eps)
    return field


FORGERS: Mapping[str, Callable[[tuple[int, int], float, np.random.Generator], Perturbation]] = (
    MappingProxyType(
        {
            "sign": _sign,
            "grey_sign": _grey_sign,
            "blurred_sign": _blurred_sign,
            "clipped_normal": _clipped_normal,
            "uniform": _uniform,
            "sparse": _sparse,
            "low_frequency": _low_frequency,
            "iterated": _iterated,
            "through_resize": _through_resize,
            "stripes": _stripes,
        }
    )
)


def _walk(eps: float, rng: np.random.Generator, draw: Callable[[], Perturbation]) -> Perturbation:
    lasting = draw()
    steps = int(rng.integers(2, 6))
    step, turn = eps * rng.uniform(0.3, 0.8), rng.uniform(0.1, 1.0)
    total = np.zeros_like(lasting)
    for _ in range(steps):
        total = np.clip(total + step * np.sign(lasting + turn * draw()), -eps, eps).astype(np.float32)
    return total


def _normal(shape: tuple[int, ...], rng: np.random.Generator) -> Perturbation:
    return rng.standard_normal(shape, dtype=np.float32)


def _smooth(shape: tuple[int, int], sigma: float, rng: np.random.Generator) -> Perturbation:
    """Unit-variance Gaussian noise, blurred; its colours are partly shared."""
    shared = rng.uniform(0.0, 0.9)
    field = (1 - shared) * _normal((*shape, 3), rng) + shared * _normal((*shape, 1), rng)
    if sigma > 0.2:
        field = cv2.GaussianBlur(field, (0, 0), sigma)
    return np.asarray(field / (field.std() + 1e-6), dtype=np.float32)


def _squeeze(pictures: Tensor, side: int) -> Tensor:
    if pictures.shape[2:] == (side, side):
        return pictures
    return functional.interpolate(
        pictures, size=(side, side), mode="bilinear", antialias=True, align_corners=False
    )
