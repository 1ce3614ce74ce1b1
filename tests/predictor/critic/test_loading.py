from pathlib import Path

import pytest

from predictor.artifact import ArtifactError, Part, write_part
from predictor.critic import loading
from predictor.critic.loading import find_critic, load_critic
from tests.predictor.critic.stand_in import StandInCritic


@pytest.fixture
def without_judge(tmp_path: Path) -> Path:
    write_part(tmp_path, "people", Part({}))
    return tmp_path


def test_an_artifact_without_a_judge_has_none_and_says_so(without_judge: Path):
    assert find_critic(without_judge) is None
    with pytest.raises(ArtifactError, match="a judge of quality"):
        load_critic(without_judge)


def test_the_first_judge_whose_part_is_there_is_taken(without_judge: Path, monkeypatch: pytest.MonkeyPatch):
    judge = StandInCritic()
    monkeypatch.setattr(
        loading, "_JUDGES", {"residual": lambda _: StandInCritic(), "people": lambda _: judge}
    )

    assert find_critic(without_judge) is judge


def test_what_is_no_artifact_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(loading, "_JUDGES", {"people": lambda _: StandInCritic()})

    with pytest.raises(ArtifactError):
        load_critic(tmp_path / "nowhere")
