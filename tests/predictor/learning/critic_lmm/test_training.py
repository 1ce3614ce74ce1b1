import hashlib
import json
from pathlib import Path

import pytest
from skimage import data

from calibration.image import Image
from calibration.observers.critic.observer import load_critic
from calibration.observers.protocol import Manner, Query
from predictor.artifact import default_directory
from predictor.learning.critic.split import fold_of, is_held_out
from predictor.learning.critic_lmm.projecting import ProjectingRecipe
from predictor.learning.critic_lmm.speaking import SpeakingRecipe
from predictor.learning.critic_lmm.training import LmmRecipe, LmmSources, train_critic_lmm
from tests.predictor.learning.critic.small_sources import write_sources

PHOTOGRAPHS = 15
TINY = LmmRecipe(
    ProjectingRecipe(steps=2, pictures=4, mixtures=2),
    SpeakingRecipe(steps=3, one=2, mixtures=2, two=2, tiny=2),
    tiny=4,
)
LEFT_OUT = 2


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    written = write_sources(tmp_path_factory.mktemp("sources"), PHOTOGRAPHS)
    sources = LmmSources(written.photos, written.opinions, written.origin, default_directory(), LEFT_OUT)
    out, told = tmp_path_factory.mktemp("trained"), []
    train_critic_lmm(sources, TINY, out, told.append)
    return out, told


def test_training_makes_a_model_that_answers_and_a_card_that_names_its_sources(
    trained: tuple[Path, list[str]],
):
    out, _ = trained
    query = Query("How is it?", [Image(data.chelsea())], manner=Manner(words=("good", "bad")))

    (reply,) = load_critic(out).ask([query])

    assert {"good", "bad"} <= {word.strip() for word in reply.choices[0].alternatives}
    card = json.loads((out / "card.json").read_text())
    names = [f"{number:02}.png" for number in range(PHOTOGRAPHS)]
    kept = [name for name in names if not is_held_out(name) and fold_of(name) != LEFT_OUT]
    assert 0 < len(kept) < sum(not is_held_out(name) for name in names)
    assert card["data"]["photographs"] == len(kept)
    assert card["data"]["photo_names_sha256"] == hashlib.sha256("\n".join(kept).encode()).hexdigest()
    assert card["recipe"]["speaking"]["steps"] == 3
    assert card["size_bytes"] == (out / "model.safetensors").stat().st_size < 15_000_000


def test_training_tells_how_far_it_is(trained: tuple[Path, list[str]]):
    _, told = trained

    assert any("pictures to speak about" in line for line in told)
    assert any(line.startswith("projecting, step 2") for line in told)
    assert any(line.startswith("speaking, step 3") for line in told)
