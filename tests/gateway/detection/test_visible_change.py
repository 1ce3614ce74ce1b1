import cv2
import numpy as np
import pytest
from skimage import data

from calibration.image import Image, decode, encode_jpeg, resize
from gateway.detection.visible_change import visible_change

CAT = data.chelsea()


def page() -> np.ndarray:
    pixels = np.full((300, 400, 3), 245, np.uint8)
    pixels[40:60, 30:370:7] = 40
    return pixels


def with_caret(pixels: np.ndarray) -> np.ndarray:
    changed = pixels.copy()
    changed[150:166, 200:202] = 20
    return changed


def with_noise(pixels: np.ndarray, strength: int) -> np.ndarray:
    noise = np.random.default_rng(0).choice([-strength, strength], pixels.shape)
    return np.clip(pixels + noise, 0, 255).astype(np.uint8)


def test_a_caret_is_visible_however_small():
    change = visible_change(Image(page()), Image(with_caret(page())))

    assert change.peak > 2
    assert 0 < change.share < 0.03
    assert not change.hides
    assert change.spread == 0
    assert np.array_equal(change.expected.pixels, with_caret(page()))


@pytest.mark.parametrize("pixels", [CAT, page()], ids=["photograph", "page"])
@pytest.mark.parametrize("strength", [2, 4, 8])
def test_noise_within_eight_levels_is_not_visible(pixels: np.ndarray, strength: int):
    change = visible_change(Image(pixels), Image(with_noise(pixels, strength)))

    assert change.share == 0
    assert change.peak < 2
    assert change.hides
    assert change.spread > 0.95
    assert np.array_equal(change.expected.pixels, pixels)


def test_noise_beside_a_caret_stays_hidden():
    change = visible_change(Image(page()), Image(with_noise(with_caret(page()), 4)))

    assert 0 < change.share < 0.03
    assert change.spread > 0.9
    assert np.array_equal(change.expected.pixels[200:], page()[200:])


@pytest.mark.parametrize("gains", [(1.15, 1.15, 1.15), (1.06, 1.0, 0.93)], ids=["brighter", "warmer"])
def test_a_curve_of_the_whole_picture_explains_other_colours(gains: tuple[float, ...]):
    toned = np.clip(np.rint(CAT * np.array(gains)), 0, 255).astype(np.uint8)

    change = visible_change(Image(CAT), Image(toned))

    assert change.is_toned
    assert change.share == 0
    assert change.spread < 0.02
    assert np.abs(change.expected.pixels.astype(int) - toned).mean() < 0.2


def test_a_curve_does_not_explain_noise_on_top_of_it():
    toned = with_noise(np.clip(np.rint(CAT * 1.1), 0, 255).astype(np.uint8), 4)

    change = visible_change(Image(CAT), Image(toned))

    assert change.is_toned
    assert change.spread > 0.95


def test_what_a_codec_does_to_a_visible_change_belongs_to_it():
    saved = decode(encode_jpeg(Image(with_caret(page())), 85)).image

    change = visible_change(decode(encode_jpeg(Image(page()), 85)).image, saved)

    assert np.array_equal(change.expected.pixels, saved.pixels)


def test_two_takes_have_noise_of_their_own_and_an_edit_has_not():
    rng = np.random.default_rng(1)
    calm = np.full((200, 200, 3), 120.0)
    first, second = (Image(np.rint(calm + rng.normal(0, 3, calm.shape)).astype(np.uint8)) for _ in range(2))
    edited = Image(with_noise(first.pixels, 4))

    assert visible_change(first, second).is_retake
    assert visible_change(first, edited).added > 0.9
    assert not visible_change(first, edited).is_retake
    assert visible_change(edited, first).added < 0.1


def test_versions_are_judged_at_the_size_of_the_original():
    change = visible_change(resize(Image(CAT), 225, 150, "area"), Image(CAT))

    assert (change.expected.width, change.expected.height) == (225, 150)
    assert (change.peak, change.share, change.spread) == (0, 0, 0)


@pytest.mark.parametrize("size", [(1, 1), (7, 40), (16, 15)])
def test_the_smallest_pictures_can_be_compared(size: tuple[int, int]):
    black, white = (Image(np.full((*size, 3), level, np.uint8)) for level in (0, 255))

    change = visible_change(black, white)

    assert change.expected.pixels.shape == (*size, 3)
    assert visible_change(black, black).spread == 0


def with_window(pixels: np.ndarray, lighter: int) -> np.ndarray:
    changed = pixels.copy()
    changed[20:280, 20:380] = 90
    changed[24:276, 24:376] = pixels[200, 200] + lighter
    return changed


def test_the_inside_of_a_window_belongs_to_it():
    blank = np.full((300, 400, 3), 245, np.uint8)

    change = visible_change(Image(blank), Image(with_window(blank, 5)))

    assert change.share > 0.8
    assert not change.hides


def test_noise_inside_a_frame_stays_hidden():
    blank = np.full((300, 400, 3), 240, np.uint8)

    change = visible_change(Image(blank), Image(with_noise(with_window(blank, 0), 4)))

    assert change.peak > 4
    assert change.share < 0.6
    assert change.spread > 0.4


