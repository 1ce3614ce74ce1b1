"""Ask the embedded model: a small LLaVA shipped with the package, loaded as transformers loads any other.

Calibration reads the probability of "yes" off the first answer token, which costs one pass; text is generated
only where somebody wants to read it. Everything runs on the CPU and is deterministic.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import AutoModelForImageTextToText, AutoProcessor
from transformers.utils import logging

from calibration.image import Image
from calibration.observers.protocol import ObserverError, Query, Reply
from calibration.observers.transformers_loading import LoadedModel
from calibration.observers.vision_language import VisionLanguageModel, by_manner
from calibration.published import published_profile

MODEL_FOLDER = Path(__file__).parent / "model"

_EMBEDDED = "embedded"
_YES_TOKENS = ("<yes>", "Yes", "A")
_NO_TOKENS = ("<no>", "No", "B")
_BATCH = 32
_MAX_NEW_TOKENS = 12
# More gain little on matrices this small, and wait for each other a hundred times longer on a busy machine.
_THREADS = 1


class EmbeddedObserver:
    """A local vision-language model that answers comparison and task prompts."""

    def __init__(
        self, model: Any, processor: Any, name: str = _EMBEDDED
    ) -> None:  # transformers has no types
        self.name = name
        self._language = VisionLanguageModel(LoadedModel(model, processor), _BATCH)
        self.input_side: int | None = int(processor.image_processor.size["height"])
        self.stimulus_side: int | None = self.input_side
        self._image_tokens = (int(self.input_side or 0) // int(processor.patch_size)) ** 2
        vocabulary = processor.tokenizer.get_vocab()
        self._yes = torch.tensor([vocabulary[token] for token in _YES_TOKENS])
        self._no = torch.tensor([vocabulary[token] for token in _NO_TOKENS])

    @property
    def in_flight(self) -> int:
        """How many queries it wants at a time: a batch."""
        return self._language.batch

    @property
    def model(self) -> Any:
        """The transformers model, for whoever needs its gradient."""
        return self._language.model

    @property
    def processor(self) -> Any:
        """The transformers processor: tokenizer, chat template, picture preparation."""
        return self._language.processor

    def ask(self, queries: Sequence[Query]) -> list[Reply]:
        """Answer every query by its first token, with the probability of "yes" among yes and no.

        Where words are wanted, by its text, with what else its first token could have been.
        """
        return by_manner(queries, flags=self._ask_flags, words=self._ask_words)

    def complete(self, queries: Sequence[Query]) -> list[str]:
        """Generate the reply text of every query, greedily, at most 12 tokens."""
        return self._language.in_batches(queries, self._complete_batch)

    def tell(self, queries: Sequence[Query], listed: int) -> list[Reply]:
        """Generate the reply to every query, greedily, with what else each token could have been."""
        spoken = self._language.in_batches(
            queries, lambda group: self._language.tell(group, _MAX_NEW_TOKENS, listed)
        )
        return [Reply(tidy("".join(choice.token for choice in each)), choices=each) for each in spoken]

    def count_tokens(self, text: str) -> int:
        """Return how many tokens the text takes."""
        return len(self._language.tokenizer(text, add_special_tokens=False)["input_ids"])

    def count_image_tokens(self, image: Image) -> int:  # noqa: ARG002 - every image is squeezed to one size
        """Return how many tokens one image takes: one per patch."""
        return self._image_tokens

    def close(self) -> None:
        """Hold nothing."""

    def _ask_flags(self, queries: Sequence[Query]) -> list[Reply]:
        return self._language.in_batches(queries, self._ask_batch)

    def _ask_words(self, queries: Sequence[Query]) -> list[Reply]:
        choices = self._language.in_batches(queries, self._language.choose)
        texts = self.complete(queries)
        return [Reply(text, choices=(choice,)) for text, choice in zip(texts, choices, strict=True)]

    def _ask_batch(self, queries: Sequence[Query]) -> list[Reply]:
        encoded = self._language.encode(queries)
        with torch.inference_mode():
            logits = self.model(**encoded, logits_to_keep=1).logits[:, -1].float()  # (N, vocabulary)
        yes, no = (logits[:, tokens].logsumexp(dim=1) for tokens in (self._yes, self._no))
        probabilities = torch.sigmoid(yes - no).tolist()
        texts = self._language.tokenizer.batch_decode(logits.argmax(dim=1, keepdim=True))
        return [
            Reply(text.strip(), probability, is_first_token=True)
            for text, probability in zip(texts, probabilities, strict=True)
        ]

    def _complete_batch(self, queries: Sequence[Query]) -> list[str]:
        texts = self._language.generate(queries, _MAX_NEW_TOKENS)
        return [tidy(text) for text in texts]


def tidy(text: str) -> str:
    """Undo the spaces that words and signs are joined with."""
    return text.strip().replace(" .", ".").replace(" ,", ",").replace(" ;", ";")


def load_embedded(folder: Path | None = None) -> EmbeddedObserver:
    """Load the model that ships with the package, or another like it, named after its folder.

    Torch then keeps to one thread.

    Raises:
        ObserverError: The model's files are missing or damaged, or the folder's name is that of a model whose
            thresholds are known: they would be taken for this one's.
    """
    name = _EMBEDDED if folder is None else own_name(folder)
    folder = folder or MODEL_FOLDER
    if not (folder / "config.json").is_file():
        raise ObserverError(f"expected the embedded model in {folder}, found none")
    loaded = load_folder(folder, "embedded model")
    return EmbeddedObserver(loaded.model, loaded.processor, name)


def load_folder(folder: Path, what: str) -> LoadedModel:
    """Load a model of ours in float32; torch then keeps to one thread.

    Raises:
        ObserverError: Its files are missing or damaged; the message calls it `what`.
    """
    logging.disable_progress_bar()
    torch.set_num_threads(_THREADS)
    try:
        processor = AutoProcessor.from_pretrained(folder, local_files_only=True)
        model = AutoModelForImageTextToText.from_pretrained(
            folder, local_files_only=True, dtype=torch.float32
        )
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise ObserverError(f"cannot load the {what} from {folder}: {error}") from error
    return LoadedModel(model, processor)


def own_name(folder: Path) -> str:
    """Return what a model in a folder of somebody's own is called.

    Raises:
        ObserverError: The name is that of a model whose thresholds are known.
    """
    name = folder.resolve().name
    if name == _EMBEDDED or published_profile(name) is not None:
        raise ObserverError(f"expected a folder of another name: {name!r} is a model with known thresholds")
    return name
