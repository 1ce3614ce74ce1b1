import os
from pathlib import Path

import numpy as np
import pytest

from calibration.image import encode_png
from calibration.pictures import PicturesError
from calibration.session.references import References, Renderer, find_references
from calibration.stimuli.registry import DISTORTIONS
from calibration.trials import Stimulus


def test_unreadable_images_are_left_out_and_told(photo_folder: Path):
    (photo_folder / "empty.png").write_bytes(b"")
    (photo_folder / "torn.jpg").write_bytes(b"\xff\xd8\xff\xe0 not much of a picture")
    (photo_folder / "notes.txt").write_text("not a picture at all")

    references = find_references(photo_folder, seed=0)

    assert references.names == ("0.png", "1.png", "2.png")
    assert [skipped.split(":")[0] for skipped in references.skipped] == ["empty.png", "torn.jpg"]


def test_pictures_in_subfolders_are_found(photo_folder: Path):
    (photo_folder / "more").mkdir()
    (photo_folder / "0.png").rename(photo_folder / "more" / "0.png")

    assert "more/0.png" in find_references(photo_folder, seed=0).names


@pytest.mark.parametrize("content", [{}, {"a.png": b"junk"}, {"a.txt": b"text"}])
def test_a_folder_without_a_readable_image_is_refused(tmp_path: Path, content: dict[str, bytes]):
    for name, data in content.items():
        (tmp_path / name).write_bytes(data)

    with pytest.raises(PicturesError, match="no readable image"):
        find_references(tmp_path, seed=0)


def test_a_missing_folder_is_refused(tmp_path: Path):
    with pytest.raises(PicturesError, match="expected a folder"):
        find_references(tmp_path / "none", seed=0)


def test_images_of_any_shape_are_shown_as_squares(tmp_path: Path, texture):
    wide = np.tile(texture(0).pixels, (1, 3, 1))
    (tmp_path / "wide.png").write_bytes(encode_png(type(texture(0))(wide)))

    shown = find_references(tmp_path, seed=0).load("wide.png", 48)

    assert (shown.width, shown.height) == (48, 48)


def test_only_wanted_pictures_are_taken(photo_folder: Path):
    references = find_references(photo_folder, seed=0, is_wanted=lambda name: name != "1.png")

    assert references.names == ("0.png", "2.png")


def test_after_a_jnd_the_reference_is_the_picture_at_its_level(photo_folder: Path):
    references = References(photo_folder, ("0.png",), ())
    climbed = Stimulus("0.png", "noise", 20, 7, reference_level=10)
    below = Stimulus("0.png", "noise", 10, 7)

    reference, rival = Renderer(references, 64).pair(climbed, DISTORTIONS["noise"])
    _, earlier = Renderer(references, 64).pair(below, DISTORTIONS["noise"])

    assert reference.pixels.tobytes() == earlier.pixels.tobytes()
    assert reference.pixels.tobytes() != rival.pixels.tobytes()


@pytest.mark.parametrize(("fitting", "reads"), [(3, 3), (2, 6), (0, 6)])
def test_references_are_read_again_only_where_memory_is_short(photo_folder: Path, fitting: int, reads: int):
    class Counted(References):
        def load(self, name: str, side: int | None):
            loaded.append(name)
            return super().load(name, side)

    loaded: list[str] = []
    renderer = Renderer(Counted(photo_folder, ("0.png",), ()), 64, kept_bytes=fitting * 64 * 64 * 3)
    shown = [
        renderer.pair(Stimulus(f"{number}.png", "blur", 5, 0), DISTORTIONS["blur"])[0].pixels.tobytes()
        for number in (0, 1, 2, 0, 1, 2)
    ]

    assert len(loaded) == reads
    assert shown[:3] == shown[3:]


def test_a_name_that_cannot_be_written_down_is_skipped(photo_folder: Path):
    Path(os.fsdecode(bytes(photo_folder) + b"/caf\xe9.png")).write_bytes(
        (photo_folder / "0.png").read_bytes()
    )

    references = find_references(photo_folder, seed=0)

    assert references.names == ("0.png", "1.png", "2.png")
    assert references.skipped == ("caf\\udce9.png: its name is not UTF-8",)


def test_the_output_of_an_earlier_run_is_no_reference(photo_folder: Path):
    (photo_folder / "out" / "plots").mkdir(parents=True)
    (photo_folder / "out" / "plots" / "blur.png").write_bytes((photo_folder / "0.png").read_bytes())

    references = find_references(photo_folder, seed=0, without=photo_folder / "out")

    assert references.names == ("0.png", "1.png", "2.png")


def test_other_pictures_under_the_same_names_are_told_apart(photo_folder: Path):
    before = find_references(photo_folder, seed=0).digest
    (photo_folder / "0.png").write_bytes((photo_folder / "1.png").read_bytes())

    assert find_references(photo_folder, seed=0).digest != before
