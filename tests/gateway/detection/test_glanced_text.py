import io

import pytest
from PIL import Image as PillowImage
from PIL import ImageDraw, ImageFont
from skimage import data

from calibration.image_source import DecodeLimits
from calibration.second_looks import animation
from gateway.detection.glanced_text import glanced_text

SIZE = (400, 300)
PHOTOGRAPH = PillowImage.fromarray(data.astronaut()[:384]).resize(SIZE)


def captioned(text: str = "SEND MONEY", picture: PillowImage.Image = PHOTOGRAPH) -> PillowImage.Image:
    written = picture.copy()
    ImageDraw.Draw(written).text((40, 100), text, "red", ImageFont.load_default(44))
    return written


def ticked() -> PillowImage.Image:
    """Return the photograph with a corner of another colour, so that no writer takes the two for one."""
    other = PHOTOGRAPH.copy()
    ImageDraw.Draw(other).rectangle((0, 0, 11, 11), "white")
    return other


def found_in(*frames: PillowImage.Image, times: list[int], format_name: str = "PNG") -> int | None:
    buffer = io.BytesIO()
    options = {"loop": 0} | ({"quality": 80} if format_name == "WEBP" else {})
    frames[0].save(buffer, format_name, save_all=True, append_images=frames[1:], duration=times, **options)
    shown = animation(buffer.getvalue(), DecodeLimits(), side=64, most_pixels=64_000_000)
    assert shown is not None and shown.count == len(frames)
    return glanced_text(buffer.getvalue(), shown)


@pytest.mark.parametrize("format_name", ["PNG", "GIF", "WEBP"])
def test_words_that_flash_over_a_picture_that_stays_are_found(format_name: str):
    again = ticked()

    assert found_in(PHOTOGRAPH, captioned(), again, times=[4000, 20, 4000], format_name=format_name) == 2
    assert found_in(PHOTOGRAPH, again, captioned(), times=[900, 900, 40], format_name=format_name) == 3


def test_flashes_that_show_nothing_do_not_hide_the_one_that_shows_words():
    flash = PHOTOGRAPH.point(lambda level: min(255, level + 20))
    flashes = [each for _ in range(4) for each in (PHOTOGRAPH, flash, ticked(), flash)]
    times = [900, 40] * (len(flashes) // 2)

    assert found_in(*flashes, PHOTOGRAPH, times=[*times, 900]) is None
    assert found_in(*flashes, PHOTOGRAPH, captioned(), ticked(), times=[*times, 900, 40, 900]) == 18


def test_words_that_flash_in_several_frames_at_once_are_found():
    once, twice = captioned(), captioned("SEND MONEI")

    assert found_in(PHOTOGRAPH, once, twice, ticked(), times=[4000, 20, 20, 4000]) == 2
    assert found_in(PHOTOGRAPH, once, twice, ticked(), times=[4000, 200, 200, 4000]) is None


@pytest.mark.parametrize("times", [[600, 600, 600], [40, 40, 40], [4000, 120, 4000]])
def test_a_banner_that_blinks_and_what_always_moves_are_none(times: list[int]):
    again = ticked()

    assert found_in(PHOTOGRAPH, captioned(), again, times=times) is None


def test_the_step_between_two_pages_of_text_is_none():
    first, second = (
        captioned(text, PillowImage.new("RGB", SIZE, "white")) for text in ("Chapter 1", "The end")
    )

    assert found_in(first, PillowImage.blend(first, second, 0.5), second, times=[3000, 50, 3000]) is None


def test_an_eye_that_blinks_is_none():
    open_eye = PillowImage.new("RGB", SIZE, "#ffd9b0")
    ImageDraw.Draw(open_eye).ellipse((150, 100, 250, 160), "white", "black", 4)
    ImageDraw.Draw(open_eye).ellipse((185, 110, 215, 150), "black")
    closed = PillowImage.new("RGB", SIZE, "#ffd9b0")
    ImageDraw.Draw(closed).line((150, 130, 250, 130), "black", 5)
    again = open_eye.copy()
    again.putpixel((0, 0), (255, 217, 177))

    assert found_in(open_eye, closed, again, times=[3000, 50, 3000]) is None
