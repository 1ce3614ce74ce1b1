import base64
from pathlib import Path

import numpy as np
import pytest
from skimage import data

from calibration.assessment import assess
from calibration.image import Image, decode, encode_png
from calibration.profile import JndProfile
from calibration.psychometric import PsychometricFunction
from calibration.report.examples import SHOWN_SIDE, Picture, render_examples
from calibration.stimuli.registry import DISTORTIONS
from tests.calibration.report.staged_trials import adaptive_trials


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    (folder / "a.png").write_bytes(encode_png(Image(data.chelsea())))
    return folder


def profile(side: int | None) -> JndProfile:
    return JndProfile("m", "measured", {}, stimulus_side=side)


def seen(name: str = "blur", threshold: float = 8):
    return assess(adaptive_trials(name, PsychometricFunction(threshold, 3, 0.02, 0.02)))


def pixels(picture: Picture) -> np.ndarray:
    return decode(base64.b64decode(picture.url.partition(",")[2])).image.pixels.astype(float)


def test_half_one_and_two_jnds_are_shown_beside_the_reference(photos: Path):
    assessments = seen()
    jnd = assessments["blur"].threshold.threshold

    (row,) = render_examples(profile(96), assessments, photos).rows

    assert [picture.caption for picture in row.pictures] == ["reference", "0.5 JND", "1 JND", "2 JND"]
    assert row.pictures[2].level == f"level {jnd:.3g}"
    assert row.note == ""


# A mask's place and a camera's view may change more pixels at a smaller level.
@pytest.mark.parametrize("name", sorted(set(DISTORTIONS) - {"mask", "angle", "distance"}))
def test_more_jnds_look_more_different(photos: Path, name: str):
    (row,) = render_examples(profile(300), seen(name, 15), photos).rows

    reference = pixels(row.pictures[0])
    damage = [np.abs(pixels(picture) - reference).mean() for picture in row.pictures]

    assert damage[0] == 0
    assert damage[1] < damage[3]


@pytest.mark.parametrize(
    ("side", "shown"), [(96, (96, 96)), (300, (SHOWN_SIDE, SHOWN_SIDE)), (None, (128, 192))]
)
def test_pictures_are_small_whole_or_cut(photos: Path, side: int | None, shown: tuple[int, int]):
    rows = render_examples(profile(side), seen("mask"), photos).rows

    assert all(pixels(picture).shape[:2] == shown for picture in rows[0].pictures)


def test_a_scale_that_ends_early_is_said(photos: Path):
    (row,) = render_examples(profile(96), seen(threshold=30), photos).rows

    assert "ends before 2 JND" in row.note
    assert row.pictures[3].level == "level 50"


def test_a_change_never_noticed_is_shown_by_shares_of_the_scale(photos: Path):
    (row,) = render_examples(profile(96), seen(threshold=900), photos).rows

    assert "Not noticed at any level" in row.note
    assert [picture.level for picture in row.pictures[1:]] == ["level 12.5", "level 25", "level 50"]


def test_a_task_whose_answer_never_changed_says_so(photos: Path):
    function = PsychometricFunction(900, 3, 0.02, 0.02)
    asked = assess(adaptive_trials("blur", function, reference_reply="a cat"))

    (row,) = render_examples(profile(96), asked, photos).rows

    assert row.note.startswith("The answer changed at no level")


def test_missing_pictures_are_said(photos: Path, tmp_path: Path):
    unknown = render_examples(profile(96), seen(), None)
    gone = render_examples(profile(96), seen(), photos / "moved")
    empty = render_examples(profile(96), seen(), tmp_path)
    (tmp_path / "a.png").write_bytes(b"no picture")
    unreadable = render_examples(profile(96), seen(), tmp_path)

    assert "not known" in unknown.missing
    assert "folder moved is gone" in gone.missing
    assert "None of the session's reference pictures is left" in empty.missing == unreadable.missing
    assert not (unknown.rows or gone.rows or empty.rows or unreadable.rows)


def test_a_log_cannot_name_a_picture_outside_the_folder(photos: Path):
    trials = adaptive_trials("blur", PsychometricFunction(8, 3, 0.02, 0.02), image=f"../{photos.name}/a.png")
    inside = photos / "inside"
    inside.mkdir(exist_ok=True)

    assert render_examples(profile(96), assess(trials), inside).missing
