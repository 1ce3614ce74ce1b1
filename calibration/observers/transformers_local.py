"""Ask any local vision-language model that transformers can load: `transformers:PATH_OR_ID`.

One pass over a prompt with two pictures tells how probable yes and no are as its first word, which is the
answer where that word is a flag. Where it is not, and for questions about one picture, text is generated.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import torch

from calibration.image import Image
from calibration.observers.flags import TokenChoice, affirmative_probability, flag_words, spelling
from calibration.observers.protocol import ObserverError, Query, Reply
from calibration.observers.transformers_loading import LoadedModel, load_model
from calibration.observers.vision_language import Generated, VisionLanguageModel

_BATCH = 8
_STIMULUS_SIDE = 512
_MAX_NEW_TOKENS = 32
_MAX_SERVED_TOKENS = 128
_LEAST_SHARE = 0.01  # of the first word: below, the model considered neither yes nor no
_TILING = ("do_image_splitting", "crop_to_patches", "image_grid_pinpoints", "do_pan_and_scan")


class TransformersObserver:
    """A local model, asked for its first word, and for text where that says nothing."""

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

        Raises:
            ObserverError: The model failed.
        """
        replies: dict[int, Reply] = {}
        pairs = [at for at, query in enumerate(queries) if len(query.images) > 1]
        firsts = self._generate([queries[at] for at in pairs], max_new_tokens=1)
        shares: dict[int, float | None] = {}
        for at, first in zip(pairs, firsts, strict=True):
            shares[at], is_flag = self._read_first(first, queries[at].prompt)
            if is_flag:
                replies[at] = self._reply(first, shares[at], is_first_token=True)
        unread = [at for at in range(len(queries)) if at not in replies]
        texts = self._generate([queries[at] for at in unread], max_new_tokens=_MAX_NEW_TOKENS)
        for at, text in zip(unread, texts, strict=True):
            found = self._read_text(text, queries[at].prompt) if at in shares else None
            replies[at] = self._reply(text, shares.get(at) if found is None else found, is_first_token=False)
        return [replies[at] for at in range(len(queries))]

    def complete(self, queries: Sequence[Query]) -> list[str]:
        """Generate the reply text of every query, greedily.

        Raises:
            ObserverError: The model failed.
        """
        made = self._generate(queries, max_new_tokens=_MAX_SERVED_TOKENS)
        return [self._language.decode(one.tokens).strip() for one in made]

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

    def _generate(self, queries: Sequence[Query], *, max_new_tokens: int) -> list[Generated]:
        try:
            return self._language.in_batches(
                queries, lambda batch: self._language.generate(batch, max_new_tokens)
            )
        except (RuntimeError, ValueError, IndexError, KeyError, TypeError) as error:
            if isinstance(error, ObserverError):
                raise
            raise ObserverError(f"{self.name} failed: {type(error).__name__}: {str(error)[:300]}") from error

    def _reply(self, made: Generated, probability: float | None, *, is_first_token: bool) -> Reply:
        text = self._language.decode(made.tokens).strip()
        return Reply(text, probability, is_first_token=is_first_token)

    def _read_first(self, made: Generated, prompt: str) -> tuple[float | None, bool]:
        """Return P(yes) among yes and no as the first word, and whether that word is one of them."""
        yes, no = self._spell(prompt)
        logits = made.logits[0]
        if not yes or not no:
            return None, False
        masses = logits.log_softmax(dim=0)
        affirms, denies = (masses[list(ids)].logsumexp(dim=0) for ids in (yes, no))
        share = float(torch.sigmoid(affirms - denies))
        is_flag = int(logits.argmax()) in {*yes, *no}
        considered = float(affirms.exp() + denies.exp()) >= _LEAST_SHARE
        return (share if considered or is_flag else None), is_flag

    def _read_text(self, made: Generated, prompt: str) -> float | None:
        """Return P(yes) where the text generated has its flag."""
        yes, no = self._spell(prompt)
        spelled = [*yes, *no]
        words = self._language.tokenizer.convert_ids_to_tokens(spelled)
        choices, before = [], ""
        for step in range(len(made.tokens)):
            text = self._language.decode(made.tokens[: step + 1])
            masses = made.logits[step].log_softmax(dim=0)[spelled].tolist()
            choices.append(TokenChoice(text[len(before) :], dict(zip(words, masses, strict=True))))
            before = text
        return affirmative_probability(choices, prompt)

    def _spell_flags(self, prompt: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
        yes, no = spelling(flag_words(prompt), self._language.tokenizer.get_vocab().items())
        return tuple(yes), tuple(no)


def load_transformers(source: str) -> TransformersObserver:
    """Load the model of a folder or a hub id.

    Raises:
        ValueError: Neither is given.
        ObserverError: The model cannot be loaded.
    """
    if not source:
        raise ValueError("expected transformers:PATH_OR_ID, such as transformers:llava-hf/llava-1.5-7b-hf")
    return TransformersObserver(load_model(source), source.rstrip("/").rpartition("/")[2] or source)


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
