"""Ask the embedded model: a small LLaVA shipped with the package, loaded as transformers loads any other.

Calibration reads the probability of "yes" off the first answer token, which costs one pass; text is generated
only where somebody wants to read it. Everything runs on the CPU and is deterministic.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForImageTextToText, AutoProcessor
from transformers.utils import logging

from calibration.image import Image, to_pillow
from calibration.observers.protocol import ObserverError, Query, Reply

MODEL_FOLDER = Path(__file__).parent / "model"

_YES_TOKENS = ("<yes>", "Yes", "A")
_NO_TOKENS = ("<no>", "No", "B")
_BATCH = 32
_MAX_NEW_TOKENS = 12
# More gain little on matrices this small, and wait for each other a hundred times longer on a busy machine.
_THREADS = 1


class EmbeddedObserver:
    """A local vision-language model that answers comparison and task prompts."""

    def __init__(
        self, model: Any, processor: Any, name: str = "embedded"
    ) -> None:  # transformers has no types
        self.name = name
        self._model = model.eval()
        self._processor = processor
        self.input_side: int | None = int(processor.image_processor.size["height"])
        self.stimulus_side: int | None = self.input_side
        self._image_tokens = (int(self.input_side or 0) // int(processor.patch_size)) ** 2
        vocabulary = processor.tokenizer.get_vocab()
        self._yes = torch.tensor([vocabulary[token] for token in _YES_TOKENS])
        self._no = torch.tensor([vocabulary[token] for token in _NO_TOKENS])
        self._render = lru_cache(maxsize=4096)(self._render_prompt)

    @property
    def model(self) -> Any:
        """The transformers model, for whoever needs its gradient."""
        return self._model

    @property
    def processor(self) -> Any:
        """The transformers processor: tokenizer, chat template, picture preparation."""
        return self._processor

    def ask(self, queries: Sequence[Query]) -> list[Reply]:
        """Answer every query by its first token, with the probability of "yes" among yes and no."""
        replies: dict[int, Reply] = {}
        for batch in self._batches(queries):
            encoded = self._encode([queries[at] for at in batch])
            with torch.inference_mode():
                logits = self._model(**encoded, logits_to_keep=1).logits[:, -1].float()  # (N, vocabulary)
            yes, no = (logits[:, tokens].logsumexp(dim=1) for tokens in (self._yes, self._no))
            probabilities = torch.sigmoid(yes - no).tolist()
            texts = self._processor.tokenizer.batch_decode(logits.argmax(dim=1, keepdim=True))
            for at, text, probability in zip(batch, texts, probabilities, strict=True):
                replies[at] = Reply(text.strip(), probability, is_first_token=True)
        return [replies[at] for at in range(len(queries))]

    def complete(self, queries: Sequence[Query]) -> list[str]:
        """Generate the reply text of every query, greedily, at most 12 tokens."""
        texts: dict[int, str] = {}
        for batch in self._batches(queries):
            encoded = self._encode([queries[at] for at in batch])
            with torch.inference_mode():
                tokens = self._model.generate(**encoded, max_new_tokens=_MAX_NEW_TOKENS, do_sample=False)
            fresh = tokens[:, encoded["input_ids"].shape[1] :]  # (N, new)
            for at, text in zip(batch, self._decode(fresh), strict=True):
                texts[at] = text
        return [texts[at] for at in range(len(queries))]

    def count_tokens(self, text: str) -> int:
        """Return how many tokens the text takes."""
        return len(self._processor.tokenizer(text, add_special_tokens=False)["input_ids"])

    def count_image_tokens(self, image: Image) -> int:  # noqa: ARG002 - every image is squeezed to one size
        """Return how many tokens one image takes: one per patch."""
        return self._image_tokens

    def close(self) -> None:
        """Hold nothing."""

    def _batches(self, queries: Sequence[Query]) -> Iterator[list[int]]:
        """Group queries of as many images, so that little padding enters; yield their positions."""
        groups: dict[int, list[int]] = {}
        for at, query in enumerate(queries):
            groups.setdefault(len(query.images), []).append(at)
        for group in groups.values():
            for start in range(0, len(group), _BATCH):
                yield group[start : start + _BATCH]

    def _encode(self, queries: Sequence[Query]) -> dict[str, Any]:
        texts = [self._render(query.prompt, len(query.images)) for query in queries]
        pictures = to_pillow([image for query in queries for image in query.images])
        encoded = self._processor(text=texts, images=pictures or None, padding=True, return_tensors="pt")
        if "pixel_values" in encoded:
            encoded["pixel_values"] = encoded["pixel_values"].to(self._model.dtype)
        return {key: value for key, value in encoded.items() if key != "token_type_ids"}

    def _render_prompt(self, prompt: str, images: int) -> str:
        content = [*({"type": "image"} for _ in range(images)), {"type": "text", "text": prompt}]
        rendered = self._processor.apply_chat_template(
            [{"role": "user", "content": content}], add_generation_prompt=True, tokenize=False
        )
        return str(rendered)

    def _decode(self, tokens: torch.Tensor) -> list[str]:
        texts = self._processor.tokenizer.batch_decode(tokens, skip_special_tokens=True)
        return [text.strip().replace(" .", ".").replace(" ,", ",") for text in texts]


def load_embedded(folder: Path | None = None) -> EmbeddedObserver:
    """Load the model that ships with the package, or another like it; torch then keeps to one thread.

    Raises:
        ObserverError: The model's files are missing or damaged.
    """
    folder = folder or MODEL_FOLDER
    if not (folder / "config.json").is_file():
        raise ObserverError(f"expected the embedded model in {folder}, found none")
    logging.disable_progress_bar()
    torch.set_num_threads(_THREADS)
    try:
        processor = AutoProcessor.from_pretrained(folder, local_files_only=True)
        model = AutoModelForImageTextToText.from_pretrained(
            folder, local_files_only=True, dtype=torch.float32
        )
        return EmbeddedObserver(model, processor)
    except (OSError, ValueError, KeyError) as error:
        raise ObserverError(f"cannot load the embedded model from {folder}: {error}") from error
