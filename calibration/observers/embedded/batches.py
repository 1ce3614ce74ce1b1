"""Turn pictures and questions into tensors: several questions share one look at the pictures.

Each question is a block of its own that sees the pictures and itself, never another question, at the
positions it would have alone. One pass teaches several questions for the price of the pictures once.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from transformers import PreTrainedTokenizerFast

from calibration.image import Pixels
from calibration.observers.embedded.architecture import IMAGE_TOKENS
from calibration.observers.embedded.pairs import Answer

_REST_WEIGHT = 0.1  # of the analysis after the flag
_END_WEIGHT = 0.05
_PREFIX_BLOCK = 0
_LENGTH_STEP = 16  # tokens: few distinct shapes, for compiled models
_PADDING_BLOCK = -1


@dataclass(frozen=True)
class Example:
    """Pictures and the questions about them."""

    pictures: tuple[Pixels, ...]
    questions: tuple[tuple[str, Answer], ...]


@dataclass(frozen=True)
class Batch:
    """Tensors of N examples of L tokens with P pictures each, and M answer tokens in all."""

    pixels: Tensor  # (N * P, 3, H, W) normalised
    tokens: Tensor  # (N, L)
    positions: Tensor  # (N, L)
    visible: Tensor  # (N, 1, L, L) bool
    rows: Tensor  # (M,) where an answer token is predicted
    columns: Tensor  # (M,)
    targets: Tensor  # (M, 2) two acceptable tokens ...
    shares: Tensor  # (M,) ... and the share of the first
    weights: Tensor  # (M,)
    flags: Tensor  # (M,) bool: the first token of an answer


class Tokens:
    """Token ids of texts, remembered: the same prompts return all the time."""

    def __init__(self, tokenizer: PreTrainedTokenizerFast) -> None:
        self._tokenizer = tokenizer
        self._known: dict[str, list[int]] = {}
        self.padding = int(tokenizer.pad_token_id)
        self.end = int(tokenizer.eos_token_id)
        self.image = int(tokenizer.convert_tokens_to_ids("<image>"))
        self.unknown = int(tokenizer.unk_token_id)

    def __call__(self, text: str) -> list[int]:
        """Return the ids of `text`, without special tokens."""
        if text not in self._known:
            self._known[text] = list(self._tokenizer(text, add_special_tokens=False)["input_ids"])
        return self._known[text]


def normalise(pictures: Sequence[Pixels]) -> Tensor:
    """Return (N, 3, H, W) floats as the processor makes them."""
    stacked = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2)
    return stacked.float().div_(255).sub_(0.5).div_(0.25).contiguous()


def collate(examples: Sequence[Example], tokens: Tokens, rng: np.random.Generator) -> Batch:
    """Lay out examples of equally many pictures; flags are drawn so that the analysis matches them."""
    rows: list[_Row] = [_lay_out(example, tokens, rng) for example in examples]
    length = -(-max(len(row.tokens) for row in rows) // _LENGTH_STEP) * _LENGTH_STEP
    ids = torch.full((len(rows), length), tokens.padding)
    positions = torch.zeros((len(rows), length), dtype=torch.long)
    blocks = torch.full((len(rows), length), _PADDING_BLOCK)
    answers: list[tuple[int, int, int, int, float, float, bool]] = []
    for index, row in enumerate(rows):
        ids[index, : len(row.tokens)] = torch.tensor(row.tokens)
        positions[index, : len(row.tokens)] = torch.tensor(row.positions)
        blocks[index, : len(row.tokens)] = torch.tensor(row.blocks)
        answers += [(index, *answer) for answer in row.answers]
    columns = list(zip(*answers, strict=True))
    return Batch(
        pixels=normalise([picture for example in examples for picture in example.pictures]),
        tokens=ids,
        positions=positions,
        visible=visible_blocks(blocks),
        rows=torch.tensor(columns[0]),
        columns=torch.tensor(columns[1]),
        targets=torch.tensor([columns[2], columns[3]]).T,
        shares=torch.tensor(columns[4]),
        weights=torch.tensor(columns[5]),
        flags=torch.tensor(columns[6]),
    )


@dataclass
class _Row:
    tokens: list[int]
    positions: list[int]
    blocks: list[int]
    answers: list[tuple[int, int, int, float, float, bool]]  # column, two targets, share, weight, is flag


def _lay_out(example: Example, tokens: Tokens, rng: np.random.Generator) -> _Row:
    prefix = tokens("User:") + [tokens.image] * (IMAGE_TOKENS * len(example.pictures))
    row = _Row(list(prefix), list(range(len(prefix))), [_PREFIX_BLOCK] * len(prefix), [])
    for block, (question, answer) in enumerate(example.questions, start=1):
        asked = [tokens.unknown if rng.random() < 0.005 else token for token in tokens(question)]
        says_yes = rng.random() < answer.probability_yes
        flag = tokens(answer.yes if says_yes else answer.no)
        rest = tokens(answer.rest_yes if says_yes else answer.rest_no)
        spoken = [*flag, *rest, tokens.end]
        text = [*asked, *tokens("Assistant:"), *spoken[:-1]]
        first = len(row.tokens) + len(text) - len(spoken)  # the column that predicts the flag
        row.answers.append(
            (first, tokens(answer.yes)[0], tokens(answer.no)[0], answer.probability_yes, 1.0, True)
        )
        for step, target in enumerate(spoken[1:], start=1):
            weight = _END_WEIGHT if target == tokens.end else _REST_WEIGHT
            row.answers.append((first + step, target, target, 1.0, weight, False))
        row.tokens += text
        row.positions += range(len(prefix), len(prefix) + len(text))
        row.blocks += [block] * len(text)
    return row


def visible_blocks(blocks: Tensor) -> Tensor:
    """Causal within the prefix and a question's own block; padding sees only itself, to stay finite."""
    keys, queries = blocks[:, None, :], blocks[:, :, None]
    length = blocks.shape[1]
    causal = torch.ones(length, length, dtype=torch.bool).tril()
    seen = causal & (keys >= 0) & ((keys == _PREFIX_BLOCK) | (keys == queries))
    return (seen | torch.eye(length, dtype=torch.bool))[:, None]
