import cv2
import numpy as np
import pytest
from skimage import data

from calibration.image import Image, decode, encode_jpeg, encode_png
from calibration.profile import default_profile
from gateway.detection.verdict import Evidence, Verdict, conclude
from gateway.detection.versions import compare_versions
from predictor.predict import Predictor

PREDICTOR = Predictor.load()
CAT, PERSON = data.chelsea(), data.astronaut()


def compared(first: np.ndarray, second: np.ndarray, quality: int | None = None) -> Evidence:
    original, version = (
        decode(encode_png(Image(each)) if quality is None else encode_jpeg(Image(each), quality))
        for each in (first, second)
    )
    return compare_versions("reference", original.image, version, PREDICTOR, default_profile())


def verdict(found: Evidence) -> Verdict:
    return conclude([found], alpha=0.01)


def with_arrow(pixels: np.ndarray) -> np.ndarray:
    changed = pixels.copy()
    changed[100:106, 100:180] = (230, 30, 30)
    return changed


def with_noise(pixels: np.ndarray, strength: int) -> np.ndarray:
    noise = np.random.default_rng(0).choice([-strength, strength], pixels.shape)
    return np.clip(pixels + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("quality", [None, 90])
def test_a_visible_change_is_told_and_not_flagged(quality: int | None):
    told = verdict(compared(CAT, with_arrow(CAT), quality))

    assert told.outcome == "noticeable_edit"
    assert told.flags == ()
    assert "people see" in told.explanation


@pytest.mark.parametrize("quality", [None, 90])
def test_noise_beside_a_visible_change_is_flagged(quality: int | None):
    told = verdict(compared(CAT, with_noise(with_arrow(CAT), 4), quality))

    assert told.flags == ("reference",)
    assert "beside a change that people see" in told.explanation


@pytest.mark.parametrize("strength", [2, 4, 8])
def test_noise_everywhere_is_an_attack_whether_the_model_notices_or_not(strength: int):
    found = compared(CAT, with_noise(CAT, strength))

    assert found.is_attack
    assert not found.is_visible
    assert verdict(found).flags == ("reference",)


def test_what_came_in_reverse_order_blames_the_earlier_one():
    found = compared(with_noise(PERSON, 4), PERSON)

    assert verdict(found).flags == ("reference",)
    assert "rather the earlier one" in found.explanation
    assert "rather the earlier one" not in compared(PERSON, with_noise(PERSON, 4)).explanation


@pytest.mark.parametrize("gain", [1.05, 1.15])
def test_a_brighter_copy_is_clean(gain: float):
    assert verdict(compared(CAT, np.clip(np.rint(CAT * gain), 0, 255).astype(np.uint8))).outcome == "clean"


def test_a_second_take_is_no_edit():
    rng = np.random.default_rng(0)
    takes = [np.clip(np.rint(CAT + rng.normal(0, 3, CAT.shape)), 0, 255).astype(np.uint8) for _ in range(2)]

    found = compared(*takes)

    assert found.p_value is None
    assert verdict(found).outcome == "clean"


def test_codecs_alone_are_clean():
    assert verdict(compared(CAT, decode(encode_jpeg(Image(CAT), 70)).image.pixels)).outcome == "clean"


def test_clipped_noise_is_not_taken_for_other_colours():
    bright = np.clip(CAT.astype(int) + 110, 0, 255).astype(np.uint8)

    assert verdict(compared(bright, with_noise(bright, 8))).flags == ("reference",)


def test_noise_everywhere_is_found_under_other_colours():
    toned = np.clip(np.rint(CAT * 1.15), 0, 255).astype(np.uint8)

    assert verdict(compared(CAT, with_noise(toned, 4))).flags == ("reference",)


@pytest.mark.parametrize("share", [1.2, 1.4])
def test_a_more_colourful_copy_is_no_edit(share: float):
    grey = CAT @ np.array([0.299, 0.587, 0.114])
    colourful = np.clip(np.rint(grey[..., None] + share * (CAT - grey[..., None])), 0, 255).astype(np.uint8)

    assert verdict(compared(CAT, colourful)).flags == ()


def zoomed(pixels: np.ndarray) -> np.ndarray:
    height, width = pixels.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), 0.1, 1.02)
    return cv2.warpAffine(
        pixels, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT
    )


def before_a_wall() -> np.ndarray:
    scene = PERSON.copy()
    scene[:200] = (140, 180, 230)
    return scene


def with_blocks(pixels: np.ndarray) -> np.ndarray:
    """As a film's codec leaves them in flat ground."""
    noise = np.random.default_rng(0).choice([-1, 0, 1], (64, 64, 3), p=[0.4, 0.2, 0.4])
    return np.clip(pixels + np.kron(noise, np.ones((8, 8, 1), int)), 0, 255).astype(np.uint8)


