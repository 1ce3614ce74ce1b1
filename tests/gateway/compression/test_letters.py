import numpy as np
import pytest
from PIL import Image as PillowImage
from PIL import ImageDraw, ImageFont
from sklearn.datasets import load_sample_image

from calibration.image import Image, resize
from gateway.compression.letters import letter_height


def page(size: int, *, lines: int = 8, ink: int = 20, ground: int = 255) -> Image:
    """Write words in Pillow's own font at a size, in pixels."""
    sheet = PillowImage.new("L", (900, 700), ground)
    pen = ImageDraw.Draw(sheet)
    for line in range(lines):
        pen.text((30, 20 + 1.6 * size * line), "more courses on assurance", fill=ink, font=_font(size))
    return Image(np.repeat(np.asarray(sheet)[..., None], 3, axis=2))


def _font(size: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size)
    assert isinstance(font, ImageFont.FreeTypeFont)
    return font


@pytest.mark.parametrize("size", [18, 30, 45])
@pytest.mark.parametrize(("ink", "ground"), [(20, 255), (240, 30)], ids=["dark on light", "light on dark"])
def test_letters_are_as_tall_as_they_were_written(size: int, ink: int, ground: int):
    left, top, right, bottom = _font(size).getbbox("x")

    found = letter_height(page(size, ink=ink, ground=ground))

    assert left < right
    assert found == pytest.approx(bottom - top, abs=2)


def test_letters_of_a_smaller_picture_are_shorter_by_as_much():
    large = page(40)

    whole, half = letter_height(large), letter_height(resize(large, 450, 350, "lanczos"))

    assert whole is not None
    assert half == pytest.approx(whole / 2, abs=1.5)


def test_the_smaller_of_two_texts_is_the_one_that_counts():
    both = page(45, lines=3)
    both.pixels[400:] = page(18, lines=10).pixels[:300]

    assert letter_height(both) == letter_height(page(18))


def test_where_hardly_anything_is_written_nothing_is_said():
    assert letter_height(Image(np.full((400, 400, 3), 255, np.uint8))) is None
    assert letter_height(page(30, lines=1)) is None


def test_photographs_are_no_reason_to_think_letters_were_tall():
    height = letter_height(Image(load_sample_image("china.jpg").copy()))

    assert height is not None
    assert height < 8
