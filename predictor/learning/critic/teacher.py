"""Features from the middle of pretrained classifiers: what the critic's network is taught.

The classifiers are `torch.export` programs with 8-bit weights; what depends on weights alone is computed
once. None of those weights is kept: only what they say of pictures is learned from.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import fx

from calibration.image import Pixels
from predictor.learning.critic.distilling import Taught

# By classifier, layers: one position for 16 pixels, and from the second's end one for 32.
LAYERS = {
    "mobilenet_v1_0.5_160_quant": ("clamp_41",),  # 256 features
    "mobilenet_v2_1.0_224_quant": ("clamp_66", "clamp_94"),  # 96; 320
}


class Teacher:
    """The lower part of a classifier, up to the last of the layers that are asked for."""

    def __init__(self, program_file: Path, layers: tuple[str, ...]) -> None:
        program = torch.export.load(program_file).module()
        self._wanted = layers
        self._known: dict[str, Any] = {}
        self._steps: list[fx.Node] = []
        self._input = ""
        self._read(program)

    @torch.inference_mode()
    def features(self, pixels: Pixels) -> list[np.ndarray]:
        """Return half-precision features (h, w, F) of each layer, of (H, W, 3) pixels, sides in steps of 32.

        Raises:
            LookupError: The classifier has no such layer.
        """
        batch = torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255.0
        values = {self._input: batch.contiguous(memory_format=torch.channels_last)}
        for step in self._steps:
            known = lambda node: values[node.name] if node.name in values else self._known[node.name]  # noqa: E731
            values[step.name] = step.target(*fx.map_arg(step.args, known), **fx.map_arg(step.kwargs, known))  # type: ignore[operator]
            if step.name == self._wanted[-1]:
                found = [values[name][0].permute(1, 2, 0) for name in self._wanted]
                return [one.numpy().astype(np.float16) for one in found]
        raise LookupError(f"expected a layer {self._wanted[-1]}, the classifier has none")

    def _read(self, program: torch.fx.GraphModule) -> None:
        for node in program.graph.nodes:
            if node.op == "placeholder":
                self._input = node.name
            elif node.op == "get_attr":
                self._known[node.name] = _attribute(program, str(node.target))
            elif node.op == "call_function" and "_assert" not in str(node.target):
                self._fold(node)

    @torch.no_grad()
    def _fold(self, node: fx.Node) -> None:
        inputs = node.all_input_nodes
        if not inputs or any(one.name not in self._known for one in inputs):
            self._steps.append(node)
            return
        known = lambda one: self._known[one.name]  # noqa: E731
        self._known[node.name] = node.target(*fx.map_arg(node.args, known), **fx.map_arg(node.kwargs, known))  # type: ignore[operator]


def load_teachers(networks: Path) -> list[Teacher]:
    """Read all classifiers of `LAYERS` from a folder."""
    return [Teacher(networks / f"{name}.pt2", layers) for name, layers in LAYERS.items()]


def taught(views: Iterator[Pixels], teachers: list[Teacher]) -> Taught:
    """Have all teachers look at views of 256 x 256 pixels."""
    shown, near, deep = [], [], []
    for view in views:
        *finer, coarse = [one for teacher in teachers for one in teacher.features(view)]
        shown.append(view)
        near.append(np.concatenate(finer, axis=2))
        deep.append(coarse)
    return Taught(np.stack(shown), np.stack(near), np.stack(deep))


def _attribute(program: torch.nn.Module, path: str) -> Any:
    found: Any = program
    for part in path.split("."):
        found = getattr(found, part)
    return found
