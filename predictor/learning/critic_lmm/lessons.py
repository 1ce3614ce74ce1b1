"""Turn pictures and sayings into tensors: several questions share one look at the pictures.

Each question is a block of its own that sees the pictures and itself, never another question, at the
positions it would have alone, laid out as the processor and the chat template lay out a request.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from calibration.observers.critic.architecture import FIRST, SECOND
from calibration.observers.embedded.batches import Tokens, visible_blocks
from predictor.learning.critic_lmm.judged import Judged
from predictor.learning.critic_lmm.mixing import mix
from predictor.learning.critic_lmm.pictures import Pictures
from predictor.learning.critic_lmm.projecting import Labels, drawn, labels_of
from predictor.learning.critic_lmm.sayings import Saying, about_one, about_quality, about_two

_WORD_WEIGHT, _TEXT_WEIGHT, _SET_WEIGHT = 1.0, 0.25, 0.05  # of a scale's word, of free text, of fixed words
_FORGOTTEN = 0.005  # of a question's words: others than the trained ones must not confuse
_LENGTH_STEP = 16  # tokens
_UNTOUCHED = 0.25  # share of examples drawn from photographs as they are, beside those drawn of all


@dataclass(frozen=True, eq=False)
class Example:
    """What the tower sees of one picture or of two, (V, 9, F), and what is said about it.

    Of a mixture nothing is known but its score, which its sayings tell.
    """

    features: npt.NDArray[np.float16]
    judged: tuple[Judged, ...]
    sayings: tuple[Saying, ...]


@dataclass(frozen=True, eq=False)
class Batch:
    """Tensors of N examples of L tokens with V views each, and M answer tokens in all."""

    features: Tensor  # (N, V, 9, F)
    tokens: Tensor  # (N, L)
    positions: Tensor  # (N, L)
    visible: Tensor  # (N, 1, L, L) bool
    rows: Tensor  # (M,) where an answer token is predicted
    columns: Tensor  # (M,)
    targets: Tensor  # (M, 2) two acceptable tokens ...
    shares: Tensor  # (M,) ... and the share of the first
    weights: Tensor  # (M,)
    labels: Labels | None  # of the only pictures; None where there are two in each example, or mixtures


def sample_one(pictures: Pictures, count: int, rng: np.random.Generator) -> list[Example]:
    """Draw examples of one picture each, a third of them and more untouched."""
    seen = pictures.photographs
    return [
        Example(seen.features[at], (seen.judged[at],), tuple(about_one(seen.judged[at], rng)))
        for at in drawn(pictures, count, _UNTOUCHED, rng)
    ]


def sample_mixtures(pictures: Pictures, count: int, rng: np.random.Generator) -> list[Example]:
    """Draw examples of mixtures, of which only the quality is asked, in two ways."""
    mixtures = mix(pictures, count, rng)
    return [
        Example(
            mixtures.features[at],
            (),
            (about_quality(float(score), rng), about_quality(float(score), rng)),
        )
        for at, score in enumerate(mixtures.mos)
    ]


def sample_two(pictures: Pictures, count: int, rng: np.random.Generator) -> list[Example]:
    """Draw examples of two pictures each, two in three of them versions of one photograph."""
    seen, examples = pictures.photographs, []
    for _ in range(count):
        if rng.random() < 0.67:
            pair = list(pictures.pairs[int(rng.integers(len(pictures.pairs)))])
        else:
            pair = rng.integers(len(seen.judged), size=2).tolist()
        first, second = rng.permutation(pair)
        judged = (seen.judged[first], seen.judged[second])
        features = np.concatenate([seen.features[first], seen.features[second]])
        examples.append(Example(features, judged, tuple(about_two(*judged, rng))))
    return examples


def sample_tiny(pictures: Pictures, count: int, rng: np.random.Generator) -> list[Example]:
    """Draw examples of one picture of 32 pixels each."""
    seen = pictures.tiny
    return [
        Example(seen.features[at], (seen.judged[at],), tuple(about_one(seen.judged[at], rng)))
        for at in rng.integers(len(seen.judged), size=count)
    ]


def collate(examples: Sequence[Example], tokens: Tokens, rng: np.random.Generator) -> Batch:
    """Lay out examples of equally many views."""
    rows = [_lay_out(example, tokens, rng) for example in examples]
    length = -(-max(len(row.tokens) for row in rows) // _LENGTH_STEP) * _LENGTH_STEP
    ids = torch.full((len(rows), length), tokens.padding)
    positions = torch.zeros((len(rows), length), dtype=torch.long)
    blocks = torch.full((len(rows), length), -1)
    for index, row in enumerate(rows):
        ids[index, : len(row.tokens)] = torch.tensor(row.tokens)
        positions[index, : len(row.tokens)] = torch.tensor(row.positions)
        blocks[index, : len(row.tokens)] = torch.tensor(row.blocks)
    answers = [(index, *answer) for index, row in enumerate(rows) for answer in row.answers]
    columns = list(zip(*answers, strict=True))
    is_one = all(len(example.judged) == 1 for example in examples)
    return Batch(
        features=torch.from_numpy(np.stack([example.features for example in examples])).float(),
        tokens=ids,
        positions=positions,
        visible=visible_blocks(blocks),
        rows=torch.tensor(columns[0]),
        columns=torch.tensor(columns[1]),
        targets=torch.tensor([columns[2], columns[3]]).T,
        shares=torch.tensor(columns[4]),
        weights=torch.tensor(columns[5]),
        labels=labels_of([example.judged[0] for example in examples]) if is_one else None,
    )


@dataclass
class _Row:
    tokens: list[int]
    positions: list[int]
    blocks: list[int]
    answers: list[tuple[int, int, int, float, float]]  # column, two targets, share of the first, weight


def _lay_out(example: Example, tokens: Tokens, rng: np.random.Generator) -> _Row:
    views, per_view = example.features.shape[:2]
    shown = [tokens.image] * (per_view * views // max(1, len(example.judged)))
    parts = shown if len(example.judged) < 2 else [*tokens(FIRST), *shown, *tokens(SECOND), *shown]
    prefix = [*tokens("User:"), *parts]
    row = _Row(list(prefix), list(range(len(prefix))), [0] * len(prefix), [])
    for block, saying in enumerate(example.sayings, start=1):
        asked = [tokens.unknown if rng.random() < _FORGOTTEN else token for token in tokens(saying.question)]
        answer = list(_answer(saying, tokens, rng))
        text = [*asked, *tokens("Assistant:"), *tokens(saying.opening), *(first for first, *_ in answer[:-1])]
        start = len(row.tokens) + len(text) - len(answer)  # the column that predicts the answer's first token
        row.answers += [(start + step, *target) for step, target in enumerate(answer)]
        row.tokens += text
        row.positions += range(len(prefix), len(prefix) + len(text))
        row.blocks += [block] * len(text)
    return row


def _answer(
    saying: Saying, tokens: Tokens, rng: np.random.Generator
) -> Iterator[tuple[int, int, float, float]]:
    """Yield the answer's tokens: the one that is fed, the other acceptable one, the first's share, weight."""
    weight = _SET_WEIGHT if saying.shares else _TEXT_WEIGHT
    yield from ((token, token, 1.0, weight) for token in tokens(saying.before))
    if saying.shares:
        (one, share), (other, _) = saying.shares.items()
        if rng.random() >= share:
            one, other, share = other, one, 1 - share
        yield tokens(one)[0], tokens(other)[0], share, _WORD_WEIGHT
    yield from ((token, token, 1.0, _SET_WEIGHT) for token in [*tokens(saying.after), tokens.end])
