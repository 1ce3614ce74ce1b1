import math

import pytest
import torch

from predictor.answer_change.surrogate import (
    GROUPS,
    SIDE,
    SIGNALS,
    Reading,
    Surrogate,
    distillation_loss,
    signals,
)


def reading(shares: list[list[float]], features: list[list[float]] | None = None) -> Reading:
    log_answers = torch.log(torch.tensor(shares))
    return Reading(log_answers, torch.tensor(features or [[1.0, 0.0]] * len(shares)))


def signal(original: Reading, version: Reading, name: str) -> list[float]:
    return [float(value) for value in signals(original, version)[:, SIGNALS.index(name)]]


EVEN, SURE = [0.5, 0.25, 0.25], [0.8, 0.1, 0.1]


def test_the_same_reading_twice_differs_by_no_more_than_arithmetic():
    one = reading([SURE])

    assert signal(one, one, "divergence") == pytest.approx([math.log(1e-7)], abs=0.7)
    assert signal(one, one, "feature distance") == pytest.approx([math.log(1e-7)])


def test_the_divergence_is_that_of_kullback_and_leibler_from_the_original():
    expected = 0.5 * math.log(0.5 / 0.8) + 0.5 * math.log(0.25 / 0.1)

    found = signal(reading([EVEN]), reading([SURE]), "divergence")

    assert found == pytest.approx([math.log(expected)], abs=1e-5)


def test_features_are_compared_relative_to_the_originals():
    original, version = reading([EVEN], [[3.0, 4.0]]), reading([EVEN], [[3.0, 4.5]])

    assert signal(original, version, "feature distance") == pytest.approx([math.log(0.25 / 25)], abs=1e-4)


def test_margin_and_entropy_are_the_originals_own():
    versions = reading([SURE, EVEN])

    assert signal(reading([EVEN]), versions, "margin") == pytest.approx([math.log(2)] * 2)
    assert signal(reading([EVEN]), versions, "entropy") == pytest.approx([1.5 * math.log(2)] * 2)
    assert signal(reading([SURE]), versions, "entropy")[0] < 1.5 * math.log(2)


def test_one_original_is_compared_with_many_versions_as_each_with_its_own():
    originals, versions = reading([EVEN, EVEN]), reading([SURE, EVEN], [[1.0, 1.0], [0.0, 2.0]])

    assert torch.equal(signals(originals.take(slice(0, 1)), versions), signals(originals, versions))


def test_a_surrogate_reads_each_picture_by_itself():
    torch.manual_seed(0)
    surrogate, pictures = Surrogate().eval(), torch.rand(3, 3, SIDE, SIDE)

    with torch.inference_mode():
        together, alone = surrogate(pictures), surrogate(pictures[1:2])

    assert together.log_answers.shape == (3, GROUPS)
    assert together.log_answers.exp().sum(dim=1).tolist() == pytest.approx([1.0] * 3, abs=1e-5)
    assert torch.allclose(together.take(slice(1, 2)).log_answers, alone.log_answers, atol=1e-5)
    assert torch.allclose(together.take(slice(1, 2)).features, alone.features, atol=1e-4)


def test_a_surrogate_stays_tiny():
    assert sum(weights.numel() for weights in Surrogate().parameters()) < 90_000


def test_the_loss_is_least_at_the_teachers_own_answers():
    targets = torch.tensor([EVEN])

    own, other = (distillation_loss(reading([shares]), targets) for shares in (EVEN, SURE))

    assert float(own) == pytest.approx(0.0, abs=1e-6)
    assert float(other) > 0.1
