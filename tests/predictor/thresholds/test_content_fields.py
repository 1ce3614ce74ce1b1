import cv2
import numpy as np
import pytest

from calibration.image import Image, decode, encode_jpeg
from calibration.opponent import OPPONENT
from calibration.stimuli.registry import DISTORTIONS
from predictor.thresholds.content_fields import FIELDS_OF, fields_of

SIDE = 96


def textured(seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    coarse = cv2.resize(rng.uniform(40, 210, (12, 12, 3)), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    return np.clip(coarse + rng.normal(0, 6, coarse.shape), 0, 255).astype(np.uint8).astype(np.float32)


def fields(pixels: np.ndarray) -> dict[str, np.ndarray]:
    pixels = pixels.astype(np.float32)
    return fields_of(pixels, pixels @ OPPONENT.T)


def strength(field: np.ndarray) -> float:
    return float(np.sqrt(np.mean(field**2)))


PICTURE = textured()
FIELDS = fields(PICTURE)
FLAT = fields(np.full((SIDE, SIDE, 3), 100.0))


def test_every_family_of_pictures_is_judged_by_fields_that_exist():
    assert set(FIELDS_OF) == set(DISTORTIONS)
    assert {name for names in FIELDS_OF.values() for name in names} == set(FIELDS)


def test_fields_have_the_shape_of_the_picture_and_are_finite():
    assert {field.shape for field in FIELDS.values()} == {(SIDE, SIDE, 3)}
    assert all(np.isfinite(field).all() for field in FIELDS.values())


@pytest.mark.parametrize("name", ["gain", "fade", "soft", "softer", "shrink", "shrink more", "pan", "zoom"])
def test_what_needs_structure_or_colour_changes_nothing_of_a_flat_grey(name: str):
    assert np.abs(FLAT[name]).max() < 1e-3


@pytest.mark.parametrize(
    ("weaker", "stronger"),
    [("soft", "softer"), ("codec", "coarse codec"), ("tones", "coarse tones"), ("shrink", "shrink more")],
)
def test_of_two_strengths_the_stronger_changes_more(weaker: str, stronger: str):
    assert 0 < strength(FIELDS[weaker]) < strength(FIELDS[stronger])


def test_a_lift_is_light_alone_and_stops_at_white():
    assert FLAT["lift"][0, 0] == pytest.approx([20, 0, 0], abs=1e-2)
    assert np.abs(fields(np.full((SIDE, SIDE, 3), 255.0))["lift"]).max() == 0


def test_a_pan_is_a_shift_by_a_fraction_of_a_pixel():
    opponent = cv2.GaussianBlur(PICTURE, (0, 0), 3) @ OPPONENT.T
    moved = cv2.warpAffine(
        opponent, np.float32([[1, 0, -0.3], [0, 1, 0]]), (SIDE, SIDE), flags=cv2.INTER_LINEAR
    )

    pan = fields(cv2.GaussianBlur(PICTURE, (0, 0), 3))["pan"]

    inside = np.s_[4:-4, 4:-4, 0]
    assert np.corrcoef(pan[inside].ravel(), (moved - opponent)[inside].ravel())[0, 1] > 0.98


@pytest.mark.parametrize(("name", "quality"), [("codec", 85), ("coarse codec", 42)])
def test_the_codec_errs_as_jpeg_of_that_quality_does(name: str, quality: int):
    delivered = decode(encode_jpeg(Image(PICTURE.astype(np.uint8)), quality)).image.pixels
    true = (delivered.astype(np.float32) - PICTURE) @ OPPONENT.T

    assert strength(FIELDS[name]) == pytest.approx(strength(true), rel=0.2)
    assert np.corrcoef(FIELDS[name][..., 0].ravel(), true[..., 0].ravel())[0, 1] > 0.7


@pytest.mark.parametrize(("name", "family"), [("code", "qr"), ("message", "text")])
def test_a_watermark_is_that_of_the_distortion_at_its_strongest(name: str, family: str):
    distortion = DISTORTIONS[family]
    marked = distortion.apply(Image(PICTURE.astype(np.uint8)), distortion.levels, np.random.default_rng(0))

    true = (marked.pixels.astype(np.float32) - PICTURE) @ OPPONENT.T

    assert np.abs(FIELDS[name] - true).max() < 2.5  # grey levels: rounding


def test_the_fields_of_a_picture_are_not_of_its_neighbour():
    other = fields(textured(1))

    assert np.array_equal(other["grain"], FIELDS["grain"])  # noise is the same whatever it lies on
    assert not np.allclose(other["soft"], FIELDS["soft"])
