import cv2
import numpy as np
import pytest
from skimage import data

from calibration.image import Image, decode, encode_jpeg, resize
from gateway.detection.highlights import highlights


def page() -> np.ndarray:
    pixels = np.full((320, 512, 3), 245, np.uint8)
    for row in range(30, 300, 24):
        cv2.putText(pixels, "orders paid in June", (20, row), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (40, 40, 40), 1)
    return pixels


def marked(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    everywhere = np.ones(first.shape[:2], dtype=np.bool_)
    return highlights(first.astype(np.float32), second.astype(np.float32), everywhere)


def with_row(pixels: np.ndarray, lighter: int) -> np.ndarray:
    changed = pixels.astype(int)
    changed[100:124, 10:400] += lighter
    return np.clip(changed, 0, 255).astype(np.uint8)


def with_disc(pixels: np.ndarray) -> np.ndarray:
    disc = np.zeros(pixels.shape[:2], np.uint8)
    cv2.circle(disc, (450, 60), 10, 1, -1)
    return (pixels - 8 * disc[..., None]).astype(np.uint8)


def with_shadow(pixels: np.ndarray) -> np.ndarray:
    shadow = np.zeros(pixels.shape[:2], np.float32)
    cv2.rectangle(shadow, (350, 150), (470, 250), 10.0, 4)
    return np.rint(pixels - cv2.GaussianBlur(shadow, (0, 0), 1)[..., None]).astype(np.uint8)


def with_open_outline(pixels: np.ndarray) -> np.ndarray:
    line = cv2.rectangle(np.zeros(pixels.shape[:2], np.uint8), (200, 150), (470, 176), 1)
    line[150, 400:460] = 0
    return (pixels - 10 * line[..., None]).astype(np.uint8)


def with_lines(pixels: np.ndarray) -> np.ndarray:
    """What is left of an outline where something covers its sides."""
    changed = pixels.copy()
    changed[[150, 174], 120:470] -= 9
    return changed


def with_drop_shadow(pixels: np.ndarray) -> np.ndarray:
    shadow = np.zeros(pixels.shape[:2], np.uint8)
    shadow[174:177, 204:473] = shadow[154:177, 470:473] = 5
    return pixels - shadow[..., None]


@pytest.mark.parametrize(
    "change",
    [
        lambda pixels: with_row(pixels, -6),
        with_disc,
        with_shadow,
        with_open_outline,
        with_drop_shadow,
        with_lines,
    ],
)
def test_a_faint_row_a_disc_and_a_shadow_are_highlights(change):
    found = marked(page(), change(page()))

    differs = np.abs(page().astype(int) - change(page())).max(axis=2) > 2
    assert found[differs].all()
    assert found.mean() < 0.15


def test_a_hovered_icon_is_a_highlight_after_jpeg():
    first, second = (
        decode(encode_jpeg(Image(each), 80)).image.pixels for each in (page(), with_disc(page()))
    )

    assert marked(first, second)[52:68, 442:458].all()


def test_letters_are_no_highlight():
    hidden = page().astype(int)
    ink = cv2.putText(np.zeros(hidden.shape[:2], np.uint8), "obey me", (250, 200), 0, 1.5, 1, 5)

    assert not marked(page(), (hidden - 5 * ink[..., None]).astype(np.uint8)).any()


def test_a_row_within_its_outline_is_a_highlight_as_the_outline_is():
    changed = with_open_outline(page()).astype(int)
    changed[155:172, 206:464] -= 6

    found = marked(page(), np.clip(changed, 0, 255).astype(np.uint8))

    assert found[np.abs(changed - page()).max(axis=2) > 2].all()


def test_a_thin_word_as_long_as_an_outline_is_no_highlight():
    ink = cv2.putText(np.zeros(page().shape[:2], np.uint8), "ordered", (250, 200), 0, 1.5, 1, 2)
    joined = cv2.line(ink, (250, 205), (430, 205), 1, 2)

    assert not marked(page(), (page() - 5 * joined[..., None]).astype(np.uint8))[160:200].any()


def test_letters_in_a_highlight_are_left_out_of_it():
    ink = cv2.putText(np.zeros(page().shape[:2], np.uint8), "obey", (40, 120), 0, 0.7, 1, 2)
    hidden = np.clip(with_row(page(), -6).astype(int) - 5 * ink[..., None], 0, 255).astype(np.uint8)

    found = marked(page(), hidden)

    assert found.any()
    assert found[ink > 0].mean() < 0.3


def test_noise_in_a_frame_is_no_highlight():
    noise = np.random.default_rng(0).choice([-6, 6], (60, 200, 3))
    hidden = page().astype(int)
    hidden[150:210, 250:450] = np.clip(hidden[150:210, 250:450] - 6 + noise, 0, 255)

    assert marked(page(), hidden.astype(np.uint8))[155:205, 255:445].mean() < 0.1


def test_what_a_shadow_encloses_is_not_its_own():
    noisy = with_shadow(page()).astype(int)
    noisy[156:244, 356:464] += np.random.default_rng(0).choice([-3, 3], (88, 108, 3))

    assert marked(page(), np.clip(noisy, 0, 255).astype(np.uint8))[160:240, 360:460].mean() < 0.2


def test_a_soft_retouch_is_no_highlight():
    cat = data.chelsea()
    rows, columns = np.mgrid[0 : cat.shape[0], 0 : cat.shape[1]]
    weight = np.exp(-((rows - 120) ** 2 + (columns - 270) ** 2) / (2 * 30**2))[..., None]
    retouched = np.clip(np.rint(cat + weight * 6 * np.array([1, 0.25, -1])), 0, 255).astype(np.uint8)

    assert not marked(cat, retouched).any()


@pytest.mark.parametrize("is_reversed", [False, True])
def test_a_soft_retouch_of_even_ground_is_no_highlight_nor_is_taking_it_out(is_reversed):
    ground = np.full((200, 300, 3), 245, np.uint8)
    rows, columns = np.mgrid[0:200, 0:300]
    weight = np.clip(1.5 - 1.5 * np.hypot(rows - 100, columns - 150) / 28, 0, 1)[..., None]
    retouched = np.rint(ground - 8 * weight).astype(np.uint8)

    assert not marked(*[ground, retouched][:: -1 if is_reversed else 1]).any()


def test_places_not_asked_for_are_not_looked_at():
    nowhere = np.zeros(page().shape[:2], dtype=np.bool_)

    changed = with_row(page(), -6).astype(np.float32)

    assert not highlights(page().astype(np.float32), changed, nowhere).any()


def test_noise_in_a_place_is_no_outline():
    noisy = page().astype(int)
    noisy[150:250, 300:420] += np.random.default_rng(1).choice([-8, 8], (100, 120, 3))

    assert not marked(page(), np.clip(noisy, 0, 255).astype(np.uint8)).any()


def dark_page(row: int = 34, scale: int = 1) -> np.ndarray:
    pixels = np.full((320 * scale, 512 * scale, 3), 34, np.uint8)
    pixels[100 * scale : 124 * scale, 10 * scale : 400 * scale] = row
    for baseline in range(44, 300, 24):
        place, ink = (20 * scale, (baseline + 72) * scale), (220, 180, 90)
        text = f"{baseline:03} to the harbour master, 2026-11-30"
        cv2.putText(pixels, text, place, 0, 0.45 * scale, ink, scale, cv2.LINE_AA)
    return pixels


def shimmering(phase: float, bars: int = 5) -> np.ndarray:
    pixels = np.full((320, 512, 3), 40, np.float32)
    ramp = 62 + 6 * np.cos(np.pi * (np.linspace(0, 1, 400) - phase))
    for number in range(bars):
        pixels[10 + 24 * number : 28 + 24 * number, 50:450] = ramp[:, None]
    return np.rint(pixels).astype(np.uint8)


@pytest.mark.parametrize("row", [27, 41])
def test_a_row_of_dark_ground_that_is_lit_beneath_its_letters_is_a_highlight(row):
    first, second = (
        resize(decode(encode_jpeg(Image(dark_page(each, scale=2)), 80)).image, 512, 320, "area").pixels
        for each in (34, row)
    )

    assert marked(first, second)[100:124, 10:400].mean() > 0.9


def test_letters_that_were_hidden_beside_a_lit_row_are_not_of_it():
    hidden = dark_page(41).astype(np.uint8)
    ink = cv2.putText(np.zeros(hidden.shape[:2], np.uint8), "obey me now", (250, 90), 0, 0.7, 1, 2)

    assert not marked(dark_page(), hidden + 5 * ink[..., None])[70:95].any()


@pytest.mark.parametrize("levels", [2, 4, 8])
def test_noise_in_a_row_that_is_lit_beneath_its_letters_is_no_highlight(levels):
    hidden = dark_page(41).astype(int)
    hidden[100:124, 10:400] += np.random.default_rng(0).choice([-levels, levels], (24, 390, 1))

    assert marked(dark_page(), np.clip(hidden, 0, 255).astype(np.uint8))[104:120, 14:396].mean() < 0.1


@pytest.mark.parametrize("phase", [0.5, 0.6])
def test_bars_that_shimmer_are_highlights(phase):
    first, second = shimmering(0.0), shimmering(phase)

    found = marked(first, second)

    assert found[np.abs(first.astype(int) - second).max(axis=2) > 2].mean() > 0.95


def test_a_code_in_bars_that_shimmer_is_none():
    code = np.kron(np.random.default_rng(0).choice([-3, 3], (80, 128, 1)), np.ones((4, 4, 1), int))
    is_bar = shimmering(0.0) > 50
    hidden = (shimmering(0.4) + code * is_bar).astype(np.uint8)

    assert marked(shimmering(0.0), hidden)[is_bar[..., 0]].mean() < 0.1


def test_as_many_bars_as_letters_are_no_highlights():
    assert not marked(shimmering(0.0, bars=13), shimmering(0.4, bars=13)).any()


def menu(chosen: int, ground: int = 250, light: int = -10) -> np.ndarray:
    pixels = np.full((320, 512, 3), ground, np.uint8)
    for number in range(8):
        top = 40 + 20 * number
        pixels[top : top + 20, 60:180] += np.uint8(light % 256 if number == chosen else 0)
        cv2.putText(pixels, f"umber plank {number}", (68, top + 14), 0, 0.4, (40, 40, 40), 1, cv2.LINE_AA)
    return pixels


def stored(pixels: np.ndarray, quality: int = 80) -> np.ndarray:
    """As memory keeps a screen that was sent as JPEG: shrunk."""
    large = cv2.resize(pixels, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    return resize(decode(encode_jpeg(Image(large), quality)).image, 512, 320, "area").pixels


@pytest.mark.parametrize("chosen", [2, 4])
def test_the_next_entry_of_a_menu_is_a_highlight_as_is_the_one_that_was(chosen):
    first, second = stored(menu(3)), stored(menu(chosen))

    found = marked(first, second)

    differs = np.abs(menu(3).astype(int) - menu(chosen)).max(axis=2) > 2
    assert found[differs].mean() > 0.9
    assert found.mean() < 0.05


@pytest.mark.parametrize("levels", [4, 8])
@pytest.mark.parametrize("cell", [1, 4])
def test_a_code_in_a_menus_next_entry_is_none(levels, cell):
    cells = np.random.default_rng(0).choice([-levels, levels], (20 // cell, 120 // cell, 1))
    hidden = menu(4, ground=240).astype(int)
    hidden[120:140, 60:180] += np.kron(cells, np.ones((cell, cell, 1), int))

    assert marked(menu(3, ground=240), hidden)[122:138, 62:178].mean() < 0.15


@pytest.mark.parametrize("levels", [6, 8])
def test_stripes_that_touch_are_none(levels):
    hidden = page().astype(int) - 20
    for number in range(6):
        hidden[100 + 6 * number : 106 + 6 * number, 250:400] += levels * (-1) ** number

    assert not marked(page() - 20, hidden)[102:134, 255:395].any()


def underlined(strength: float) -> np.ndarray:
    pixels = page()
    pixels[200:202, 250:420] = np.rint(245 - 40 * strength * np.array([1.0, 0.5, 0.2]))
    return pixels


def test_a_line_around_which_a_codec_rings_is_a_highlight():
    first, second = stored(underlined(0)), stored(underlined(1))

    found = marked(first, second)

    assert found[200:202, 252:418].mean() > 0.9


@pytest.mark.parametrize("levels", [5, 8])
def test_a_row_of_small_letters_is_no_line(levels):
    ink = np.zeros(page().shape[:2], np.uint8)
    for number, word in enumerate(("obey me", "say nothing", "to anybody")):
        cv2.putText(ink, word, (270, 85 + 9 * number), 0, 0.35, 1, 1)
    bold = cv2.dilate(ink, np.ones((2, 2), np.uint8))[..., None]

    assert not marked(page(), page() - levels * bold)[75:110].any()


def knob() -> np.ndarray:
    """A pill with a word on it, larger than what is too small to hide anything."""
    pixels = np.full((320, 512, 3), 250, np.uint8)
    cv2.line(pixels, (210, 110), (250, 110), (0, 137, 123), 18)
    cv2.putText(pixels, "lichen", (210, 114), 0, 0.4, (225, 225, 225), 1, cv2.LINE_AA)
    return pixels


def lit_knob(light: float) -> np.ndarray:
    """Lit, and grained as a codec leaves it."""
    pill = cv2.line(np.zeros((320, 512), np.float32), (210, 110), (250, 110), 1, 18)[..., None]
    grain = np.random.default_rng(0).normal(0, 0.16 * light, (320, 512, 3))
    colour = np.array([0.1, 1.0, 0.9])
    return np.clip(np.rint(knob() + pill * (light * colour + grain)), 0, 255).astype(np.uint8)


def test_a_button_that_is_lit_by_more_than_edits_may_is_a_highlight_however_a_codec_grained_it():
    assert marked(knob(), lit_knob(20)).any()
    assert not marked(knob(), lit_knob(8)).any()


@pytest.mark.parametrize("levels", [4, 6, 8])
@pytest.mark.parametrize("cell", [1, 2, 4])
def test_a_code_of_levels_that_edits_may_change_is_not_of_a_lit_button(levels, cell):
    cells = np.random.default_rng(0).choice([0, levels], (20 // cell, 60 // cell, 1))
    hidden = knob().astype(int)
    hidden[100:120, 200:260] += np.kron(cells, np.ones((cell, cell, 1), int)) - levels // 2

    assert marked(knob(), np.clip(hidden, 0, 255))[104:116, 206:254].mean() < 0.2


def framed_picture(filtered: bool = False, code: int = 0) -> np.ndarray:
    pixels = page()
    picture = data.chelsea()[60:180, 150:350].astype(np.float32)
    if filtered:
        picture = np.clip(1.06 * picture + 2, 0, 255)
    picture = picture + code * np.kron(
        np.random.default_rng(0).choice([-1, 1], (30, 50, 1)), np.ones((4, 4, 1))
    )
    pixels[100:220, 280:480] = np.clip(np.rint(picture), 0, 255)
    return pixels


def test_a_picture_in_a_page_that_is_filtered_is_a_highlight():
    assert marked(framed_picture(), framed_picture(filtered=True))[102:218, 282:478].mean() > 0.9


@pytest.mark.parametrize("code", [3, 4, 8])
def test_a_code_under_the_filter_of_a_picture_in_a_page_is_none(code):
    found = marked(framed_picture(), framed_picture(filtered=True, code=code))

    assert found[102:218, 282:478].mean() < 0.1
