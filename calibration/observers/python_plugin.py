"""Ask anything that has a Python function: `python:module:factory`.

The factory returns an object with `name: str` and `answer(prompt, images) -> str`, images as Pillow objects;
with `answer_batch(requests) -> list[str]` it gets a whole batch at once.
"""

import importlib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from calibration.image import to_pillow
from calibration.observers.protocol import ObserverError, Query, Reply

_STIMULUS_SIDE = 512
_BATCH = 32


class PluginObserver:
    """An observer written by the user."""

    stimulus_side: int | None = _STIMULUS_SIDE
    input_side: int | None = None

    def __init__(self, plugin: Any) -> None:
        self.name = str(plugin.name)
        self.in_flight = _BATCH if hasattr(plugin, "answer_batch") else 1  # queries it wants at a time
        self._plugin = plugin

    def ask(self, queries: Sequence[Query]) -> list[Reply]:
        """Answer every query, in order.

        Raises:
            ObserverError: The plug-in raised, or returned something other than one text per query.
        """
        requests = [(query.prompt, to_pillow(query.images)) for query in queries]
        try:
            if hasattr(self._plugin, "answer_batch"):
                texts = list(self._plugin.answer_batch(requests))
            else:
                texts = [self._plugin.answer(prompt, images) for prompt, images in requests]
        except Exception as error:
            raise ObserverError(f"{self.name} failed: {type(error).__name__}: {error}") from error
        if len(texts) != len(queries) or not all(isinstance(text, str) for text in texts):
            raise ObserverError(f"{self.name} must return {len(queries)} texts, got {texts!r:.200}")
        return [Reply(text) for text in texts]

    def close(self) -> None:
        """Hold nothing."""


def load_plugin(rest: str) -> PluginObserver:
    """Import `MODULE:FACTORY`, also from the current folder, and call the factory.

    Raises:
        ValueError: The module or the factory is missing, or what it returns is not an observer.
    """
    module_name, _, factory_name = rest.partition(":")
    if not module_name or not factory_name:
        raise ValueError(f"expected python:MODULE:FACTORY, got python:{rest}")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        module = importlib.import_module(module_name)
    except Exception as error:
        raise ValueError(f"cannot import {module_name}: {type(error).__name__}: {error}") from error
    factory: Callable[[], Any] | None = getattr(module, factory_name, None)
    if not callable(factory):
        raise ValueError(f"module {module_name} has no function {factory_name}")
    try:
        plugin = factory()
    except Exception as error:
        raise ValueError(f"{rest} failed: {type(error).__name__}: {error}") from error
    if not isinstance(getattr(plugin, "name", None), str) or not callable(getattr(plugin, "answer", None)):
        raise ValueError(f"{rest} must return an object with name: str and answer(prompt, images) -> str")
    return PluginObserver(plugin)
