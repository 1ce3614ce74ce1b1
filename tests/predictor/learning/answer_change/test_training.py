import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from skimage import data
from torch import nn

from calibration.image import Image, encode_png
from predictor.answer_change.change import AnswerModel
from predictor.artifact import read_part
from predictor.guarantees.risk_control import RiskLimit
from predictor.learning.answer_change.training import fit_heads, group_answers, group_classes, logistic
from predictor.learning.train_answers import AnswerTrainingRequest, read_classifiers, run_answer_training

EMPTY_ZIP = b"PK\x05\x06" + bytes(18)


class ColourClassifier(nn.Module):
    """Classes are random colours at random places: answers change when the picture does."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.weights = nn.Parameter(2.0 * torch.randn(3 * 16 * 16, 60, generator=generator))

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Classify (N, 3, 32, 32)."""
        return torch.nn.functional.avg_pool2d(pictures - 0.5, 2).flatten(1) @ self.weights


@pytest.fixture(scope="module")
def classifiers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("classifiers")
    for name, seed in (("one", 1), ("two", 2), ("kept_out", 3)):
        shape = {"pictures": {0: torch.export.Dim("pictures")}}
        program = torch.export.export(
            ColourClassifier(seed), (torch.zeros(2, 3, 32, 32),), dynamic_shapes=shape
        )
        torch.export.save(program, folder / f"{name}.pt2")
        (folder / f"{name}.json").write_text(json.dumps({"input_size": 32, "label_offset": 0}))
    return folder


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    for name in ("astronaut", "coffee", "rocket"):
        photo = getattr(data, name)()
        for at in range(8):
            part = np.ascontiguousarray(photo[20 * at : 20 * at + 96, 30 * at : 30 * at + 128])
            (folder / f"{name}{at}.png").write_bytes(encode_png(Image(part)))
    return folder


def test_training_writes_a_part_that_predicts_and_promises(classifiers: Path, photos: Path, tmp_path: Path):
    keep = tmp_path / "keep"
    request = AnswerTrainingRequest(
        classifiers, photos, tmp_path / "artifact", ("kept_out",), limit=24, keep=keep, epochs=1
    )

    figures = run_answer_training(request, lambda *_: None)
    first = read_part(tmp_path / "artifact", "answer_change").tensors
    asked = sorted(path.stat().st_mtime_ns for path in keep.rglob("*.npz"))
    run_answer_training(request, lambda *_: None)

    part = read_part(tmp_path / "artifact", "answer_change")
    limits = [RiskLimit.from_card(card) for card in part.card["risk_limits"]]
    AnswerModel.from_part(part)
    assert part.card["training"]["observers"] == ["one/whole", "two/whole"]
    assert figures["versions"] == 45
    assert all(limit.pictures == 4 and len(limit.sha256) == 64 for limit in limits)
    assert all(limit.knob is None for limit in limits)  # four photographs promise nothing
    assert set(first) == set(part.tensors)
    assert all(torch.equal(first[name], part.tensors[name]) for name in first)
    assert len(asked) == 3
    assert asked == sorted(path.stat().st_mtime_ns for path in keep.rglob("*.npz"))


def test_fewer_than_two_classifiers_are_refused(classifiers: Path, photos: Path, tmp_path: Path):
    request = AnswerTrainingRequest(classifiers, photos, tmp_path, ("one", "two"))

    with pytest.raises(ValueError, match="at least two classifiers"):
        run_answer_training(request, lambda *_: None)


def test_a_classifier_to_leave_out_that_is_not_there_is_told(classifiers: Path):
    with pytest.raises(ValueError, match="'squeezenet'; there are kept_out, one, two"):
        read_classifiers(classifiers, ["squeezenet"])


@pytest.mark.parametrize("card", ["{}", "[]", "nothing", '{"input_size": null, "label_offset": 0}'])
def test_a_damaged_card_of_a_classifier_is_named(classifiers: Path, tmp_path: Path, card: str):
    folder = shutil.copytree(classifiers, tmp_path / "classifiers")
    (folder / "two.json").write_text(card)

    with pytest.raises(ValueError, match=r"two\.json"):
        read_classifiers(folder, [])


@pytest.mark.parametrize("data", [b"nothing", EMPTY_ZIP])
def test_a_damaged_classifier_is_named(classifiers: Path, tmp_path: Path, data: bytes):
    folder = shutil.copytree(classifiers, tmp_path / "classifiers")
    (folder / "two.pt2").write_bytes(data)

    with pytest.raises(ValueError, match=r"torch\.export program in .*two\.pt2"):
        read_classifiers(folder, [])


def test_another_photograph_and_another_card_are_asked_about_again(
    photos: Path, classifiers: Path, tmp_path: Path
):
    folder, keep = shutil.copytree(photos, tmp_path / "photos"), tmp_path / "keep"
    cards = shutil.copytree(classifiers, tmp_path / "classifiers")
    request = AnswerTrainingRequest(cards, folder, tmp_path / "a", limit=24, keep=keep, epochs=1)
    run_answer_training(request, lambda *_: None)
    first, second = sorted(folder.iterdir())[:2]

    first.write_bytes(second.read_bytes())
    run_answer_training(request, lambda *_: None)
    for card in cards.glob("*.json"):
        card.write_text(json.dumps({"input_size": 32, "label_offset": 1}))
    run_answer_training(request, lambda *_: None)

    assert len(list(keep.iterdir())) == 3


def test_answers_of_one_kind_teach_nothing():
    class Lessons:
        has_changed = np.zeros((1, 5), bool)
        divergence = np.zeros((1, 5), np.float32)
        margin = np.zeros((1, 5), np.float32)

    with pytest.raises(ValueError, match="one kind only"):
        fit_heads([np.zeros((5, 12), np.float32)], Lessons)  # type: ignore[arg-type]


def test_classes_that_rise_together_form_a_group():
    rng = np.random.default_rng(0)
    causes = rng.normal(size=(300, 20))
    log_answers = np.repeat(causes, 10, axis=1) + 0.01 * rng.normal(size=(300, 200))

    group = group_classes(log_answers.astype(np.float32), 0)

    causes_in = [len(set(np.flatnonzero(group == one) // 10)) for one in set(group)]
    assert np.mean(np.array(causes_in) == 1) > 0.9
    shares = np.full((1, 200), -np.log(200), np.float32)
    assert group_answers(shares, group).sum() == pytest.approx(1.0, abs=1e-5)


def test_logistic_regression_recovers_its_weights():
    rng = np.random.default_rng(0)
    terms = np.column_stack([rng.normal(size=(20_000, 2)), np.ones(20_000)]).astype(np.float32)
    chance = 1 / (1 + np.exp(-terms @ np.array([1.0, -2.0, 0.5])))

    found = logistic(terms, rng.uniform(size=20_000) < chance, penalty=0.1)

    assert found == pytest.approx([1.0, -2.0, 0.5], abs=0.1)
