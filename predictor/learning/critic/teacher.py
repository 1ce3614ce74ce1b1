"""Features from the middle of a pretrained classifier: what the critic's network is taught.

The classifiers are `torch.export` programs with 8-bit weights; what depends on weights alone is computed
once. None of those weights is kept: only what they say of pictures is learned from.
"""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import fx

from calibration.image import Pixels
from predictor.learning.critic import views

NAME = "mobilenet_v1_0.5_160_quant"
_LAYER = "clamp_41"  # after the tenth pair of convolutions: 256 features, one position for 16 pixels


class Teacher:
    """The lower three quarters of a classifier."""

    def __init__(self, networks: Path) -> None:
        program = torch.export.load(networks / f"{NAME}.pt2").module()
        self._known: dict[str, Any] = {}
        self._steps: list[fx.Node] = []
        self._input = ""
        self._read(program)

    @torch.no_grad()
    def features(self, pixels: Pixels) -> np.ndarray:
        """Return (H/16, W/16, 256) half-precision features of (H, W, 3) pixels, sides in steps of 16."""
        batch = torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255.0
        values = {self._input: batch.contiguous(memory_format=torch.channels_last)}
        for step in self._steps:
            known = lambda node: values[node.name] if node.name in values else self._known[node.name]  # noqa: E731
            values[step.name] = step.target(*fx.map_arg(step.args, known), **fx.map_arg(step.kwargs, known))  # type: ignore[operator]
            if step.name == _LAYER:
                return values[step.name][0].permute(1, 2, 0).numpy().astype(np.float16)
        raise LookupError(f"expected a layer {_LAYER} in {NAME}, it has none")

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


def taught(photographs: views.Photographs, teacher: Teacher) -> tuple[np.ndarray, np.ndarray]:
    """Return all views, (N, 256, 256, 3), and what the teacher sees in them, (N, 16, 16, 256)."""
    shown = np.stack(list(views.views_of(photographs)))
    return shown, np.stack([teacher.features(one) for one in shown])


def _attribute(program: torch.nn.Module, path: str) -> Any:
    found: Any = program
    for part in path.split("."):
        found = getattr(found, part)
    return found
