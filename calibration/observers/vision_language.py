"""Run a transformers vision-language model on batches of queries: text, or an answer with its logits.

Prompts go through the model's chat template, or after image placeholders where it has none. Queries of as
many pictures share a batch, padded on the left; a batch that does not fit into memory is halved, for good.
"""

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

import torch
from transformers import GenerationConfig, StoppingCriteria

from calibration.image import to_pillow
from calibration.observers.flags import FlagTokens
from calibration.observers.protocol import ObserverError, Query, Reply, TokenChoice
from calibration.observers.transformers_loading import LoadedModel
from calibration.observers.word_tokens import spelling_tokens

T = TypeVar("T")
_LISTED = 20  # most probable tokens told beside those that spell the words asked for
_NO_MEMORY = ("out of memory", "can't allocate memory", "not enough memory")


@dataclass(frozen=True, eq=False)
class Generated:
    """What the model made of one query."""

    tokens: list[int]  # up to its flag, if it begins with one, or to its end
    logits: torch.Tensor  # (steps, vocabulary), float32, on the CPU
    has_flag: bool  # whether the last token is the flag the reply begins with


class _StopAtFlags(StoppingCriteria):  # type: ignore[misc] # transformers has no types
    """Ends each sequence of a batch on its own."""

    def __init__(self, flags: Sequence[FlagTokens], start: int) -> None:
        self._flags, self._start = flags, start

    def __call__(self, input_ids: torch.Tensor, scores: Any, **_: Any) -> torch.Tensor:  # noqa: ARG002
        fresh = input_ids[:, self._start :].tolist()
        found = [flags.place(tokens) is not None for flags, tokens in zip(self._flags, fresh, strict=True)]
        return torch.tensor(found, device=input_ids.device)


