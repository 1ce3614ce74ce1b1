import cv2
import numpy as np
import pytest
from skimage import data

from calibration.image import Image, decode, encode_jpeg, encode_png, encode_webp, fit_within
from gateway.detection.known_edits import Compared, edit_by_rule
from gateway.detection.verdict import Evidence
from predictor.residual.detector import codec_of
from predictor.residual.strata import Codec

PERSON = data.astronaut()
PLACE = (slice(300, 400), slice(40, 140))
LOSSLESS = Codec(is_lossless=True)


def judged(first: np.ndarray, second: np.ndarray, quality: int | None = None) -> Evidence | None:
    original, version = (
        decode(encode_png(Image(each)) if quality is None else encode_jpeg(Image(each), quality))
        for each in (first, second)
    )
    compared = Compared.of(original.image, version.image, codec_of(version.source))
    return edit_by_rule("near_duplicate", compared, version, 0.1)


def with_noise(pixels: np.ndarray, levels: int, place: tuple[slice, slice] = PLACE) -> np.ndarray:
    changed = pixels.astype(int)
    changed[place] += np.random.default_rng(0).choice([-levels, levels], changed[place].shape)
    return np.clip(changed, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("quality", [None, 90])
@pytest.mark.parametrize("levels", [2, 4, 8])
def test_noise_in_one_place_is_told_whichever_came_first(quality: int | None, levels: int):
    edited = with_noise(PERSON, levels)

    for pair in ((PERSON, edited), (edited, PERSON)):
        found = judged(*pair, quality)

        assert found is not None
        assert found.is_attack
        assert "One of the two versions was edited" in found.explanation


def test_noise_in_one_place_is_told_of_a_picture_remembered_smaller():
    large = cv2.resize(PERSON, (1024, 1024), interpolation=cv2.INTER_CUBIC)
    edited = decode(encode_png(Image(with_noise(large, 4, (slice(500, 628), slice(80, 208))))))
    compared = Compared.of(fit_within(Image(large), 512), edited.image, codec_of(edited.source))

    assert edit_by_rule("near_duplicate", compared, edited, 0.1) is not None


def test_a_version_is_brought_to_one_size_once():
    version = Image(cv2.resize(PERSON, (1024, 1024), interpolation=cv2.INTER_CUBIC))
    original = fit_within(version, 512)

    compared = Compared.of(original, version, LOSSLESS)

    assert compared.resized(version, 512, 512, "area") is compared.version
    assert Compared.of(original, version, LOSSLESS, small=original).version is original
    assert Compared.of(fit_within(version, 256), version, LOSSLESS, small=original).version.width == 256


def test_a_code_in_one_place_is_left_to_the_judge_where_something_visible_changed_elsewhere():
    cells = np.kron(np.random.default_rng(0).choice([-2, 2], (25, 25)), np.ones((4, 4), int))
    edited = PERSON.astype(int)
    edited[PLACE] += cells[..., None]
    edited[40:46, 300:400] = (230, 30, 30)

    assert judged(PERSON, np.clip(edited, 0, 255).astype(np.uint8)) is None


def test_noise_all_over_blames_the_earlier_of_two_lossless_pictures():
    everywhere = (slice(None), slice(None))
    scene = np.clip(PERSON, 20, 230)
    found = judged(with_noise(scene, 4, everywhere), scene)

    assert found is not None
    assert "rather the earlier one" in found.explanation


@pytest.mark.parametrize("quality", [75, 85, 90])
def test_a_jpeg_stored_once_more_is_no_edit(quality: int):
    once = decode(encode_jpeg(Image(PERSON), quality)).image.pixels

    assert judged(once, once, quality) is None
    assert judged(PERSON, once, quality) is None


def test_other_formats_and_light_are_no_edits():
    brighter = np.clip(np.rint(PERSON * 1.05), 0, 255).astype(np.uint8)
    stored = decode(encode_webp(Image(PERSON), 80)).image.pixels

    assert judged(PERSON, brighter) is None
    assert judged(PERSON, stored) is None
    assert judged(stored, PERSON) is None


def test_a_film_within_a_page_is_another_take():
    rng = np.random.default_rng(0)
    calm = cv2.GaussianBlur(PERSON, (0, 0), 1.0).astype(float)
    frames = []
    for _ in range(2):
        frame = PERSON.copy()
        frame[PLACE] = np.clip(np.rint(calm[PLACE] + rng.normal(0, 2, calm[PLACE].shape)), 0, 255)
        frames.append(frame)

    assert judged(*frames) is None


def drawn_page() -> np.ndarray:
    page = np.full((700, 1000, 3), (238, 240, 236), np.uint8)
    for row in range(16):
        place = (40, 60 + 40 * row)
        cv2.putText(
            page, f"a line of text, number {row}", place, cv2.FONT_HERSHEY_SIMPLEX, 1.0, (20, 20, 20), 2
        )
    return page


@pytest.mark.parametrize("quality", [None, 90])
def test_the_faintest_noise_on_blank_ground_is_told_whichever_came_first(quality: int | None):
    page = drawn_page()
    noisy = with_noise(page, 1, (slice(None), slice(None)))

    found, earlier = judged_shrunk(page, noisy, quality), judged_shrunk(noisy, page, quality)

    assert found is not None
    assert "a known picture with noise" in found.explanation
    assert earlier is not None
    assert "rather the earlier one" in earlier.explanation


@pytest.mark.parametrize("quality", [None, 60, 90])
def test_typing_on_a_page_is_no_noise_on_its_blank_ground(quality: int | None):
    page = drawn_page()
    typed = page.copy()
    cv2.putText(typed, "typed", (700, 300), cv2.FONT_HERSHEY_SIMPLEX, 1.0, (20, 20, 20), 2)

    assert judged_shrunk(page, typed, quality) is None
    noisy = with_noise(typed, 1, (slice(None), slice(None)))
    assert quality == 60 or judged_shrunk(page, noisy, quality) is not None  # 60 takes such noise out


def judged_shrunk(first: np.ndarray, second: np.ndarray, quality: int | None) -> Evidence | None:
    original, version = (
        decode(encode_png(Image(each)) if quality is None else encode_jpeg(Image(each), quality))
        for each in (first, second)
    )
    compared = Compared.of(fit_within(original.image, 512), version.image, codec_of(version.source))
    return edit_by_rule("near_duplicate", compared, version, 0.1)


def with_wheel(zoom: float, code: float = 0.0) -> Image:
    """Show smooth colours in a frame of a page that stands still."""
    wheel = cv2.resize(data.colorwheel(), (120, 120), interpolation=cv2.INTER_AREA)
    matrix = cv2.getRotationMatrix2D((60, 60), 0, zoom)
    shown = cv2.warpAffine(wheel, matrix, (120, 120), flags=cv2.INTER_CUBIC)[20:90, 20:102].astype(np.float32)
    cells = np.random.default_rng(0).choice([-1.0, 1.0], (18, 21))
    page = np.full((320, 512, 3), 60, np.uint8)
    hidden = code * np.kron(cells, np.ones((4, 4)))[:70, :82, None]
    page[16:86, 426:508] = np.clip(np.rint(shown + hidden), 0, 255)
    return Image(page)


def test_a_picture_that_zooms_in_a_page_is_a_take_of_it_and_with_a_code_in_it_is_none():
    zoomed, coded = (
        Compared.of(with_wheel(1.0), each, Codec(is_lossless=True))
        for each in (with_wheel(1.02), with_wheel(1.02, 3.0))
    )

    assert zoomed.is_take_within
    assert not coded.is_take_within
