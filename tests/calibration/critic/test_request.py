from pathlib import Path

import pytest

from calibration.critic.request import CriticRequest, gather, options_of, plan_of
from calibration.pictures import PicturesError
from tests.calibration.critic.judges import grey_folder, write_scores


def request_for(folder: Path, count: int = 16, **more) -> CriticRequest:
    greys = grey_folder(folder / "pictures", count)
    scores = write_scores(folder / "scores.csv", {name: float(grey) for name, grey in [*greys.items()][1:]})
    return CriticRequest("openai:m@http://h/v1", folder / "pictures", **{"scores": scores, **more})


def test_only_pictures_with_a_score_are_asked_about(tmp_path: Path):
    material = gather(request_for(tmp_path))

    assert len(material.digests) == 15
    assert material.notes == ("1 picture has no score",)


def test_scores_of_pictures_that_are_not_there_are_counted_and_the_others_asked_about(tmp_path: Path):
    names = grey_folder(tmp_path / "pictures", 16)
    more = {f"not-{number}.png": 1.0 for number in range(4)}
    scores = write_scores(tmp_path / "scores.csv", {**dict.fromkeys(list(names)[2:], 2.0), **more})

    material = gather(CriticRequest("openai:m@http://h/v1", tmp_path / "pictures", scores=scores))

    assert len(material.digests) == 14
    assert material.notes == (
        "2 pictures have no score",
        "4 rows have a score and no picture in the folder: not-0.png, not-1.png, not-2.png …",
    )


def test_without_scores_all_pictures_are_asked_about_and_pairs_are_not(tmp_path: Path):
    request = request_for(tmp_path, scores=None)

    plan, told = plan_of(request, gather(request))

    assert len(plan.pictures) == 16
    assert "pairs" not in plan.methods and "quality" in plan.methods
    assert "pairs need anchors of known score" in told[0]


def test_pairs_alone_without_enough_scores_are_bad_use(tmp_path: Path):
    request = request_for(tmp_path, count=8, methods="pairs")

    with pytest.raises(ValueError, match="pairs need anchors"):
        plan_of(request, gather(request))


@pytest.mark.parametrize(
    ("observer", "opening", "is_opened"),
    [
        ("embedded", "auto", True),
        ("transformers:x", "auto", True),
        ("openai:m@http://h/v1", "auto", False),
        ("openai:m@http://h/v1", "on", True),
        ("embedded", "off", False),
    ],
)
def test_answers_of_local_models_are_begun_for_them(
    tmp_path: Path, observer: str, opening: str, is_opened: bool
):
    request = CriticRequest(observer, grey_and(tmp_path), opening=opening)

    assert plan_of(request, gather(request))[0].is_opened is is_opened


def grey_and(folder: Path) -> Path:
    grey_folder(folder / "pictures", 3)
    return folder / "pictures"


@pytest.mark.parametrize(
    ("observer", "name"),
    [
        ("embedded", "critic-embedded"),
        ("openai:org/m:7b@http://user:secret@h/v1", "critic-openai-org-m-7b"),
    ],
)
def test_the_usual_folder_is_named_after_the_observer(observer: str, name: str):
    assert CriticRequest(observer, Path()).folder == Path(name)


def test_a_folder_whose_pictures_cannot_be_read_is_told(tmp_path: Path):
    (tmp_path / "a.png").write_bytes(b"no")

    with pytest.raises(PicturesError, match=r"none of 1 pictures in .* can be read: skipped a.png"):
        gather(CriticRequest("embedded", tmp_path))


def test_options_are_read_as_those_of_a_calibration():
    options = options_of(CriticRequest("openai:m", Path(), thinking="off", effort="low", workers=3), None)

    assert (options.workers, options.thinking, options.effort, options.side_by_side) == (
        3,
        "off",
        "low",
        None,
    )
