import hashlib
import json
from pathlib import Path

import pytest

from calibration.observers.embedded.card import build_card, main


@pytest.fixture
def model(tmp_path: Path) -> Path:
    history = [{"step": 50}, {"step": 100}]
    (tmp_path / "training.json").write_text(json.dumps({"recipe": {"steps": 3}, "history": history}))
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    return tmp_path


def test_the_card_joins_recipe_figures_and_limits(model: Path):
    card = build_card(model, {"false_alarm": 0.01})

    assert card["recipe"] == {"steps": 3}
    assert card["last_training_figures"] == [{"step": 100}]
    assert card["figures"] == {"false_alarm": 0.01}
    assert card["sha256"] == hashlib.sha256(b"weights").hexdigest()
    assert card["limits"]


def test_the_last_line_of_the_benchmark_counts_and_what_training_recorded_moves_into_the_card(model: Path):
    figures = model / "figures"
    figures.write_text('measuring ...\n{"false_alarm": 0.5}\n{"false_alarm": 0.02}\n\n')

    main(model, figures)

    assert json.loads((model / "card.json").read_text())["figures"] == {"false_alarm": 0.02}
    assert not (model / "training.json").exists()


def test_figures_that_are_none_leave_the_model_as_it_was(model: Path):
    (model / "figures").write_text("it failed\n")

    with pytest.raises(ValueError, match="Expecting value"):
        main(model, model / "figures")

    assert (model / "training.json").exists()
    assert not (model / "card.json").exists()
