from dataclasses import astuple, fields, replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from skimage import data as pictures

from calibration.image import Decoded, Image, decode, encode_jpeg, encode_png, resize
from gateway.compression.picture_class import (
    CLASSES,
    Signs,
    class_of,
    classify,
    lettered_share,
    measure_signs,
)

WORDS = "the quick brown fox jumps over 13 lazy dogs and pays 4.20 in cash"


def page(*, ink: int = 20, paper: int = 250) -> Image:
    """Draw a page of text."""
    canvas = np.full((1100, 800, 3), paper, np.uint8)
    for row in range(60, 1050, 28):
        cv2.putText(canvas, WORDS, (40, row), cv2.FONT_HERSHEY_SIMPLEX, 0.62, (ink,) * 3, 1, cv2.LINE_AA)
    return Image(canvas)


def chart(rng: np.random.Generator, *, ground: int = 255) -> Image:
    """Draw bars in flat colours over grid lines."""
    canvas = np.full((600, 900, 3), ground, np.uint8)
    for row in range(80, 560, 80):
        cv2.line(canvas, (60, row), (860, row), (170,) * 3, 1)
        cv2.putText(canvas, str(row), (10, row), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (120,) * 3, 1, cv2.LINE_AA)
    for left in range(90, 840, 110):
        top = int(rng.integers(100, 500))
        cv2.rectangle(canvas, (left, top), (left + 70, 560), (40, 110, 200), -1)
    return Image(canvas)


def as_received(image: Image) -> Decoded:
    return decode(encode_png(image))


@pytest.mark.parametrize("name", ["astronaut", "chelsea", "coffee", "rocket", "gravel", "camera"])
def test_photographs_are_photographs(name: str):
    pixels = getattr(pictures, name)()
    picture = Image(np.dstack([pixels] * 3) if pixels.ndim == 2 else pixels)

    assert classify(as_received(picture)) == "photograph"
    assert classify(decode(encode_jpeg(picture, 70))) == "photograph"


def test_a_page_of_text_is_a_document():
    assert classify(as_received(page())) == "document"


def test_a_jpeg_of_a_page_in_dim_light_is_no_photograph():
    rng = np.random.default_rng(3)
    shaded = page(ink=60, paper=215).pixels * np.linspace(0.9, 1.0, 800)[None, :, None]
    scan = Image(np.clip(shaded + rng.normal(0, 2, shaded.shape), 0, 255).astype(np.uint8))

    assert classify(decode(encode_jpeg(scan, 75))) == "document"


@pytest.mark.parametrize("ground", [255, 25])
def test_bars_on_a_plain_ground_are_a_chart(ground: int):
    assert classify(as_received(chart(np.random.default_rng(1), ground=ground))) == "chart"


def with_bars(photograph: Image, *, lines: int) -> Image:
    """Lay bars of lettering over a photograph, as an app's screen has them."""
    canvas = resize(photograph, 640, 640).pixels.copy()
    for line in range(lines):
        top = 160 * line
        canvas[top : top + 70] = (245, 245, 248)
        cv2.putText(canvas, WORDS, (4, top + 40), cv2.FONT_HERSHEY_SIMPLEX, 0.55, (30,) * 3, 1, cv2.LINE_AA)
    return Image(canvas)


@pytest.mark.parametrize("quality", [None, 80])
def test_a_photograph_with_lines_of_letters_over_it_is_a_screen(quality: int | None):
    picture = with_bars(Image(pictures.astronaut()), lines=2)
    data = encode_png(picture) if quality is None else encode_jpeg(picture, quality)

    assert lettered_share(decode(data).image) >= 0.22
    assert classify(decode(data)) == "screen"


def test_letters_are_found_where_they_stand_alone():
    photograph = Image(pictures.chelsea())

    shares = [lettered_share(with_bars(photograph, lines=lines)) for lines in (0, 1, 2)]

    assert shares == pytest.approx([0.0, 4 / 25, 7 / 25])
    assert lettered_share(page()) > 0.5
    assert lettered_share(Image(np.full((3, 3, 3), 9, np.uint8))) == 0.0


def test_transparency_and_animation_come_before_content():
    seen_through = np.dstack([pictures.astronaut(), np.full((512, 512), 90, np.uint8)])
    encoded = cv2.imencode(".png", seen_through)[1].tobytes()
    animated = as_received(page())

    assert classify(decode(encoded)) == "transparent"
    assert classify(replace(animated, source=replace(animated.source, frames=3))) == "animated"


def test_a_jpeg_with_a_second_picture_is_no_animation():
    stereo = as_received(page())

    assert classify(replace(stereo, source=replace(stereo.source, frames=2, format="jpeg"))) == "document"


def test_size_does_not_turn_a_photograph_into_something_else():
    photograph = Image(pictures.astronaut())

    named = {classify(as_received(resize(photograph, side, side))) for side in (128, 256, 512, 1024)}

    assert named == {"photograph"}


@given(arrays.arrays(np.uint8, st.tuples(st.integers(1, 70), st.integers(1, 70), st.just(3))))
def test_every_picture_has_a_kind_and_the_same_one_each_time(pixels: np.ndarray):
    picture = as_received(Image(pixels))

    assert classify(picture) in CLASSES
    assert classify(picture) == classify(picture)


@given(st.lists(st.floats(0, 1), min_size=6, max_size=6), st.floats(0, 0.5))
def test_frequent_colours_never_speak_for_a_photograph(shares: list[float], more: float):
    same, flat, sharp, two_toned, grey, bright = shares
    signs = Signs(same, flat, 5 * sharp, two_toned, 0.5, 3.0, grey, bright)

    if class_of(signs) != "photograph":
        assert class_of(replace(signs, few_colours=0.5 + more)) != "photograph"


def test_every_share_lies_between_none_and_all():
    signs = measure_signs(page())

    shares = {field.name: value for field, value in zip(fields(signs), astuple(signs), strict=True)}
    del shares["sharp"], shares["colours"]  # a percentage, decades
    assert all(0 <= share <= 1 for share in shares.values())


def test_what_has_no_frequent_colour_is_a_photograph_however_flat():
    screen = Signs(0.43, 0.63, 1.42, 0.84, 0.3, 3.83, 0.29, 0.15)

    assert class_of(screen) == "screen"
    assert class_of(replace(screen, few_colours=0.056)) == "photograph"
