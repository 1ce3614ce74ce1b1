"""Craft a one-shot adversarial picture against the embedded model: projected gradient descent in the pixels.

The laboratory's answer to "would the gateway have caught it?". Leaves out black-box and transfer attacks; the
model under attack is the one that ships with the package, so the gradient through its resize is at hand.
"""

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - torch's own convention

from calibration.image import Image, decode, encode_png, load, to_pillow
from calibration.observers.embedded.observer import load_embedded

Tensor = torch.Tensor


@dataclass(frozen=True)
class Answer:
    """The first token of the model's greedy answer."""

    text: str
    margin: float  # logit of this token above the best other one


@dataclass(frozen=True)
class AttackReport:
    """What the attack did, verified on the written file through the real processor."""

    answer_before: str
    answer_after: str
    eps: float  # allowed change of a pixel, in grey levels
    steps: int
    linf: int  # largest change of a pixel found in the written file

    @property
    def succeeded(self) -> bool:
        """Whether the answer changed."""
        return self.answer_before != self.answer_after


class Target:
    """A local vision-language model and the prompt it is attacked with."""

    def __init__(self, model: Any, processor: Any, question: str) -> None:  # transformers ships no types
        self._model, self._processor = model, processor
        content = [{"type": "image"}, {"type": "text", "text": question}]
        self._prompt = processor.apply_chat_template(
            [{"role": "user", "content": content}], add_generation_prompt=True, tokenize=False
        )
        self._shrink = _differentiable_preprocessing(processor.image_processor)

    def answer(self, image: Image) -> Answer:
        """Ask as any caller would: through the processor, whose resize is the one that counts."""
        with torch.no_grad():
            logits = self._model(**self._encode(image)).logits[0, -1].float()
        top = torch.topk(logits, 2)
        token = int(top.indices[0])
        margin = float(top.values[0] - top.values[1])
        return Answer(self._processor.tokenizer.decode([token]).strip(), margin)

    def margin_against(self, image: Image) -> Callable[[Tensor], Tensor]:
        """Return a function of pixels (1, 3, H, W) in 0-255: best other logit minus today's answer's."""
        encoded = self._encode(image)
        dtype = encoded.pop("pixel_values").dtype
        with torch.no_grad():
            today = int(self._logits(encoded, _to_tensor(image), dtype).argmax())

        def margin(pixels: Tensor) -> Tensor:
            logits = self._logits(encoded, pixels, dtype)
            others = torch.cat([logits[:today], logits[today + 1 :]])
            return others.max() - logits[today]

        return margin

    def _encode(self, image: Image) -> dict[str, Any]:
        batch = self._processor(text=self._prompt, images=to_pillow([image]), return_tensors="pt")
        batch["pixel_values"] = batch["pixel_values"].to(self._model.dtype)
        return dict(batch)

    def _logits(self, encoded: dict[str, Any], pixels: Tensor, dtype: torch.dtype) -> Tensor:
        output = self._model(**encoded, pixel_values=self._shrink(pixels).to(dtype))
        logits: Tensor = output.logits[0, -1].float()  # (vocabulary,)
        return logits


def perturb(target: Target, image: Image, *, eps: float, steps: int) -> Image:
    """Return the picture, changed by at most `eps` grey levels per pixel, that moves the answer most.

    Projected gradient descent of Madry et al. (2018) from a zero start, on the margin loss of Carlini and
    Wagner (2017); untargeted, deterministic. Of all steps, the one with the largest margin after rounding
    is kept.
    """
    if eps <= 0 or steps < 1:
        raise ValueError(f"eps must be positive and steps at least 1, got {eps} and {steps}")
    clean = _to_tensor(image)
    margin_of = target.margin_against(image)
    stride = max(1.0, 2.5 * eps / steps)
    delta = torch.zeros_like(clean)
    best, best_margin = clean, -float("inf")
    for _ in range(steps):
        delta.requires_grad_(True)
        (gradient,) = torch.autograd.grad(margin_of(clean + delta), delta)
        with torch.no_grad():
            delta = (delta + stride * gradient.sign()).clamp(-eps, eps)
            delta = (clean + delta).clamp(0, 255) - clean
            rounded = clean + delta.trunc()  # towards the original: rounding must not leave the budget
            margin = float(margin_of(rounded))
        if margin > best_margin:
            best, best_margin = rounded, margin
    return _to_image(best)


def attack_file(target: Target, source: Path, out: Path, *, eps: float, steps: int) -> AttackReport:
    """Attack the picture in `source`, write a PNG, and tell what the model says to that file."""
    original = load(source)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(encode_png(perturb(target, original, eps=eps, steps=steps)))
    written = decode(out.read_bytes()).image
    change = np.abs(written.pixels.astype(np.int16) - original.pixels.astype(np.int16))
    return AttackReport(
        answer_before=target.answer(original).text,
        answer_after=target.answer(written).text,
        eps=eps,
        steps=steps,
        linf=int(change.max()),
    )


def main(arguments: list[str] | None = None) -> int:
    """Run the attack from the command line; 1 when the answer did not change."""
    parser = argparse.ArgumentParser(
        prog="python -m calibration.observers.embedded.attack", description=__doc__
    )
    parser.add_argument("--image", type=Path, required=True, help="the picture to attack")
    parser.add_argument("--question", required=True, help="the question whose answer is to change")
    parser.add_argument("--out", type=Path, required=True, help="where the attacked picture goes, as PNG")
    parser.add_argument("--eps", type=float, default=8.0, help="largest change of a pixel, grey levels")
    parser.add_argument("--steps", type=int, default=40, help="gradient steps")
    given = parser.parse_args(arguments)
    torch.set_num_threads(1)  # the model is too small to share out; threads would wait for each other
    report = attack_file(
        _embedded_target(given.question), given.image, given.out, eps=given.eps, steps=given.steps
    )
    sys.stdout.write(json.dumps(asdict(report)) + "\n")
    return 0 if report.succeeded else 1


def _embedded_target(question: str) -> Target:
    observer = load_embedded()
    return Target(observer.model, observer.processor, question)


def _differentiable_preprocessing(settings: Any) -> Callable[[Tensor], Tensor]:
    """Do what the image processor does, in torch: Pillow's antialiased bicubic resize, then normalisation."""
    side = (settings.size["height"], settings.size["width"])
    mean = torch.tensor(settings.image_mean).view(1, 3, 1, 1)
    deviation = torch.tensor(settings.image_std).view(1, 3, 1, 1)

    def preprocess(pixels: Tensor) -> Tensor:
        small = F.interpolate(pixels, size=side, mode="bicubic", antialias=True)
        return (small.clamp(0, 255) / 255.0 - mean) / deviation  # (1, 3, 96, 96)

    return preprocess


def _to_tensor(image: Image) -> Tensor:
    return torch.from_numpy(image.pixels.astype(np.float32)).permute(2, 0, 1)[None]  # (1, 3, H, W)


def _to_image(pixels: Tensor) -> Image:
    return Image(np.ascontiguousarray(pixels[0].permute(1, 2, 0).round().to(torch.uint8).numpy()))


if __name__ == "__main__":
    sys.exit(main())
