"""Change the answers of small models by noise within a bound, for `detection_sanitize.py`.

PGD (Madry et al. 2018) from a random start and MI-FGSM (Dong et al. 2018), untargeted and towards the class
in place 20, through the model's own resize. `seen_as` is what an informed attacker puts in between: the
gradient is taken where the sanitized picture is, and applied to the picture itself (BPDA, Athalye et al.
2018).
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import torch
from torch.nn import functional

from calibration.image import Image
from calibration.observers.embedded.attack import Target
from calibration.observers.embedded.observer import load_embedded
from calibration.observers.embedded.scenes import sample_scene
from predictor.learning.residual.forging import load_network

Method = Literal["pgd", "mi"]
Logits = Callable[[torch.Tensor], torch.Tensor]  # (1, 3, H, W), 0 to 1 -> (classes,)
TARGET_PLACE = 20  # of the classes by their logit: possible, and not what the picture shows
SCENE_SIDE = 384  # pixels: four times what the embedded model sees


@dataclass(frozen=True)
class Subject:
    """One picture and the model that is asked about it."""

    image: Image
    logits: Logits
    is_confident: bool

    def answer(self, image: Image) -> int:
        """Return the class the model gives."""
        with torch.no_grad():
            return int(self.logits(tensor(image)).argmax())


def classifier_subjects(model: Path, side: int, paths: list[Path], most: int, least: float) -> list[Subject]:
    """Return the first pictures of which a classifier is at least so sure, 0 to 1."""
    network = load_network(model, side)
    found: list[Subject] = []
    for path in paths:
        pixels = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
        subject = Subject(Image(pixels), lambda pictures: network(pictures)[0], is_confident=True)
        with torch.no_grad():
            sure = float(subject.logits(tensor(subject.image)).softmax(0).max())
        if sure >= least:
            found.append(subject)
        if len(found) == most:
            break
    return found


def embedded_subjects(most: int, least_margin: float, seed: int) -> list[Subject]:
    """Return generated scenes with a question of which the embedded model is so sure, in logits."""
    observer = load_embedded()
    rng = np.random.default_rng(seed)
    found: list[Subject] = []
    while len(found) < most:
        scene = sample_scene(rng)
        if not scene.questions:
            continue
        large = cv2.resize(scene.pixels, (SCENE_SIDE, SCENE_SIDE), interpolation=cv2.INTER_CUBIC)
        image, question = Image(large), scene.questions[0][0]
        target = Target(observer.model, observer.processor, question)
        if target.answer(image).margin >= least_margin:
            found.append(Subject(image, _embedded_logits(target, image), is_confident=True))
    return found


def attacked(
    subject: Subject,
    *,
    eps: int,
    steps: int,
    method: Method,
    is_targeted: bool,
    seed: int,
    seen_as: Callable[[Image], Image] | None = None,
) -> Image:
    """Return the picture within +-eps grey levels that an attack ends at, rounded to 8 bits."""
    clean = tensor(subject.image) * 255.0
    with torch.no_grad():
        order = subject.logits(clean / 255.0).argsort(descending=True)
    place, sign = (TARGET_PLACE, -1.0) if is_targeted else (0, 1.0)
    label = order[min(place, len(order) - 1)][None]
    generator = torch.Generator().manual_seed(seed)
    change = torch.zeros_like(clean)
    if method == "pgd":
        change = (torch.rand(clean.shape, generator=generator) * 2 - 1) * eps
    step = max(1.0, 2.5 * eps / steps)
    momentum = torch.zeros_like(clean)
    for _ in range(steps):
        moved = (clean + change).clamp(0, 255)
        if seen_as is not None:
            moved = tensor(seen_as(_image(moved))) * 255.0
        moved.requires_grad_(True)
        loss = sign * functional.cross_entropy(subject.logits(moved / 255.0)[None], label)
        (gradient,) = torch.autograd.grad(loss, moved)
        scaled = gradient / (gradient.abs().mean() + 1e-12)
        momentum = momentum + scaled if method == "mi" else gradient
        change = (change + step * momentum.sign()).clamp(-eps, eps)
    return _image((clean + change.round().clamp(-eps, eps)).clamp(0, 255))


def tensor(image: Image) -> torch.Tensor:
    """Return (1, 3, H, W), 0 to 1."""
    return torch.from_numpy(image.pixels.astype(np.float32)).permute(2, 0, 1)[None] / 255.0


def _image(values: torch.Tensor) -> Image:
    pixels = values.detach()[0].permute(1, 2, 0).round().clamp(0, 255).to(torch.uint8).numpy()
    return Image(np.ascontiguousarray(pixels))


def _embedded_logits(target: Target, image: Image) -> Logits:
    """Ask through the attack's own door: the model's differentiable resize."""
    encoded = target._encode(image)
    dtype = encoded.pop("pixel_values").dtype
    return lambda pictures: target._logits(encoded, pictures * 255.0, dtype)