def test_faint_places_all_over_are_noise():
    field = cv2.GaussianBlur(np.random.default_rng(0).normal(size=CAT.shape), (0, 0), 1.5)
    attacked = Image(np.clip(CAT + 8 * np.sign(field), 0, 255).astype(np.uint8))
    original, version = (decode(encode_jpeg(each, 90)).image for each in (Image(CAT), attacked))

    change = visible_change(original, version)

    assert change.peak > 2
    assert change.share == 0
    assert change.spread > 0.9


def filmed(scene: np.ndarray, left: int, seed: int) -> Image:
    """A frame in blocks of a codec's noise, with a thing that moves through it."""
    frame = scene.astype(np.float32)
    frame[200:250, left : left + 60] = (200, 40, 40)
    rng = np.random.default_rng(seed)
    blocks = np.kron(rng.normal(0, 1, (19, 29, 1)), np.ones((16, 16, 3)))[: scene.shape[0], : scene.shape[1]]
    frame[: blocks.shape[0], : blocks.shape[1]] += blocks
    return Image(np.clip(np.rint(frame + rng.normal(0, 3, scene.shape)), 0, 255).astype(np.uint8))


def test_frames_of_a_film_are_takes_though_a_codec_left_shapes_in_them():
    change = visible_change(filmed(CAT, 100, 0), filmed(CAT, 130, 1))

    assert change.share > 0
    assert change.bulge > 1.5
    assert change.is_retake


def test_a_retouch_in_another_take_is_in_its_place_and_no_take():
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[0 : CAT.shape[0], 0 : CAT.shape[1]]
    weight = np.exp(-((rows - 120) ** 2 + (columns - 270) ** 2) / (2 * 40**2))[..., None]
    scenes = (CAT, CAT + weight * 6 * np.array([1, 0.25, -1]))

    first, second = (
        Image(np.clip(np.rint(scene + rng.normal(0, 2, CAT.shape)), 0, 255).astype(np.uint8))
        for scene in scenes
    )

    assert not visible_change(first, second).is_retake


def test_a_faint_row_is_seen_in_its_place():
    lit = page()
    lit[150:174, 20:380] -= 6

    change = visible_change(Image(page()), Image(lit))

    assert change.peak < 2
    assert change.share > 0
    assert not change.hides


@pytest.mark.parametrize("light", [0.985, 0.99, 1.01, 1.015])
def test_a_still_camera_whose_light_drifts_a_little_takes_the_same_scene_again(light: float):
    rng = np.random.default_rng(0)
    calm = cv2.GaussianBlur(data.astronaut()[40:360, 100:420], (0, 0), 1.0).astype(np.float32)

    def frame(brightness: float) -> Image:
        noise = rng.normal(0, 1, calm.shape) * np.sqrt(0.3 + calm / 128)
        return Image(np.clip(np.rint(calm * brightness + noise), 0, 255).astype(np.uint8))

    assert visible_change(frame(1.0), frame(light)).is_retake


def test_a_change_at_the_border_of_calm_ground_is_measured():
    first = np.full((200, 200, 3), 255, np.uint8)
    second = first.copy()
    second[100:150, 60:64] -= 2

    assert 0.0 <= visible_change(Image(first), Image(second)).added_waves <= 1.0


def test_a_wave_is_no_second_take():
    wave = 4 * np.sin(np.mgrid[: CAT.shape[0], : CAT.shape[1]][0] / 7)[..., None]
    marked = np.clip(np.rint(CAT + wave), 0, 255).astype(np.uint8)
    first, second = (decode(encode_jpeg(Image(each), 90)).image for each in (CAT, marked))

    assert not visible_change(first, second).is_retake


def grainy_pair(edited: np.ndarray, deviation: float) -> tuple[Image, Image]:
    """A grainy picture and its edit, both stored by a codec that shares the finest noise among the two."""
    grain = np.random.default_rng(4).normal(0, deviation, CAT.shape)
    pictures = (np.clip(np.rint(each + grain), 0, 255).astype(np.uint8) for each in (CAT, edited))
    first, second = (decode(encode_jpeg(Image(each), 90)).image for each in pictures)
    return first, second


@pytest.mark.parametrize("levels", [2, 4])
def test_a_smooth_watermark_on_a_grainy_picture_is_no_second_take(levels: int):
    cells = np.random.default_rng(3).choice([-1.0, 1.0], (CAT.shape[0] // 16, CAT.shape[1] // 16))
    wave = cv2.resize(cells, CAT.shape[1::-1], interpolation=cv2.INTER_CUBIC)[..., None]

    assert not visible_change(*grainy_pair(CAT + levels * wave, 3)).is_retake


def test_letters_in_a_place_of_a_grainy_picture_are_no_second_take():
    sheet = np.zeros(CAT.shape[:2], np.uint8)
    cv2.putText(sheet, "pay now", (30, 120), cv2.FONT_HERSHEY_DUPLEX, 1.2, 255, 4)

    change = visible_change(*grainy_pair(CAT + 2 * (sheet / 255)[..., None], 5))

    assert change.share == 0.0
    assert not change.is_retake


def test_an_outline_is_visible_on_the_edge_of_a_button():
    first = page()
    first[100:130, 100:160] = (30, 90, 220)
    second = first.copy()
    second[98:132, 98:162] = (110, 150, 235)
    second[101:129, 101:159] = first[101:129, 101:159]

    assert not visible_change(Image(first), Image(second)).hides