def test_a_zooming_camera_hides_nothing_though_the_codec_left_noise_in_one_frame():
    found = compared(before_a_wall(), with_blocks(zoomed(before_a_wall())))

    assert verdict(found).flags == ()
    assert "another take" in found.explanation


def test_the_same_noise_in_a_still_picture_is_flagged():
    assert verdict(compared(before_a_wall(), with_blocks(before_a_wall()))).flags == ("reference",)


def test_noise_under_a_zoom_is_flagged():
    assert verdict(compared(before_a_wall(), with_noise(zoomed(before_a_wall()), 8))).flags == ("reference",)


def taken(pixels: np.ndarray, seed: int, strength: float = 16.0) -> np.ndarray:
    """Take a scene with a sensor whose noise is as coarse as demosaicing and a codec leave it."""
    noise = cv2.GaussianBlur(np.random.default_rng(seed).normal(0, strength, pixels.shape), (0, 0), 1.6)
    return np.clip(np.rint(pixels + noise), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("strength", [16, 44])
def test_a_second_take_whose_noise_is_coarse_is_no_edit(strength: float):
    dark = (CAT // 3 + 40).astype(np.uint8)

    assert verdict(compared(taken(dark, 0, strength), taken(dark, 1, strength), 85)).flags == ()


def test_waves_that_were_added_to_a_picture_are_flagged():
    assert verdict(compared(CAT, taken(CAT, 1), 95)).flags == ("reference",)


def test_a_face_that_was_blurred_is_told_and_not_flagged():
    blurred = PERSON.copy()
    blurred[40:260, 120:340] = cv2.GaussianBlur(blurred[40:260, 120:340], (0, 0), 12)

    told = verdict(compared(PERSON, blurred))

    assert told.flags == ()
    assert "people see" in told.explanation


@pytest.mark.parametrize("levels", [4, 8])
def test_noise_of_waves_on_a_codecs_own_grid_is_no_film(levels: int):
    rng = np.random.default_rng(0)
    noisy = CAT.astype(np.float32)
    for row in range(0, CAT.shape[0] - 7, 8):
        for column in range(0, CAT.shape[1] - 7, 8):
            wave = np.zeros((8, 8), np.float32)
            wave[tuple(rng.integers(0, 4, 2))] = rng.choice([-1.0, 1.0])
            wave = cv2.idct(wave)
            noisy[row : row + 8, column : column + 8] += levels * (wave / np.abs(wave).max())[..., None]

    assert verdict(compared(CAT, np.clip(np.rint(noisy), 0, 255).astype(np.uint8))).flags == ("reference",)


def filmed(pixels: np.ndarray, seed: int, fine: float, waves: float) -> np.ndarray:
    """Take a frame with noise as fine and as coarse as asked for."""
    rng = np.random.default_rng(seed)
    noise = cv2.GaussianBlur(rng.normal(0, fine, pixels.shape), (0, 0), 0.6)
    noise += cv2.GaussianBlur(rng.normal(0, waves, pixels.shape), (0, 0), 1.6)
    return np.clip(np.rint(pixels + noise), 0, 255).astype(np.uint8)


def test_noise_beside_what_moved_is_a_films_where_it_is_in_part_the_earlier_frames():
    scene = (PERSON // 3 + 165).astype(np.uint8)
    moved = scene.copy()
    moved[200:280, 100:180] = scene[:80, :80]
    first = filmed(scene, 0, 3, 4)

    film = compared(first, filmed(moved, 1, 5, 12), 85)
    added = first + (filmed(moved, 1, 5, 12).astype(np.int16) - scene)
    attack = compared(first, np.clip(added, 0, 255).astype(np.uint8), 85)

    assert verdict(film).flags == ()
    assert "another take" in film.explanation
    assert verdict(attack).flags == ("reference",)


def test_waves_in_place_of_a_pictures_own_grain_are_no_film():
    grain = CAT - cv2.GaussianBlur(CAT.astype(np.float32), (0, 0), 2.2)
    waves = np.sign(cv2.GaussianBlur(np.random.default_rng(0).normal(0, 1, CAT.shape), (0, 0), 1.0))
    attack = CAT + np.clip(4 * waves - np.clip(grain, -8, 8), -8, 8)
    attack[150:210, 100:180] = CAT[:60, :80]

    assert verdict(compared(CAT, np.clip(np.rint(attack), 0, 255).astype(np.uint8))).flags == ("reference",)


def files_in_the_dark(row: int) -> np.ndarray:
    """A list of files on dark ground, with one row lit."""
    pixels = np.full((320, 512, 3), 34, np.uint8)
    pixels[96:120, 10:400] = row
    for number in range(11):
        text = f"{number:02} to the harbour master, 2026-11-30"
        cv2.putText(pixels, text, (20, 40 + 24 * number), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (220, 180, 90), 1)
    return pixels


@pytest.mark.parametrize("row", [27, 41])
def test_a_row_lit_in_the_dark_is_seen(row: int):
    told = verdict(compared(files_in_the_dark(34), files_in_the_dark(row), 80))

    assert told.outcome == "noticeable_edit"
    assert told.flags == ()


@pytest.mark.parametrize("strength", [2, 4, 8])
def test_noise_beside_a_row_lit_in_the_dark_is_flagged(strength: int):
    hidden = with_noise(files_in_the_dark(41), strength)

    assert verdict(compared(files_in_the_dark(34), hidden)).flags == ("reference",)


@pytest.mark.parametrize("strength", [4, 8])
def test_noise_within_rows_lit_in_the_dark_is_flagged(strength: int):
    lit = files_in_the_dark(41)
    hidden = files_in_the_dark(34)
    for top in (96, 168, 240):
        hidden[top : top + 24, 10:400] = with_noise(lit, strength)[top : top + 24, 10:400]

    assert verdict(compared(files_in_the_dark(34), hidden)).flags == ("reference",)


def menu(chosen: int) -> np.ndarray:
    pixels = np.full((320, 512, 3), 240, np.uint8)
    for number in range(8):
        top = 40 + 20 * number
        pixels[top : top + 20, 60:180] -= np.uint8(10 * (number == chosen))
        cv2.putText(pixels, f"umber plank {number}", (68, top + 14), 0, 0.4, (40, 40, 40), 1, cv2.LINE_AA)
    return pixels


def page_with_picture(brightness: float, colourful: float) -> np.ndarray:
    """A page with a picture on which a filter lies that whitens its lights."""
    picture = PERSON[40:160, 200:380].astype(np.float32)
    grey = (picture @ np.array([0.299, 0.587, 0.114], np.float32))[..., None]
    pixels = np.full((320, 512, 3), 40, np.uint8)
    pixels[60:180, 300:480] = np.clip(
        np.rint(grey + colourful * (np.clip(brightness * picture, 0, 255) - grey)), 0, 255
    )
    return pixels


def test_the_next_entry_of_a_menu_is_seen():
    told = verdict(compared(menu(3), menu(4)))

    assert (told.outcome, told.flags) == ("noticeable_edit", ())


@pytest.mark.parametrize("strength", [2, 4, 8])
def test_noise_beside_the_next_entry_of_a_menu_is_flagged(strength: int):
    assert verdict(compared(menu(3), with_noise(menu(4), strength))).flags == ("reference",)


@pytest.mark.parametrize("colourful", [1.0, 1.05])
def test_a_filter_over_a_picture_in_a_page_is_seen(colourful: float):
    told = verdict(compared(page_with_picture(1.25, 1.0), page_with_picture(1.27, colourful)))

    assert told.flags == ()


@pytest.mark.parametrize("strength", [2, 4])
def test_noise_under_a_filter_over_a_picture_in_a_page_is_flagged(strength: int):
    hidden = page_with_picture(1.27, 1.05)
    hidden[60:180, 300:480] = with_noise(hidden, strength)[60:180, 300:480]

    assert verdict(compared(page_with_picture(1.25, 1.0), hidden)).flags == ("reference",)


def with_shadow(pixels: np.ndarray) -> np.ndarray:
    """A soft shadow on the right, of five levels: nobody sees it there."""
    rows, columns = np.mgrid[0 : pixels.shape[0], 0 : pixels.shape[1]]
    weight = np.exp(-(((rows - 150) / 60) ** 2 + ((columns - 400) / 16) ** 2))[..., None]
    return np.clip(np.rint(pixels - 5 * weight), 0, 255).astype(np.uint8)


def become_another(pixels: np.ndarray, share: float) -> np.ndarray:
    """Show another picture from the left, over a share of the width."""
    changed, width = pixels.copy(), int(share * pixels.shape[1])
    changed[:, :width] = PERSON[100 : 100 + len(pixels), :width]
    return changed


@pytest.mark.parametrize(("share", "flags"), [(0.0, ("reference",)), (0.5, ("reference",)), (0.75, ())])
def test_a_shadow_that_went_along_as_most_became_another_is_no_hidden_edit(share: float, flags: tuple[str]):
    page = np.ascontiguousarray(CAT[:300])

    assert verdict(compared(page, with_shadow(become_another(page, share)))).flags == flags


def test_noise_beside_what_became_another_is_flagged():
    page = np.ascontiguousarray(CAT[:300])

    assert verdict(compared(page, become_another(with_noise(page, 4), 0.75))).flags == ("reference",)
