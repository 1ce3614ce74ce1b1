"""Load a vision-language model with its processor from a folder or a hub id, as transformers does.

Never runs code that comes with a model. Where torchvision is missing, processors that also take videos are
loaded without that half: their pictures go through the same classes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
import transformers
from safetensors import SafetensorError
from transformers import AutoConfig, AutoModelForImageTextToText, AutoProcessor
from transformers.models.auto.processing_auto import PROCESSOR_MAPPING_NAMES
from transformers.utils import logging

from calibration.observers.protocol import ObserverError

_VIDEOS = "video_processor"
# Besides the usual ones, what damaged weights, missing packages and configurations of other versions raise.
_FAILURES = (
    OSError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    ImportError,
    RuntimeError,
    SafetensorError,
)


@dataclass(frozen=True)
class LoadedModel:
    """A model with its processor; transformers publishes no types for either."""

    model: Any
    processor: Any


def load_model(source: str) -> LoadedModel:
    """Load from a folder or the hub: on the GPU in its own precision where there is one, else float32.

    Raises:
        ObserverError: It cannot be found, read, or used with what is installed.
    """
    logging.disable_progress_bar()
    on_gpu = torch.cuda.is_available()
    where = {"local_files_only": True} if Path(source).is_dir() else {}
    try:
        processor = _load_processor(source, where)
        model, found = AutoModelForImageTextToText.from_pretrained(
            source, dtype="auto" if on_gpu else torch.float32, output_loading_info=True, **where
        )
        _check_weights(found)
        model = model.to("cuda" if on_gpu else "cpu").eval()
    except _FAILURES as error:
        raise ObserverError(f"cannot load transformers:{source}: {_explain(error, source)}") from error
    return LoadedModel(model, processor)


def _load_processor(source: str, where: dict[str, bool]) -> Any:
    if find_spec("torchvision") is not None:
        return AutoProcessor.from_pretrained(source, **where)
    name = PROCESSOR_MAPPING_NAMES.get(AutoConfig.from_pretrained(source, **where).model_type)
    family = getattr(transformers, name, None) if isinstance(name, str) else None
    if family is None or _VIDEOS not in family.get_attributes():
        return AutoProcessor.from_pretrained(source, **where)
    return _without_videos(family).from_pretrained(source, **where)


def _without_videos(family: Any) -> Any:
    """Return the processor class without its video half, which cannot be built without torchvision."""

    class PictureHalf(family):  # type: ignore[misc] # transformers has no types
        @classmethod
        def get_attributes(cls) -> list[str]:
            return [name for name in family.get_attributes() if name != _VIDEOS]

        @classmethod
        def from_args_and_dict(cls, args: Any, processor_dict: Any, **more: Any) -> Any:
            return super().from_args_and_dict(args, {**processor_dict, _VIDEOS: None}, **more)

    PictureHalf.__name__ = PictureHalf.__qualname__ = family.__name__  # saved, and looked up when loaded
    return PictureHalf


def _check_weights(found: Mapping[str, Any]) -> None:
    """Refuse what transformers only warns of: layers that would answer at random."""
    lacking = sorted(map(str, [*found["missing_keys"], *found["mismatched_keys"]]))
    if lacking:
        raise ValueError(f"the weights lack {len(lacking)} tensors the model needs, such as {lacking[0]}")


def _explain(error: Exception, source: str) -> str:
    words = f"{type(error).__name__}: {error}".replace("\n", " ")[:400]
    if isinstance(error, ImportError) and "num2words" in words:
        return "its processor needs the package num2words; install it"
    if isinstance(error, ImportError) and "torchvision" in words:
        return f"its processor needs torchvision, which is not installed ({words})"
    if isinstance(error, OSError) and not Path(source).is_dir():
        return f"{words}; a folder with the model's files works too, without the network"
    return words
