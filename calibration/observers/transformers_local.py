"""Ask any local vision-language model that transformers can load: `transformers:PATH_OR_ID`.

A reply about two pictures that begins with its flag ends there, with the probability of yes among yes and no
at that place. Any other goes on to a short text; its probability is that of its flag, or of its first word.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, TypeVar

import torch

from calibration.image import Image
from calibration.observers.flags import FlagTokens, affirmative_probability, flag_words, spelling
from calibration.observers.protocol import Ended, ObserverError, Query, Reply, TokenChoice
from calibration.observers.transformers_loading import LoadedModel, load_model
from calibration.observers.vision_language import Generated, VisionLanguageModel, by_manner

T = TypeVar("T")
_NO_FLAGS = FlagTokens((), (), frozenset())
_BATCH = 8
_STIMULUS_SIDE = 512
_MAX_NEW_TOKENS = 256  # a flag ends a reply that begins with it; others explain before they answer
_MAX_SERVED_TOKENS = 128
_MAX_WORD_TOKENS = 12  # what is said where a word is wanted; its probability is that of the first
_LEAST_SHARE = 0.01  # of the first word: below, the model considered neither yes nor no
_TILING = ("do_image_splitting", "crop_to_patches", "image_grid_pinpoints", "do_pan_and_scan")


class TransformersObserver:
    """A local model, asked for its flag, and for text where it does not begin with one."""

    def __init__(self, loaded: LoadedModel, name: str, batch: int = _BATCH) -> None:
        self.name = name
        self.input_side = _fixed_side(loaded.processor.image_processor)
        self.stimulus_side: int | None = self.input_side or _STIMULUS_SIDE
        self._language = VisionLanguageModel(loaded, batch)
        self._spell = lru_cache(maxsize=None)(self._spell_flags)

    @property
    def in_flight(self) -> int:
        """How many queries it wants at a time: a batch."""
        return self._language.batch

    def ask(self, queries: Sequence[Query]) -> list[Reply]:
        """Answer every query, in order; those about two images with the probability of yes among yes and no.

        Where words are wanted, with what else the first token could have been instead.

        Raises:
            ObserverError: The model failed.
        """
        return by_manner(queries, flags=self._ask_flags, words=self._ask_words)

    def complete(self, queries: Sequence[Query]) -> list[str]:
        """Generate the reply text of every query, greedily.

        Raises:
            ObserverError: The model failed.
        """
        return self._run(queries, self._complete_batch)

    def tell(self, queries: Sequence[Query], listed: int) -> list[Reply]:
        """Generate the reply to every query, greedily, with what else each token could have been.

        Raises:
            ObserverError: The model failed.
        """
        spoken = self._run(queries, lambda group: self._language.tell(group, _MAX_SERVED_TOKENS, listed))
        return [Reply("".join(choice.token for choice in each).strip(), choices=each) for each in spoken]

    def count_tokens(self, text: str) -> int:
        """Return how many tokens the text takes."""
        return len(self._language.tokenizer(text, add_special_tokens=False)["input_ids"])

    def count_image_tokens(self, image: Image) -> int:
        """Return how many tokens a prompt grows by for this image."""
        with_image, without = (
            self._language.encode([Query("", images)])["input_ids"].shape[1] for images in ([image], [])
        )
        return int(with_image - without)

    def close(self) -> None:
        """Hold nothing that outlives the observer."""

    def _run(self, queries: Sequence[Query], batch: Callable[[Sequence[Query]], Sequence[T]]) -> list[T]:
        try:
            return self._language.in_batches(queries, batch)
        except ObserverError:
            raise
        except (RuntimeError, ValueError, IndexError, KeyError, TypeError) as error:
            raise ObserverError(f"{self.name} failed: {type(error).__name__}: {str(error)[:300]}") from error

    def _complete_batch(self, queries: Sequence[Query]) -> list[str]:
        return [text.strip() for text in self._language.generate(queries, _MAX_SERVED_TOKENS)]

    def _ask_flags(self, queries: Sequence[Query]) -> list[Reply]:
        return self._run(queries, self._ask_batch)

    def _ask_words(self, queries: Sequence[Query]) -> list[Reply]:
        choices = self._run(queries, self._language.choose)
        texts = self._run(queries, self._say_word)
        return [Reply(text, choices=(choice,)) for text, choice in zip(texts, choices, strict=True)]

    def _say_word(self, queries: Sequence[Query]) -> list[str]:
        return [text.strip() for text in self._language.generate(queries, _MAX_WORD_TOKENS)]

    def _ask_batch(self, queries: Sequence[Query]) -> list[Reply]:
        flags = [self._spell(query.prompt) if len(query.images) > 1 else _NO_FLAGS for query in queries]
        made = self._language.answer(queries, flags, _MAX_NEW_TOKENS)
        return [self._read(*parts) for parts in zip(made, flags, queries, strict=True)]

    def _read(self, made: Generated, flags: FlagTokens, query: Query) -> Reply:
        text = self._language.decode(made.tokens).strip()
        ended: Ended = "length" if len(made.tokens) == _MAX_NEW_TOKENS else "stop"
        if not flags.yes or not flags.no:
            return Reply(text, ended=ended)
        if made.has_flag:
            return Reply(text, _share(made.logits[len(made.tokens) - 1], flags), is_first_token=True)
        found = self._read_later_flag(made, flags, query.prompt)
        share = _considered_share(made.logits[0], flags) if found is None else found
        return Reply(text, share, ended=ended)

    def _read_later_flag(self, made: Generated, flags: FlagTokens, prompt: str) -> float | None:
        """Return P(yes) where the text has its flag."""
        spelled = [*flags.yes, *flags.no]
        words = self._language.tokenizer.convert_ids_to_tokens(spelled)
        choices, before = [], ""
        for step in range(len(made.tokens)):
            text = self._language.decode(made.tokens[: step + 1])
            masses = made.logits[step].log_softmax(dim=0)[spelled].tolist()
            choices.append(TokenChoice(text[len(before) :], dict(zip(words, masses, strict=True))))
            before = text
        return affirmative_probability(choices, prompt)

    def _spell_flags(self, prompt: str) -> FlagTokens:
        return spelling(flag_words(prompt), self._language.tokenizer.get_vocab().items())


def load_transformers(source: str) -> TransformersObserver:
    """Load the model of a folder or a hub id.

    Raises:
        ValueError: Neither is given.
        ObserverError: The model cannot be loaded.
    """
    if not source:
        raise ValueError("expected transformers:PATH_OR_ID, such as transformers:llava-hf/llava-1.5-7b-hf")
    return TransformersObserver(load_model(source), source.rstrip("/").rpartition("/")[2] or source)


def _share(logits: torch.Tensor, flags: FlagTokens) -> float:
    """Return P(yes) among yes and no."""
    yes, no = (logits[list(tokens)].logsumexp(dim=0) for tokens in (flags.yes, flags.no))
    return float(torch.sigmoid(yes - no))


def _considered_share(logits: torch.Tensor, flags: FlagTokens) -> float | None:
    """Return P(yes) among yes and no; None where the model hardly considered either."""
    mass = float(logits.softmax(dim=0)[[*flags.yes, *flags.no]].sum())
    return _share(logits, flags) if mass >= _LEAST_SHARE else None


def _fixed_side(image_processor: Any) -> int | None:
    """Return the side every picture is squeezed to; None where the size varies or pictures are tiled."""
    if any(getattr(image_processor, name, None) for name in _TILING):
        return None
    is_cropped = getattr(image_processor, "do_center_crop", False)
    size = getattr(image_processor, "crop_size" if is_cropped else "size", None)
    try:
        height, width = size["height"], size["width"]  # type: ignore[index]
    except (KeyError, TypeError):
        return None
    return int(height) if height and height == width else None
