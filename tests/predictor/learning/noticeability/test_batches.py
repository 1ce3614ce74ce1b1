from dataclasses import replace

import numpy as np
import pytest
import torch

from calibration.image import Image
from calibration.profile import default_profile
from predictor.artifact import default_directory, read_part
from predictor.learning.dataset import FAMILIES, Pair, PairSet, pair_set
from predictor.learning.noticeability.batches import Batch, batch_of, measure_pairs, measure_views
from predictor.noticeability.bands import measure, to_opponent
from predictor.noticeability.model import link_of, log_thresholds
from predictor.noticeability.settings import settings_from_card

SETTINGS = settings_from_card(read_part(default_directory(), "noticeability").card["settings"])
PROFILE = default_profile("made up")
COUNT = 4


def pairs_of(side: int = 96) -> PairSet:
    rng = np.random.default_rng(0)
    pairs = []
    for number in range(COUNT):
        pixels = rng.integers(30, 220, (side, side, 3), dtype=np.uint8)
        changed = (pixels + number).astype(np.uint8)  # the first is identical
        pairs.append(Pair(Image(pixels), Image(changed), "a.png", number, 1.0))
    shifts = rng.normal(size=(COUNT, len(FAMILIES)))
    return pair_set(pairs, shifts, np.array([0.1, 0.2, 0.6, 0.9]))


@pytest.fixture(scope="module")
def batch() -> Batch:
    return batch_of(pairs_of(), PROFILE, SETTINGS)


def test_pairs_are_measured_as_the_slow_way_does():
    pairs = pairs_of()

    found = measure_pairs(pairs)

    expected = measure(to_opponent(pairs.references), to_opponent(pairs.distorted))
    assert torch.allclose(found.energies, expected.energies, rtol=1e-3, atol=1e-4)
    assert torch.allclose(found.signs, expected.signs, rtol=1e-3, atol=1e-3)
    assert not found.energies[0].any()


def test_a_batch_holds_what_the_observers_profile_says_of_each_pair(batch: Batch):
    link = link_of(PROFILE)

    assert torch.allclose(batch.links, torch.tensor([[link.floor, link.ceiling, link.steepness]] * COUNT))
    shifted = torch.tensor(log_thresholds(PROFILE, SETTINGS)) + torch.from_numpy(
        pairs_of().shifts[:, [FAMILIES.index(name) for name in SETTINGS.families]]
    )
    assert torch.allclose(batch.thresholds, shifted)
    assert batch.probabilities.tolist() == pytest.approx([0.1, 0.2, 0.6, 0.9])
    assert batch.families.tolist() == [0, 1, 2, 3]


def test_taking_and_joining_undo_each_other(batch: Batch):
    again = Batch.join([batch.take(torch.tensor([0, 1])), batch.take(torch.tensor([2, 3]))])

    for name in ("thresholds", "links", "probabilities", "families"):
        assert torch.equal(getattr(again, name), getattr(batch, name)), name
    assert torch.equal(again.measures.content, batch.measures.content)


def test_another_profile_changes_the_thresholds_alone(batch: Batch):
    coarser = {
        name: replace(found, threshold=2 * (found.threshold or 1.0))
        for name, found in PROFILE.distortions.items()
    }

    moved = batch.under(replace(PROFILE, distortions=coarser), SETTINGS, pairs_of().shifts)

    assert (moved.thresholds - batch.thresholds).mean() == pytest.approx(np.log(2), abs=0.05)
    assert moved.measures is batch.measures


def test_a_large_pair_is_measured_in_both_views_and_a_small_one_counts_its_only_view_twice():
    large, small = pairs_of(side=256), pairs_of(side=96)

    class Both:
        """Pairs of two sizes."""

        def shown(self):
            yield from list(large.shown())[1:2]
            yield from list(small.shown())[1:2]

    views = measure_views(Both(), PROFILE)  # type: ignore[arg-type]

    assert len(views) == 2
    assert torch.equal(views[0].energies[1], views[1].energies[1])
    assert not torch.equal(views[0].energies[0], views[1].energies[0])
