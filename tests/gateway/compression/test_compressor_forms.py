"""What becomes of pictures that are more than opaque 8-bit sRGB: alpha, animation, depth, inks, HDR."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image as PillowImage

from calibration.channels import read_channels
from calibration.image import decode, encode_jpeg, resize
from calibration.known_profiles import resolve_profile
from calibration.metadata import Metadata, attach, read_metadata
from gateway.compression.compressor import Compressor, Tier
from gateway.compression.plan import SENTENCES
from gateway.providers.rules import Recipient, load_rules
from predictor.predict import Predictor
from tests.calibration.broken_files import saved
from tests.gateway.compression.test_compressor import PHOTO

RULES = load_rules()
CLAUDE = Recipient("anthropic", "claude-sonnet-4-5")
GPT_4O = Recipient("openai", "gpt-4o")
SERVER = Recipient("other", "x")  # reads what it was sent
PIXELS = resize(PHOTO, 480, 320).pixels
SLOPE = np.broadcast_to(np.linspace(0, 255, 480).astype(np.uint8), (320, 480))
FADING = np.dstack([PIXELS, SLOPE])
PQ = ((b"cICP", b"\x09\x10\x00\x01"),)
TIERS = ("exact", "faithful", "lean")


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return Predictor.load()


def sent(predictor: Predictor, data: bytes, recipient: Recipient = GPT_4O, tier: Tier = "faithful"):
    compressor = Compressor(predictor, RULES, tier)
    return compressor.compress(decode(data), data, resolve_profile(recipient.model), recipient)


def frames_of(*pictures: np.ndarray) -> list[PillowImage.Image]:
    return [PillowImage.fromarray(each) for each in pictures]


def animated(format_name: str) -> bytes:
    """Write three frames that differ, the second of which is cleared before the third."""
    first, *others = frames_of(FADING[:60, :80], FADING[60:120, :80], FADING[120:180, :80])
    target = io.BytesIO()
    first.save(target, format_name, save_all=True, append_images=others, duration=90, loop=2, disposal=2)
    return target.getvalue()


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize(("recipient", "format_name"), [(GPT_4O, "webp"), (CLAUDE, "webp"), (SERVER, "png")])
def test_transparency_stays_in_every_tier(
    predictor: Predictor, tier: Tier, recipient: Recipient, format_name: str
):
    data = saved(FADING, "PNG", compress_level=1)

    out, plan = sent(predictor, data, recipient, tier)

    assert (plan.format, plan.tier, plan.left_alone) == (format_name, "exact", "")
    assert plan.picture_class == "transparent"
    assert (plan.width, plan.height, plan.probability) == (480, 320, 0.0)
    assert len(out) == plan.bytes_out < plan.bytes_in
    assert np.array_equal(read_channels(out).values, FADING)


def test_alpha_that_is_opaque_everywhere_is_no_transparency(predictor: Predictor):
    data = saved(np.dstack([PIXELS, np.full((320, 480), 255, np.uint8)]), "PNG")

    out, plan = sent(predictor, data)

    assert plan.picture_class == "photograph"
    assert plan.tier == "faithful"
    assert len(out) < len(data) / 4


def test_a_transparent_picture_larger_than_shown_keeps_its_size(predictor: Predictor):
    data = saved(np.tile(FADING, (6, 5, 1)), "PNG", compress_level=1)

    out, plan = sent(predictor, data, CLAUDE)

    assert (plan.width, plan.height) == (2400, 1920)
    assert np.array_equal(read_channels(out).values, np.tile(FADING, (6, 5, 1)))


@pytest.mark.parametrize("tier", TIERS)
def test_a_transparent_picture_that_is_refused_is_brought_inside(predictor: Predictor, tier: Tier):
    data = saved(np.tile(FADING[:40], (2, 18, 1)), "PNG")  # 8640 pixels wide

    out, plan = sent(predictor, data, CLAUDE, tier)

    assert plan.width <= 8000
    assert plan.tier == ("lean" if tier == "lean" else "faithful")
    assert read_channels(out).transparency == "alpha"
    assert read_channels(out).values.shape == (plan.height, plan.width, 4)


def test_a_transparent_picture_of_too_many_bytes_is_sent_without_loss_where_that_is_enough(
    predictor: Predictor,
):
    values = np.tile(FADING, (4, 4, 1))
    data = saved(values, "PNG", compress_level=0)  # 9.8 MB; Claude takes 3.9 before base64

    out, plan = sent(predictor, data, CLAUDE)

    assert len(out) <= 5_242_880 // 4 * 3
    assert (plan.tier, plan.width) == ("exact", 1920)
    assert np.array_equal(read_channels(out).values, values)


@pytest.mark.parametrize(
    ("recipient", "format_name"),
    [
        (recipient, name)
        for recipient in (GPT_4O, CLAUDE, SERVER)
        for name in ("GIF", "PNG", "WEBP")
        if (recipient, name) != (GPT_4O, "GIF")  # which OpenAI refuses
    ],
)
def test_animation_is_left_alone(predictor: Predictor, recipient: Recipient, format_name: str):
    data = animated(format_name)

    out, plan = sent(predictor, data, recipient)

    assert out == data
    assert plan.left_alone == "animation"
    assert plan.picture_class == "animated"
    assert plan.reason == SENTENCES["animation"]


@pytest.mark.parametrize("recipient", [GPT_4O, SERVER])
def test_exact_means_sixteen_bits_where_there_are_sixteen(predictor: Predictor, recipient: Recipient):
    deep = (PIXELS.astype(np.uint16) * 257 + SLOPE[..., None]).astype(np.uint16)
    data = cv2.imencode(".png", deep)[1].tobytes()

    out, plan = sent(predictor, data, recipient, "exact")

    assert (plan.format, plan.tier) == ("png", "exact")
    assert len(out) < len(data)
    assert np.array_equal(read_channels(out).values, deep[..., ::-1])


@pytest.mark.parametrize("tier", TIERS)
def test_hdr_is_written_again_in_its_own_depth_and_colours(predictor: Predictor, tier: Tier):
    deep = PIXELS.astype(np.uint16) * 257
    data = attach(cv2.imencode(".png", deep)[1].tobytes(), Metadata(png_colour=PQ))

    out, plan = sent(predictor, data, GPT_4O, tier)

    assert (plan.format, plan.tier, plan.left_alone) == ("png", "exact", "")
    assert read_metadata(out).png_colour == PQ
    assert np.array_equal(read_channels(out).values, deep[..., ::-1])


def test_a_gamma_that_only_png_tells_keeps_a_picture_in_one(predictor: Predictor):
    linear = ((b"gAMA", (100_000).to_bytes(4, "big")),)
    data = attach(saved(PIXELS, "PNG", compress_level=1), Metadata(png_colour=linear))

    out, plan = sent(predictor, data)

    assert (plan.format, plan.tier) == ("png", "exact")
    assert read_metadata(out).png_colour == linear
    assert np.array_equal(decode(out).image.pixels, PIXELS)


def test_cmyk_is_coded_better(predictor: Predictor):
    data = cmyk(FADING)

    out, plan = sent(predictor, data)

    assert (plan.format, plan.tier) == ("jpeg", "exact")
    assert len(out) < 0.95 * len(data)
    assert np.array_equal(read_channels(out).values, read_channels(data).values)


def test_cmyk_that_is_refused_is_brought_inside_without_the_profile_of_its_inks(predictor: Predictor):
    profile = bytes(16) + b"CMYK" + bytes(400)

    out, plan = sent(predictor, cmyk(np.tile(FADING[:20], (1, 18, 1)), icc_profile=profile), CLAUDE)

    assert plan.width <= 8000
    assert decode(out).source.mode == "RGB"
    assert read_metadata(out).profile is None


def cmyk(values: np.ndarray, **options: object) -> bytes:
    target = io.BytesIO()
    PillowImage.fromarray(np.ascontiguousarray(values), "CMYK").save(target, "JPEG", quality=92, **options)
    return target.getvalue()


def test_further_pictures_of_a_jpeg_are_left_behind(predictor: Predictor):
    target = io.BytesIO()
    first, second = frames_of(PIXELS, PIXELS[::2, ::2].copy())
    first.save(target, "MPO", save_all=True, append_images=[second], quality=95)
    data = target.getvalue()

    out, plan = sent(predictor, data, GPT_4O, "exact")

    assert decode(data).source.frames == 2
    assert plan.tier == "exact"
    assert "second_picture" in plan.left_behind
    assert np.array_equal(decode(out).image.pixels, decode(data).image.pixels)
    assert decode(out).source.frames == 1


def test_a_jpeg_that_a_second_generation_would_hardly_lighten_is_coded_better(predictor: Predictor):
    data = encode_jpeg(resize(PHOTO, 480, 320), 70, progressive=False)

    out, plan = sent(predictor, data, SERVER)

    assert plan.bytes_out < plan.bytes_in
    assert plan.tier == "exact"
    assert np.array_equal(decode(out).image.pixels, decode(data).image.pixels)
