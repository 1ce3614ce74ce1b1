"""From the probabilities of words to a score: Q-Align's mean, Q-Bench's good over poor.

APIs list the likeliest tokens only. A word that is not among them has at most the probability of the least
one listed, and at most what the list leaves over: `low` and `high` tell what the score could be within these
bounds. The score itself gives it no more than its share of what is left over.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from calibration.observers.word_tokens import word_masses

_TEMPERATURE = 100.0  # Q-Bench divides logits by it
_LEAST = 1e-12  # a probability that is told as zero


@dataclass(frozen=True)
class Masses:
    """How probable each word was, and how probable those not listed may have been."""

    listed: Mapping[str, float]
    bound: float = 0.0  # of each word that is not listed
    share: float = 0.0  # what is assumed of it

    def of(self, word: str) -> float:
        """Return the probability of a word, or what is assumed where it is not listed."""
        return self.listed.get(word, self.share)


@dataclass(frozen=True)
class Estimate:
    """A score, and what it could be where words were not listed."""

    score: float
    low: float
    high: float


def masses_of(alternatives: Mapping[str, float], words: Sequence[str]) -> Masses:
    """Return what a token's alternatives tell of words."""
    listed = word_masses(alternatives, words)
    probabilities = [math.exp(logarithm) for logarithm in alternatives.values() if logarithm <= 0]
    left = max(1.0 - sum(probabilities), 0.0)
    bound = min([left, *probabilities])
    return Masses(listed, bound, min(bound, left / max(len(words) - len(listed), 1)))


def masses_of_counts(said: Sequence[str]) -> Masses:
    """Return the shares of words among sampled answers."""
    return Masses({word: said.count(word) / len(said) for word in set(said)})


def expected_value(masses: Masses, values: Mapping[str, float]) -> Estimate:
    """Return the mean value of the words, weighed by their probability among each other: Q-Align's score.

    Raises:
        ValueError: No word has any probability.
    """
    total = sum(map(masses.of, values))
    if total <= 0:
        raise ValueError("expected a word with a probability, got none")
    score = sum(masses.of(word) * value for word, value in values.items()) / total
    return Estimate(score, _extreme(masses, values, sign=1), _extreme(masses, values, sign=-1))


def good_over_poor(masses: Masses) -> Estimate:
    """Return exp(good / 100) / (exp(good / 100) + exp(poor / 100)) of the logarithms: Q-Bench's score.

    Raises:
        ValueError: Neither word has any probability.
    """
    if masses.of("good") <= 0 and masses.of("poor") <= 0:
        raise ValueError("expected a word with a probability, got none")
    score = _softmax(masses.of("good"), masses.of("poor"))
    low = _softmax(masses.listed.get("good", 0.0), masses.listed.get("poor", masses.bound))
    high = _softmax(masses.listed.get("good", masses.bound), masses.listed.get("poor", 0.0))
    return Estimate(score, low, high)


def smoothed_masses(said: Sequence[str], words: Sequence[str]) -> Masses:
    """Return shares of sampled answers, half an answer added for each word: a logarithm exists of each."""
    return Masses({word: (said.count(word) + 0.5) / (len(said) + 0.5 * len(words)) for word in words})


def _softmax(good: float, poor: float) -> float:
    logit = (math.log(max(good, _LEAST)) - math.log(max(poor, _LEAST))) / _TEMPERATURE
    return 1.0 / (1.0 + math.exp(-logit))


def _extreme(masses: Masses, values: Mapping[str, float], *, sign: int) -> float:
    """Return the least mean (sign 1) or the largest (-1) that words within their bounds allow.

    A missing word is taken in as long as it is worse than the mean so far, the worst ones first.
    """
    weight = sum(masses.listed.values())
    total = sum(mass * values[word] for word, mass in masses.listed.items())
    missing = [word for word in values if word not in masses.listed]
    for word in sorted(missing, key=lambda each: sign * values[each]):
        if masses.bound and (not weight or sign * values[word] < sign * total / weight):
            weight, total = weight + masses.bound, total + masses.bound * values[word]
    return total / weight
