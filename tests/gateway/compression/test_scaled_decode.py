import numpy as np
import pytest
from sklearn.datasets import load_sample_image

from calibration.encoders import WEBP_LOSSLESS
from calibration.image import Image, ImageError, decode, encode_jpeg, encode_png, resize
from calibration.image_source import DecodeLimits
from calibration.known_profiles import resolve_profile
from calibration.metadata import Metadata, attach
from calibration.profile import default_profile
from gateway.compression.compressor import Compressor
from gateway.compression.scaled_decode import decode_for_lightening, whole
from gateway.providers.rules import Recipient, load_rules
from predictor.predict import Predictor

RULES = load_rules()
PHOTO = resize(Image(load_sample_image("china.jpg").copy()), 2560, 1708)
JPEG = encode_jpeg(PHOTO, 92)
LYING = attach(JPEG, Metadata(orientation=6))
GPT_4O = Recipient("openai", "gpt-4o")  # shows it at 1151 x 768: fewer than half the pixels of a side
PEOPLE = default_profile()


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return Predictor.load()


def decoded(data=JPEG, *, tier="faithful", profile=PEOPLE, recipient=GPT_4O, limits=None):
    return decode_for_lightening(
        data, limits or DecodeLimits(), rules=RULES, tier=tier, profile=profile, recipient=recipient
    )


def test_a_jpeg_is_decoded_to_half_where_no_more_is_shown():
    found = decoded()

    assert (found.image.width, found.image.height) == (1280, 854)
    assert found.whole_size == (2560, 1708)


def test_the_size_shown_is_that_of_the_upright_picture():
    found = decoded(LYING)

    assert (found.image.width, found.image.height) == (854, 1280)
    assert found.whole_size == (1708, 2560)


@pytest.mark.parametrize(
    "changes",
    [
        {"tier": "exact"},
        {"profile": resolve_profile("embedded")},
        {"data": encode_png(PHOTO)},
        {"recipient": Recipient("anthropic", "claude-sonnet-4-5")},  # shows more than half
        {"recipient": Recipient("other", "whoever")},  # shows all of it
    ],
    ids=["exact", "known input", "png", "more is shown", "all is shown"],
)
def test_all_of_it_is_decoded_where_that_is_needed(changes):
    found = decoded(**changes)

    assert not found.is_reduced
    assert (found.image.width, found.image.height) == (2560, 1708)


def test_limits_hold_for_the_whole():
    with pytest.raises(ImageError, match="expected at most 4000000 pixels"):
        decoded(limits=DecodeLimits(max_pixels=4_000_000))


def test_the_whole_of_what_was_reduced_is_what_decoding_gives():
    assert np.array_equal(whole(decoded(LYING), LYING).image.pixels, decode(LYING).image.pixels)


@pytest.mark.parametrize("data", [JPEG, LYING], ids=["upright", "lying"])
def test_what_is_sent_hardly_depends_on_how_far_it_was_decoded(predictor, data):
    compressor = Compressor(predictor, RULES, "faithful", effort="fast")

    some, plan = compressor.compress(decoded(data), data, PEOPLE, GPT_4O)
    all_, other = compressor.compress(decode(data), data, PEOPLE, GPT_4O)

    facts = ("width", "height", "bytes_in", "tokens_in", "tokens_out", "format", "picture_class")
    assert [getattr(plan, name) for name in facts] == [getattr(other, name) for name in facts]
    assert plan.probability <= 0.05
    assert abs(len(some) - len(all_)) < 0.15 * len(all_)
    distance = np.abs(decode(some).image.pixels.astype(int) - decode(all_).image.pixels)
    assert distance.mean() < 4


def test_the_same_bytes_give_the_same_bytes(predictor):
    sent = [
        Compressor(predictor, RULES, "faithful").compress(decoded(), JPEG, PEOPLE, GPT_4O) for _ in range(2)
    ]

    assert sent[0] == sent[1]


def test_where_fewer_pixels_gain_nothing_all_of_them_are_tried(predictor):
    compressor = Compressor(predictor, RULES, "faithful", encoders=(WEBP_LOSSLESS,))  # none may lose a thing

    assert compressor.compress(decoded(), JPEG, PEOPLE, GPT_4O) == compressor.compress(
        decode(JPEG), JPEG, PEOPLE, GPT_4O
    )


def test_the_exact_tier_sends_every_pixel_of_a_picture_that_came_reduced(predictor):
    out, plan = Compressor(predictor, RULES, "exact").compress(decoded(), JPEG, PEOPLE, GPT_4O)

    assert plan.tier == "exact"
    assert np.array_equal(decode(out).image.pixels, decode(JPEG).image.pixels)
