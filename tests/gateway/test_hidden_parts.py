from dataclasses import replace

import numpy as np
import pytest
from skimage import data

from calibration.image import Image, decode, encode_png, resize
from calibration.profile import default_profile
from gateway.detection.protocol import Examined
from gateway.detection.scaling import ScalingDetector
from gateway.detection.verdict import Evidence, conclude
from gateway.hidden_parts import without_hidden_parts
from gateway.providers.rules import Recipient, load_rules
from tests.gateway.detection.scaling_payloads import hidden_in, shrunk

RULES = load_rules()
TO = Recipient("anthropic", "claude-sonnet-4-5")
COVER = resize(Image(data.astronaut()), 1008, 1008, "bicubic").pixels
PAYLOAD = resize(Image(data.coffee()), 336, 336, "area").pixels


def verdict_on(picture: bytes):
    lone = Examined.by_itself(decode(picture), picture, default_profile())
    examined = Examined(lone.decoded, picture, lone.digest, lone.profile, TO.provider, TO.model)
    return conclude([ScalingDetector(RULES).examine(examined)], alpha=0.01)


def likeness(one, other) -> float:
    return float(np.corrcoef(one.astype(float).ravel(), other.astype(float).ravel())[0, 1])


@pytest.mark.parametrize("kernel", ["nearest", "bicubic"])
def test_a_payload_is_no_longer_shown_and_the_picture_is(kernel):
    hidden = encode_png(Image(hidden_in(COVER, PAYLOAD, kernel)))
    verdict = verdict_on(hidden)

    clear = without_hidden_parts(decode(hidden), verdict, RULES, TO)

    assert verdict.flags == ("scaling",)
    assert verdict_on(encode_png(clear.image)).flags == ()
    shown = shrunk(clear.image.pixels, 336, kernel)
    assert likeness(shown, shrunk(COVER, 336, kernel)) > 0.9
    assert likeness(shown, PAYLOAD) < likeness(shown, shrunk(COVER, 336, kernel)) - 0.3
    assert clear.whole_size == (1008, 1008)


def test_the_lines_of_hidden_text_are_smoothed_and_the_rest_stays():
    striped = np.full((400, 400, 3), 200, np.uint8)
    striped[:, ::4] -= 4
    decoded = decode(encode_png(Image(striped)))
    text = Evidence("hidden_text", 20.0, None, None, "", is_attack=True, boxes=((10, 10, 90, 30, 1.0),))

    clear = without_hidden_parts(decoded, conclude([text], alpha=0.01), RULES, TO).image.pixels

    assert np.ptp(clear[10:30, 10:90]) <= 1
    assert np.array_equal(clear[300:], striped[300:])


def test_where_nothing_hides_the_picture_stays_as_it_is():
    decoded = decode(encode_png(Image(COVER)))
    seen = Evidence("hidden_text", 3.0, None, None, "", boxes=((10, 10, 90, 30, 1.0),))
    noise = Evidence("residual", 3.0, 0.001, None, "", boxes=((10, 10, 90, 30, 1.0),))

    assert without_hidden_parts(decoded, conclude([seen], alpha=0.01), RULES, TO) is decoded
    assert without_hidden_parts(decoded, conclude([noise], alpha=0.01), RULES, TO) is decoded
    blank = replace(conclude([seen], alpha=0.01), evidence=())
    assert without_hidden_parts(decoded, blank, RULES, TO) is decoded
