import pytest

from calibration.exif import minimal_exif
from calibration.metadata_blocks import find_blocks
from gateway.detection.turned_twice import two_turns
from tests.gateway.detection.container_files import CAT, saved, with_chunk, with_segment, with_xmp

JPEG = saved(CAT[:80, :96])


def with_exif(encoded, orientation):
    return with_segment(encoded, 0xE1, b"Exif\0\0" + minimal_exif(orientation))


def judged(encoded):
    return two_turns(encoded, find_blocks(encoded))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_picture_is_no_contradiction(orientation):
    assert judged(with_exif(JPEG, orientation)) is None
    assert judged(with_exif(with_xmp(JPEG, f'<x tiff:Orientation="{orientation}"/>'), orientation)) is None


def test_two_blocks_that_disagree_are_built_like_an_attack_and_twice_the_same_is_not():
    assert judged(with_exif(with_exif(JPEG, 1), 6)).is_attack
    assert judged(with_exif(with_exif(JPEG, 6), 6)) is None


def test_stale_xmp_of_an_editor_informs_and_a_mirror_image_for_some_readers_is_an_attack():
    edited = with_xmp(JPEG, '<x xmp:CreatorTool="Editor" tiff:Orientation="8"/>')

    assert not judged(with_exif(edited, 1)).is_attack
    assert judged(with_exif(edited, 4)).is_attack


def test_metadata_that_are_two_contrary_orientations_and_nothing_else_are_an_attack():
    assert judged(with_exif(with_xmp(JPEG, '<x tiff:Orientation="8"/>'), 1)).is_attack


def test_png_may_say_it_in_two_chunks_alike_but_not_otherwise():
    png = with_chunk(saved(CAT[:80, :96], "PNG"), b"eXIf", minimal_exif(3))

    assert judged(png) is None
    assert judged(with_chunk(png, b"eXIf", minimal_exif(6))).is_attack
