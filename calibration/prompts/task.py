"""Questions whose *prompt* is perturbed: how much of it can change before the answer does?

The text counterpart of `calibration.tasks` (facts: text JND protocol): the picture stays as it is. Reads
`prompt:FILE`; the perturbations are `calibration.stimuli.prompt_text`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import get_args

import numpy as np

from calibration.stimuli.prompt_text import LEVELS, Granularity, perturb
from calibration.tasks import TaskQuestion, read_task


@dataclass(frozen=True)
class PromptQuestion(TaskQuestion):
    """What a user asks about pictures; its prompts are what is perturbed."""

    @property
    def name(self) -> str:
        """As on the command line."""
        return f"prompt:{self.path}"


def read_prompts(path: Path) -> PromptQuestion:
    """Read a file that is one prompt, or JSON lines {"image": file name, "prompt": text}, as `task:FILE`.

    Raises:
        ValueError: The file is empty or unreadable, a line is not as expected, or a prompt holds nothing to
            perturb.
    """
    task = read_task(path)
    given = [task.common] if task.common is not None else []
    _check(path, chain(given, *task.prompts.values()))
    return PromptQuestion(task.path, task.prompts, task.common, task.digest)


def _check(path: Path, prompts: Iterable[str]) -> None:
    """Refuse now what would end a run half-way."""
    for prompt in prompts:
        for granularity in get_args(Granularity):
            try:
                found = perturb(prompt, granularity, LEVELS[-1], np.random.default_rng(0))
            except ValueError as error:
                raise ValueError(f"{path}: {error}, got {prompt[:80]!r}") from error
            if not found.total:
                raise ValueError(
                    f"{path}: expected prompts with words outside image placeholders, got {prompt[:80]!r}"
                )
