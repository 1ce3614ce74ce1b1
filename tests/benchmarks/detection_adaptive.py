"""Part adaptive: an attacker who knows the residual detector, rung by rung, against the whole verdict.

The detector's network is differentiated through; its trees and hand-made features are not, so of all steps
the one that works and scores lowest with the real detector is kept (BPDA: Athalye et al. 2018). Two rungs
go through an imitated JPEG of another quality at every step (EOT), and are kept by how they score as JPEG 90.
Nothing is promised against these rungs: what they cost the attacker is what is read here.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from detection_bench import Bench, Case, Pixels
from detection_benign_encodings import jpeg, png
from detection_networks import HELD_OUT, Network, pixels_of, soft_jpeg, tensor, untargeted
from detection_one_shot import Attacker, judged, squares
from torch import Tensor
from torch.nn import functional

from calibration.image import decode
from predictor.artifact import default_directory, read_part
from predictor.residual.detector import Codec, ResidualDetector

_PNG = Codec(is_lossless=True)
_UNBOUNDED = 96


@dataclass(frozen=True)
class Rung:
    """What the attacker knows and does."""

    name: str
    eps: int
    steps: int = 20
    weights: tuple[float, ...] = (0.0,)  # of the detector's score beside the task, each tried
    is_in_texture: bool = False  # spares the flattest half of the picture
    blur: float = 0.0  # sigma of the gradient: slow waves alone
    is_through_jpeg: bool = False

    @property
    def cell(self) -> str:
        return f"{self.name} eps {self.eps}"


RUNGS: tuple[Rung, ...] = (
    *(Rung("A0 unaware", eps) for eps in (4, 8, 16)),
    *(Rung("A2 in texture alone", eps, is_in_texture=True) for eps in (4, 8, 16)),
    *(Rung("A2 slow waves", eps, blur=2.5) for eps in (4, 8, 16)),
    *(Rung("A3 gradient of the network", eps, weights=(0.02, 0.1, 0.5)) for eps in (4, 8, 16)),
    Rung("A3 gradient, 5 steps", 8, steps=5, weights=(0.02, 0.1, 0.5)),
    *(Rung("A3 gradient in texture", eps, weights=(0.02, 0.1), is_in_texture=True) for eps in (8, 16)),
    *(Rung("A3 gradient through JPEG", eps, weights=(0.02, 0.1), is_through_jpeg=True) for eps in (8, 16)),
    Rung("A3 unbounded", _UNBOUNDED, weights=(0.02, 0.1, 0.5), is_in_texture=True, blur=1.5),
)


def measure(bench: Bench) -> dict[str, object]:
    """Attack rung by rung; send as PNG and JPEG 90."""
    rows = bench.measure(_cases(bench), is_attack=True)
    return {"gates": _gates(rows), "rows": rows}


def _cases(bench: Bench) -> Iterator[Case]:
    detector = ResidualDetector.from_part(read_part(default_directory(), "residual"))
    network = Attacker(bench).network(HELD_OUT)
    for rung in RUNGS:
        if bench.only not in rung.cell:
            continue
        made = []
        for name, clean in squares(bench, bench.count, 71):  # one set: rungs are compared
            made.append((name, clean, attacked(network, detector, clean, rung)))
        for codec, encode in (("png", png), ("jpeg 90", jpeg)):
            for name, clean, pixels in made:
                yield judged(network, clean, Case(f"{rung.cell} {codec}", name, encode(pixels)))


def attacked(network: Network, detector: ResidualDetector, clean: Pixels, rung: Rung) -> Pixels:
    """Return the picture that changes the answer and scores lowest; what scores lowest where none does."""
    today = network.label(clean)
    found: list[tuple[bool, float, Pixels]] = []
    for weight in rung.weights:
        for pixels in _path(network, detector, clean, rung, weight):
            sent = decode(jpeg(pixels) if rung.is_through_jpeg else png(pixels))
            score = detector.find(sent.image, sent.source).score
            found.append((network.label(sent.image.pixels) == today, score, pixels))
    return min(found, key=lambda one: one[:2])[2]


def _path(
    network: Network, detector: ResidualDetector, pixels: Pixels, rung: Rung, weight: float
) -> Iterator[Pixels]:
    """Yield pictures along the way, every fifth step."""
    clean = tensor(pixels)
    task = untargeted(network, clean)
    mask = _texture(pixels) if rung.is_in_texture else torch.ones(1)
    rng = np.random.default_rng(5)
    bound = rung.eps / 255
    delta = torch.zeros_like(clean)
    for step in range(1, rung.steps + 1):
        delta.requires_grad_(True)
        moved, codec = (clean + delta * mask).clamp(0, 1), _PNG
        if rung.is_through_jpeg:
            quality = int(rng.integers(75, 97))
            moved, codec = soft_jpeg(moved, quality), Codec(is_lossless=False, jpeg_quality=quality)
        loss = task(moved)
        if weight:
            watching = detector.network(moved * 255, torch.tensor([codec.inputs]))
            loss = loss - weight * watching.clamp(min=-6).sum()
        (gradient,) = torch.autograd.grad(loss, delta)
        with torch.no_grad():
            delta = (delta + bound / 5 * _slow(gradient, rung.blur).sign()).clamp(-bound, bound)
            if rung.blur:
                delta = _slow(delta, rung.blur)
        if step % 5 == 0:
            yield pixels_of((clean + delta * mask).clamp(0, 1), pixels, rung.eps)


def _slow(images: Tensor, sigma: float) -> Tensor:
    if not sigma:
        return images
    reach = int(3 * sigma)
    line = torch.exp(-(torch.arange(-reach, reach + 1) ** 2) / (2 * sigma**2))
    line = (line / line.sum()).expand(3, 1, 1, -1)
    across = functional.conv2d(images, line, padding=(0, reach), groups=3)
    return functional.conv2d(across, line.transpose(2, 3), padding=(reach, 0), groups=3)


def _texture(pixels: Pixels) -> Tensor:
    """Mark the busier half of the picture, softly -> (1, 1, H, W)."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float32)
    busy = cv2.blur(np.abs(cv2.Laplacian(grey, cv2.CV_32F)), (25, 25))
    chosen = (busy > np.median(busy)).astype(np.float32)
    return torch.from_numpy(cv2.GaussianBlur(chosen, (0, 0), 2))[None, None]


def _gates(rows: Mapping[str, Mapping[str, object]]) -> dict[str, bool]:
    """Say whether the attacks are sane: where a gate fails the attack is broken, not the detector good."""
    evaded = {cell: int(str(row["evaded_and_worked"])) / int(str(row["n"])) for cell, row in rows.items()}
    found = {}
    if "A3 unbounded eps 96 png" in evaded:
        found["unbounded reaches everything"] = evaded["A3 unbounded eps 96 png"] == 1.0
    full, few = (
        evaded.get("A3 gradient of the network eps 8 png"),
        evaded.get("A3 gradient, 5 steps eps 8 png"),
    )
    if full is not None and few is not None:
        found["more steps never hurt"] = full >= few
    if full is not None and "A0 unaware eps 8 png" in evaded:
        found["who knows more evades no less"] = full >= evaded["A0 unaware eps 8 png"]
    aware, unaware = (
        evaded.get(f"{name} eps 8 jpeg 90") for name in ("A3 gradient through JPEG", "A0 unaware")
    )
    if aware is not None and unaware is not None:
        found["who reckons with JPEG evades no less there"] = aware >= unaware
    return found
