import hashlib
from pathlib import Path

import pytest

from calibration.pictures import PicturesError, find_pictures


def test_every_readable_picture_is_found_with_its_size_and_hash(photo_folder: Path):
    found = find_pictures(photo_folder).found

    assert [picture.name for picture in found] == ["0.png", "1.png", "2.png"]
    assert {(picture.width, picture.height) for picture in found} == {(72, 72)}
    assert found[0].sha256 == hashlib.sha256((photo_folder / "0.png").read_bytes()).hexdigest()


def test_unreadable_pictures_among_good_ones_are_named_with_the_reason(photo_folder: Path):
    whole = (photo_folder / "0.png").read_bytes()
    (photo_folder / "deep").mkdir()
    (photo_folder / "deep" / "cut.png").write_bytes(whole[: len(whole) // 2])
    (photo_folder / "empty.jpg").write_bytes(b"")
    (photo_folder / "notes.txt").write_text("not looked at")

    pictures = find_pictures(photo_folder)

    assert len(pictures.found) == 3
    assert [reason.split(":")[0] for reason in pictures.skipped] == ["deep/cut.png", "empty.jpg"]
    assert "damaged" in pictures.skipped[0]
    assert "zero bytes" in pictures.skipped[1]


def test_a_folder_is_not_capped(tmp_path: Path, photo_folder: Path):
    data = (photo_folder / "0.png").read_bytes()
    for number in range(300):
        (tmp_path / f"{number}.png").write_bytes(data)

    assert len(find_pictures(tmp_path).found) >= 300


@pytest.mark.parametrize("names", [[], ["broken.png"]])
def test_a_folder_without_a_readable_picture_is_refused(tmp_path: Path, names: list[str]):
    for name in names:
        (tmp_path / name).write_bytes(b"broken")

    with pytest.raises(PicturesError, match="holds no readable image: expected PNG"):
        find_pictures(tmp_path)


def test_a_missing_folder_is_refused(tmp_path: Path):
    with pytest.raises(PicturesError, match="expected a folder of images"):
        find_pictures(tmp_path / "nowhere")