class VisionLanguageModel:
    """A model with its processor, asked in batches."""

    def __init__(self, loaded: LoadedModel, batch: int) -> None:
        self.model, self.processor = loaded.model.eval(), loaded.processor
        self.tokenizer = loaded.processor.tokenizer
        self.tokenizer.padding_side = "left"
        if self.tokenizer.pad_token is None:
            self.tokenizer.pad_token = self.tokenizer.eos_token
        self.batch = batch
        self._ends = self._end_tokens()
        self._takes = frozenset(inspect.signature(loaded.model.forward).parameters)
        self._render = lru_cache(maxsize=4096)(self._render_prompt)
        self._spell = lru_cache(maxsize=256)(self._spell_words)

    def in_batches(self, queries: Sequence[Query], run: Callable[[Sequence[Query]], Sequence[T]]) -> list[T]:
        """Return what `run` makes of every query, in their order.

        Raises:
            ObserverError: Not even one query fits into memory.
        """
        results: dict[int, T] = {}
        for group in _by_images(queries):
            rest = group
            while rest:
                taken = rest[: self.batch]
                try:
                    made = run([queries[at] for at in taken])
                except (torch.OutOfMemoryError, RuntimeError) as error:
                    self._halve(error)
                    continue
                results |= zip(taken, made, strict=True)
                rest = rest[len(taken) :]
        return [results[at] for at in range(len(queries))]

    def generate(self, queries: Sequence[Query], max_new_tokens: int) -> list[str]:
        """Continue every prompt greedily, in one batch."""
        encoded = self.encode(queries)
        with torch.inference_mode():
            made = self.model.generate(**encoded, generation_config=self._greedy(max_new_tokens))
        fresh = made[:, encoded["input_ids"].shape[1] :].tolist()  # (N, steps)
        return [self.decode(tokens[: _length(tokens, self._ends)]) for tokens in fresh]

    def answer(
        self, queries: Sequence[Query], flags: Sequence[FlagTokens], max_new_tokens: int
    ) -> list[Generated]:
        """Continue every prompt greedily, in one batch, and stop where a reply has begun with its flag."""
        encoded = self.encode(queries)
        start = encoded["input_ids"].shape[1]
        config = self._greedy(max_new_tokens, return_dict_in_generate=True, output_logits=True)
        with torch.inference_mode():
            made = self.model.generate(
                **encoded, generation_config=config, stopping_criteria=[_StopAtFlags(flags, start)]
            )
        logits = torch.stack(made.logits, dim=1).float().cpu()  # (N, steps, vocabulary)
        fresh = made.sequences[:, start:].tolist()  # (N, steps)
        return [self._cut(*parts) for parts in zip(fresh, logits, flags, strict=True)]

    def tell(self, queries: Sequence[Query], max_new_tokens: int, listed: int) -> list[list[TokenChoice]]:
        """Continue every prompt greedily, in one batch; return each token with the likeliest others."""
        encoded = self.encode(queries)
        start = encoded["input_ids"].shape[1]
        config = self._greedy(max_new_tokens, return_dict_in_generate=True, output_logits=True)
        with torch.inference_mode():
            made = self.model.generate(**encoded, generation_config=config)
        logarithms = (
            torch.stack(made.logits, dim=1).float().log_softmax(dim=2).cpu()
        )  # (N, steps, vocabulary)
        fresh = made.sequences[:, start:].tolist()  # (N, steps)
        return [self._spelled_out(*parts, listed) for parts in zip(fresh, logarithms, strict=True)]

    def choose(self, queries: Sequence[Query]) -> list[TokenChoice]:
        """Return each answer's first token with the most probable others and all that spell its words."""
        encoded = self.encode(queries)
        last = {"logits_to_keep": 1} if "logits_to_keep" in self._takes else {}
        with torch.inference_mode():
            logits = self.model(**encoded, **last).logits[:, -1].float()  # (N, vocabulary)
        logarithms = logits.log_softmax(dim=1).cpu()
        return [self._listed(*parts) for parts in zip(logarithms, queries, strict=True)]

    def encode(self, queries: Sequence[Query]) -> dict[str, Any]:
        """Return the model's inputs for one batch of queries with as many pictures each."""
        texts = [
            _opened(self._render(query.prompt, len(query.images)), query.manner.opening) for query in queries
        ]
        pictures = [to_pillow(query.images) for query in queries if query.images]
        encoded = self.processor(text=texts, images=pictures or None, padding=True, return_tensors="pt")
        if "token_type_ids" not in self._takes:
            encoded.pop("token_type_ids", None)
        return {
            name: value.to(self.model.device, self.model.dtype if value.is_floating_point() else None)
            for name, value in encoded.items()
            if isinstance(value, torch.Tensor)
        }

    def decode(self, tokens: Sequence[int]) -> str:
        """Return the text of tokens, without the special ones."""
        return str(self.tokenizer.decode(tokens, skip_special_tokens=True))

    def _halve(self, error: RuntimeError) -> None:
        if not isinstance(error, torch.OutOfMemoryError) and not any(
            words in str(error).lower() for words in _NO_MEMORY
        ):
            raise error
        if self.batch == 1:
            raise ObserverError(f"not even one query fits into memory: {str(error)[:200]}") from error
        self.batch = max(self.batch // 2, 1)
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _render_prompt(self, prompt: str, images: int) -> str:
        template = getattr(self.processor, "chat_template", None) or self.tokenizer.chat_template
        if not template:
            placeholder = str(getattr(self.processor, "image_token", "<image>"))
            return placeholder * images + "\n" + prompt
        content = [*({"type": "image"} for _ in range(images)), {"type": "text", "text": prompt}]
        rendered = self.processor.apply_chat_template(
            [{"role": "user", "content": content}],
            chat_template=template,
            add_generation_prompt=True,
            tokenize=False,
        )
        return str(rendered)

    def _spelled_out(self, tokens: list[int], logarithms: torch.Tensor, listed: int) -> list[TokenChoice]:
        """Write tokens as the pieces of the text they make, and others as they would stand in their place."""
        choices, before = [], ""
        for step, token in enumerate(tokens[: _length(tokens, self._ends)]):
            text = self.decode(tokens[: step + 1])
            piece = text[len(before) :]
            before = text
            # Some tokenizers keep the space before a word with it, others put it in when they decode.
            space = " " if piece == f" {self.decode([token])}" else ""
            likeliest = logarithms[step].topk(min(listed, logarithms.shape[1]))
            others = zip(likeliest.indices.tolist(), likeliest.values.tolist(), strict=True)
            alternatives = {piece: float(logarithms[step][token])}
            for other, logarithm in others:
                if other != token:
                    alternatives.setdefault(space + self.tokenizer.decode([other]), logarithm)
            choices.append(TokenChoice(piece, alternatives))
        return choices

    def _listed(self, logarithms: torch.Tensor, query: Query) -> TokenChoice:
        likeliest = logarithms.topk(min(_LISTED, len(logarithms))).indices.tolist()
        listed = [*likeliest, *(each for each in self._spell(query.manner.words) if each not in likeliest)]
        texts = self.tokenizer.convert_ids_to_tokens(listed)
        alternatives: dict[str, float] = {}
        for text, logarithm in zip(texts, logarithms[listed].tolist(), strict=True):
            alternatives.setdefault(text, logarithm)
        return TokenChoice(texts[0], alternatives)

    def _spell_words(self, words: tuple[str, ...]) -> tuple[int, ...]:
        return spelling_tokens(words, self.tokenizer.get_vocab().items())

    def _cut(self, tokens: list[int], logits: torch.Tensor, flags: FlagTokens) -> Generated:
        place = flags.place(tokens)
        length = _length(tokens, self._ends) if place is None else place + 1
        return Generated(tokens[:length], logits, has_flag=place is not None)

    def _greedy(self, max_new_tokens: int, **options: bool) -> GenerationConfig:
        ends = sorted(self._ends)
        padding = self.tokenizer.pad_token_id
        return GenerationConfig(
            max_new_tokens=max_new_tokens,
            do_sample=False,
            eos_token_id=ends or None,
            pad_token_id=padding if padding is not None else next(iter(ends), None),
            **options,
        )

    def _end_tokens(self) -> frozenset[int]:
        ends = self.model.generation_config.eos_token_id
        listed = ends if isinstance(ends, list) else [ends]
        return frozenset(end for end in [*listed, self.tokenizer.eos_token_id] if end is not None)


def by_manner(
    queries: Sequence[Query],
    *,
    flags: Callable[[Sequence[Query]], list[Reply]],
    words: Callable[[Sequence[Query]], list[Reply]],
) -> list[Reply]:
    """Answer queries that want words by one function, the others by the other, in their order."""
    answered: dict[int, Reply] = {}
    for ask, wants_words in ((flags, False), (words, True)):
        places = [at for at, query in enumerate(queries) if bool(query.manner.words) is wants_words]
        if places:
            answered |= zip(places, ask([queries[at] for at in places]), strict=True)
    return [answered[at] for at in range(len(queries))]


def _opened(rendered: str, opening: str) -> str:
    """Begin the answer; templates that end with a name and a colon leave the space to the model."""
    return f"{rendered} {opening}" if opening and rendered.endswith(":") else rendered + opening


def _by_images(queries: Sequence[Query]) -> Iterator[list[int]]:
    """Group queries of as many images, so that little padding enters; yield their positions."""
    groups: dict[int, list[int]] = {}
    for at, query in enumerate(queries):
        groups.setdefault(len(query.images), []).append(at)
    yield from groups.values()


def _length(tokens: Sequence[int], ends: frozenset[int]) -> int:
    return next((at for at, token in enumerate(tokens) if token in ends), len(tokens))
