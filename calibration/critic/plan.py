"""What one run asks: of every picture the questions of each method, so ordered that a part of it is useful.

All that chance decides hangs on the seed. A question's id says all about it, so a run that was killed, or is
given more methods or pictures, asks what its log does not hold.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np

from calibration.critic.scales import PAIRS, SCALES, Method, questions_of
from calibration.observers.protocol import Manner

AnswersBy = Literal["log-probabilities", "samples"]
_SAMPLING_TEMPERATURE = 1.0
_FEWEST_BESIDE = 5  # pictures that must be left to be judged by pairs


@dataclass(frozen=True)
class CriticQuestion:
    """One question about one picture, or about two."""

    id: str
    scale: str
    pictures: tuple[str, ...]  # in the order in which they are shown
    sample: int  # 0: the likeliest answer; from 1 on: drawn ones
    prompt: str
    manner: Manner


@dataclass(frozen=True)
class CriticPlan:
    """What is asked about which pictures."""

    pictures: tuple[str, ...]
    methods: tuple[Method, ...]
    anchors: tuple[str, ...] = ()  # of known score, for pairs
    samples: int = 5  # answers drawn to a question, where no probabilities are told
    is_opened: bool = False  # the answer is begun for the model, and no word is offered
    seed: int = 0

    def questions(self, answers_by: AnswersBy) -> Iterator[CriticQuestion]:
        """Yield every question: method by method, each first once about every picture."""
        order = np.random.default_rng(self.seed).permutation(len(self.pictures))
        shuffled = [self.pictures[at] for at in order]
        samples = [0] if answers_by == "log-probabilities" else range(1, self.samples + 1)
        for method in self.methods:
            for sample in samples:
                for name in questions_of(method):
                    shown = self._pairs(shuffled) if name == PAIRS else [(each,) for each in shuffled]
                    yield from (self._question(name, pictures, sample) for pictures in shown)

    def count(self, answers_by: AnswersBy) -> int:
        """Return how many questions there are."""
        return sum(1 for _ in self.questions(answers_by))

    def _pairs(self, shuffled: Sequence[str]) -> list[tuple[str, ...]]:
        """Return every anchor with every other, then every picture with each anchor: always both orders."""
        pairs = list(combinations(self.anchors, 2))
        others = [picture for picture in shuffled if picture not in self.anchors]
        pairs += [(picture, anchor) for anchor in self.anchors for picture in others]
        return [shown for one, other in pairs for shown in ((one, other), (other, one))]

    def _question(self, name: str, pictures: tuple[str, ...], sample: int) -> CriticQuestion:
        scale = SCALES[name]
        return CriticQuestion(
            id=f"{name} {sample} {json.dumps(pictures, ensure_ascii=False)}",
            scale=name,
            pictures=pictures,
            sample=sample,
            prompt=scale.prompt if self.is_opened else scale.offering,
            manner=Manner(
                words=scale.words,
                opening=scale.opening if self.is_opened else "",
                temperature=_SAMPLING_TEMPERATURE if sample else 0.0,
            ),
        )


def choose_anchors(scores: Mapping[str, float], count: int) -> tuple[str, ...]:
    """Return pictures spread evenly over the ranks of human scores; none where too few would be left.

    Compare2Score draws its anchors so, from intervals of the scores.
    """
    if count < 2 or len(scores) < count + _FEWEST_BESIDE:
        return ()
    ranked = sorted(scores, key=lambda name: (scores[name], name))
    return tuple(ranked[int((at + 0.5) * len(ranked) / count)] for at in range(count))
