import cv2
import numpy as np
from skimage import data

from calibration.image import Image, decode, encode_jpeg
from gateway.detection.evidence_places import places_of_change, places_of_grounds, places_of_payload
from gateway.detection.grounds import Grounds
from gateway.detection.places import map_of
from gateway.providers.sizes import Size

PHOTOGRAPH = Image(np.ascontiguousarray(data.astronaut()))


def weight_in(boxes, image, place):
    weights = map_of(boxes, image.width, image.height)
    inside = np.zeros(weights.shape, bool)
    inside[place] = True
    return float(weights[inside].mean()), float(weights[~inside].mean())


def test_a_faint_spot_is_found_where_it_is_beside_a_codecs_errors():
    pixels = PHOTOGRAPH.pixels.astype(np.int16)
    pixels[320:416, 64:160] += 6
    version = decode(encode_jpeg(Image(np.clip(pixels, 0, 255).astype(np.uint8)), 92)).image

    there, elsewhere = weight_in(places_of_change(PHOTOGRAPH, version), version, np.s_[20:26, 4:10])

    assert there > 0.5
    assert elsewhere < 0.1


def test_noise_everywhere_lies_everywhere():
    noise = np.random.default_rng(0).choice([-6, 6], PHOTOGRAPH.pixels.shape)
    version = Image(np.clip(PHOTOGRAPH.pixels + noise, 0, 255).astype(np.uint8))

    boxes = places_of_change(PHOTOGRAPH, version)

    assert (map_of(boxes, version.width, version.height) > 0).mean() > 0.4


def test_a_payload_in_a_corner_is_found_there():
    grey = cv2.cvtColor(cv2.resize(PHOTOGRAPH.pixels, (896, 896)), cv2.COLOR_RGB2GRAY)
    grey = cv2.GaussianBlur(grey, (0, 0), 3)
    grey[450::4, 450::4] = 255 - grey[450::4, 450::4]

    boxes = places_of_payload(grey, Size(224, 224))

    there, elsewhere = weight_in(boxes, Image(np.zeros((896, 896, 3), np.uint8)), np.s_[28:, 28:])
    assert there > 0.4
    assert elsewhere < 0.1


def test_what_only_black_shows_is_found_in_its_place():
    colours = np.full((320, 320, 3), 255, np.uint8)
    opacity = np.zeros((320, 320), np.uint8)
    cv2.putText(opacity, "hidden", (20, 280), cv2.FONT_HERSHEY_SIMPLEX, 2, 255, 5)

    boxes = places_of_grounds(Grounds.of(colours, opacity))

    there, elsewhere = weight_in(boxes, Image(colours), np.s_[12:, :])
    assert there > 5 * elsewhere
