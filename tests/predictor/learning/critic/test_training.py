from dataclasses import replace
from pathlib import Path

import pytest
import torch
from skimage import data

from calibration.image import Image, decode, encode_png
from predictor.artifact import Part, read_part, write_part
from predictor.critic.specialist import Specialist
from predictor.learning.critic.kadid import KINDS
from predictor.learning.critic.split import is_held_out
from predictor.learning.critic.training import Recipe, Sources, train_critic_part
from tests.predictor.learning.critic.small_sources import write_sources

PHOTOGRAPHS = 36
TINY = Recipe(network_steps=2, origin_epochs=1, remains_steps=50)


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Sources:
    return write_sources(tmp_path_factory.mktemp("sources"), PHOTOGRAPHS)


@pytest.fixture(scope="module")
def part(sources: Sources) -> Part:
    return train_critic_part(sources, TINY, lambda _: None)


def test_training_makes_a_part_that_judges_and_names_its_sources(part: Part, tmp_path: Path):
    write_part(tmp_path, "critic", part)
    read = read_part(tmp_path, "critic")

    found = Specialist.from_part(read).critique(decode(encode_png(Image(data.chelsea()))))

    assert 0 <= found.interval[0] <= found.mos <= found.interval[1] <= 100
    learned_from = sum(not is_held_out(f"{number:02}.png") for number in range(PHOTOGRAPHS))
    assert read.card["training"]["photographs"] == learned_from < PHOTOGRAPHS
    assert "CIFAKE" in read.card["training"]["origin"]
    assert read.card["recipe"] == {
        "network_steps": 2,
        "origin_epochs": 1,
        "remains_steps": 50,
        "seed": 0,
        "networks": "of this run",
    }
    assert -1 <= read.card["cross_validation"]["srcc"] <= 1
    assert max(KINDS) == 25


def test_networks_of_an_earlier_run_are_taken_over(sources: Sources, part: Part, tmp_path: Path):
    write_part(tmp_path, "critic", part)

    again = train_critic_part(sources, replace(TINY, seeing=tmp_path), lambda _: None)

    assert again.card["recipe"]["networks"] == "of an earlier run of this recipe"
    assert all(
        torch.equal(tensor, again.tensors[name])
        for name, tensor in part.tensors.items()
        if name.startswith(("network.", "origin."))
    )
