import cv2
import numpy as np
import pytest
import torch
from skimage import data

from calibration.image import Image, resize
from calibration.known_profiles import resolve_profile
from calibration.profile import default_profile
from predictor.noticeability.bands import to_opponent
from predictor.views import NATIVE_SIDE, FullSizeViewer, PairError, Viewer, model_view, reduce, shrink

PHOTO = Image(data.astronaut())


def flat(width: int, height: int, value: int = 128) -> Image:
    return Image(np.full((height, width, 3), value, np.uint8))


def test_a_model_with_a_known_input_sees_one_square():
    (view,) = Viewer(PHOTO, resolve_profile("embedded")).views(PHOTO)

    assert (view.reference.width, view.reference.height) == (96, 96)


def test_an_unknown_model_also_gets_a_native_tile():
    views = Viewer(PHOTO, default_profile()).views(PHOTO)

    assert len(views) == 2
    assert views[1].reference.width == views[1].distorted.width == 192


def test_the_native_tile_lies_where_the_difference_is():
    changed = PHOTO.pixels.copy()
    changed[470:500, 470:500] = 255

    views = Viewer(PHOTO, default_profile()).views(Image(changed))

    assert np.any(views[1].reference.pixels != views[1].distorted.pixels)


def test_a_smaller_version_is_brought_to_the_same_views():
    views = Viewer(PHOTO, default_profile()).views(resize(PHOTO, 200, 200))

    assert all(view.reference.pixels.shape == view.distorted.pixels.shape for view in views)


def test_another_aspect_ratio_is_refused_with_both_sizes():
    with pytest.raises(PairError, match="512 x 512 and 512 x 400"):
        Viewer(PHOTO, default_profile()).views(flat(512, 400))


@pytest.mark.parametrize(
    ("size", "other"),
    [((1, 10_000), (1, 2048)), ((2, 9000), (1, 2048)), ((5, 3000), (3, 2048)), ((9, 1568), (47, 8000))],
)
@pytest.mark.parametrize("is_wide", [True, False])
def test_a_side_may_be_rounded_by_a_pixel(size: tuple[int, int], other: tuple[int, int], is_wide: bool):
    first, second = (pair[::-1] if is_wide else pair for pair in (size, other))

    views = Viewer(flat(*first), default_profile()).views(flat(*second))

    assert all(view.reference.pixels.shape == view.distorted.pixels.shape for view in views)


@pytest.mark.parametrize("is_wide", [True, False])
def test_two_pixels_of_a_thin_side_are_another_aspect_ratio(is_wide: bool):
    first, second = (pair[::-1] if is_wide else pair for pair in ((5, 3000), (5, 1200)))

    with pytest.raises(PairError, match="aspect ratio"):
        Viewer(flat(*first), default_profile()).views(flat(*second))


@pytest.mark.parametrize(("width", "height"), [(1, 1), (1, 10_000), (10_000, 1), (3, 7)])
@pytest.mark.parametrize("name", ["embedded", "unknown"])
def test_extreme_sizes_have_views(width: int, height: int, name: str):
    picture = flat(width, height)

    assert Viewer(picture, resolve_profile(name)).views(picture)


def test_reducing_first_hardly_changes_the_view():
    quick = shrink(PHOTO, 96, 96).pixels.astype(int)
    exact = resize(PHOTO, 96, 96, "bicubic").pixels.astype(int)

    assert np.abs(quick - exact).mean() < 1.5


@pytest.mark.parametrize("size", [(192, 192), (200, 150)])
def test_reducing_by_area_keeps_local_means(size: tuple[int, int]):
    photo = Image(np.ascontiguousarray(PHOTO.pixels[:511, :509]))  # odd sides

    quick = reduce(photo, *size)

    exact = cv2.resize(photo.pixels, size, interpolation=cv2.INTER_AREA).astype(int)
    assert np.abs(quick.pixels.astype(int) - exact).mean() < 2.0


def test_a_picture_at_the_input_size_is_not_touched():
    small = model_view(PHOTO, 96)

    assert np.array_equal(model_view(small, 96).pixels, small.pixels)


def test_grey_has_no_colour_difference():
    opponent = to_opponent(flat(4, 4).pixels[None])

    assert torch.allclose(opponent[0, 0], torch.tensor(128 / 255), atol=1e-3)
    assert opponent[0, 1:].abs().max() < 1e-3


@pytest.mark.parametrize(
    ("width", "height"), [(300, 200), (512, 512), (513, 700), (2000, 90), (1, 1), (3000, 2000)]
)
def test_people_see_at_most_512_pixels_a_side_closely_and_the_whole_at_half_size(width: int, height: int):
    picture = Image(np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8))

    tiles, whole = FullSizeViewer(picture).reference_views
    tiles, whole = tiles.image, whole.image

    scale = min(1.0, NATIVE_SIDE / max(width, height))
    shown = [round(scale * side) for side in (width, height)]
    assert [tiles.width, tiles.height] == [min(side, 512) for side in shown]
    assert [whole.width, whole.height] == [max(1, side // 2) for side in shown]


def test_a_small_picture_is_its_own_tiles():
    picture = Image(np.random.default_rng(0).integers(0, 256, (300, 512, 3), dtype=np.uint8))

    assert np.array_equal(FullSizeViewer(picture).reference_views[0].image.pixels, picture.pixels)


def test_where_people_look_closely_does_not_depend_on_the_candidate():
    picture = Image(np.random.default_rng(0).integers(0, 256, (700, 700, 3), dtype=np.uint8))
    marked = picture.pixels.copy()
    marked[350, 350] = 255 - marked[350, 350]

    viewer = FullSizeViewer(picture)
    marked_views, plain_views = viewer.views(Image(marked)), viewer.views(picture)

    assert all(one.seen is other.seen for one, other in zip(marked_views, plain_views, strict=True))
    assert not np.array_equal(marked_views[1].reference.pixels, marked_views[1].distorted.pixels)
