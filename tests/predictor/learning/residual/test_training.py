from dataclasses import replace

import numpy as np
import pytest
import torch
from skimage import data

from calibration.image import Image, decode, encode_png
from predictor.artifact import read_part, write_part
from predictor.learning.residual.pictures import Folders
from predictor.learning.residual.training import Recipe, recalibrate, train_residual_part
from predictor.residual.detector import ResidualDetector
from predictor.residual.reencoding import ReencodingJudge

TINY = Recipe(
    bank_rounds=1,
    network_twins=10,
    tree_twins=16,
    tree_benign_each=1,
    tree_hard_each=1,
    network_steps=3,
    batch_twins=4,
    benign_each=16,
    trees=5,
    judge_pictures=6,
    judge_each=4,
    graphics=2,
)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    photos = tmp_path_factory.mktemp("photos")
    source = np.concatenate([data.astronaut()[:, :480], data.coffee()[:400, :480], data.rocket()[:400, :480]])
    for index in range(20):
        top, left = 60 * index, 13 * index
        crop = np.ascontiguousarray(source[top : top + 128, left : left + 160])
        (photos / f"{index:02}.png").write_bytes(encode_png(Image(crop)))
    return Folders(photos=photos, networks=photos)


@pytest.fixture(scope="module")
def part(folders):
    return train_residual_part(folders, TINY, lambda _: None)


def test_training_makes_a_part_that_serves(part, tmp_path):
    write_part(tmp_path, "residual", part)
    read = read_part(tmp_path, "residual")
    decoded = decode(encode_png(Image(data.chelsea())))

    served, learned = (
        ResidualDetector.from_part(one).find(decoded.image, decoded.source) for one in (read, part)
    )

    assert served == learned
    assert ReencodingJudge.from_tensors(read.tensors)
    assert read.card["training"]["sources_calibration"] > 0
    assert sum(read.card["calibration"]["strata"].values()) > 30
    reencodings = read.card["calibration"]["reencodings"]
    assert reencodings["same_size"] + reencodings["resized"] == 4 * read.card["calibration"]["sources"]
    assert len(read.card["calibration"]["pictures_sha256"]) == 64


def test_recalibrating_keeps_the_models_and_replaces_the_scores(part, folders):
    again = recalibrate(folders, part, replace(TINY, benign_each=20, judge_each=5))

    assert np.array_equal(again.tensors["trees.value"], part.tensors["trees.value"])
    for name in ("strata", "reencodings"):
        sizes = [sum(one.card["calibration"][name].values()) for one in (again, part)]
        assert sizes[0] > sizes[1]


def test_recalibrating_drops_the_figures_of_the_former_calibration(part, folders):
    figures = {name: {"auc": 0.9} for name in ("held_out", "learning_curve")}

    again = recalibrate(folders, replace(part, card={**part.card, **figures}), TINY)

    assert not figures.keys() & again.card.keys()
    assert again.card["training"] == part.card["training"]


@pytest.mark.slow  # trains once more
def test_the_network_goes_on_from_that_of_another_part(folders, part):
    unmoved = train_residual_part(folders, replace(TINY, network_steps=0), lambda _: None, first=part)

    assert torch.equal(unmoved.tensors["network.filters"], part.tensors["network.filters"])


@pytest.mark.slow  # trains once more
def test_more_processes_change_nothing(folders, part):
    rushed = train_residual_part(folders, TINY, lambda _: None, workers=2)

    assert all(torch.equal(rushed.tensors[name], values) for name, values in part.tensors.items())
