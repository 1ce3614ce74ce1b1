import dataclasses
import io

import numpy as np
import pytest
from PIL import Image as PillowImage
from skimage import data
from sklearn.datasets import load_sample_image

from calibration.image import Image, decode, encode_jpeg, encode_png, encode_webp
from predictor.artifact import ArtifactError, Part, default_directory, read_part
from predictor.learning.residual.forging import attack, patch_network
from predictor.residual.detector import PictureTooSmallError, ResidualDetector
from predictor.residual.strata import STRATA

PHOTOGRAPHS = ("chelsea", "coffee", "astronaut", "china", "flower")


def photograph(name):
    return load_sample_image(f"{name}.jpg") if name in ("china", "flower") else getattr(data, name)()


@pytest.fixture(scope="module")
def part():
    return read_part(default_directory(), "residual")


@pytest.fixture(scope="module")
def detector(part):
    return ResidualDetector.from_part(part)


def find(detector, data_bytes):
    decoded = decode(data_bytes)
    return detector.find(decoded.image, decoded.source)


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_well_known_clean_photographs_are_not_flagged(detector, name):
    image = Image(np.ascontiguousarray(photograph(name)))

    assert find(detector, encode_png(image)).p_value > 0.01
    assert find(detector, encode_jpeg(image, 90)).p_value > 0.01


@pytest.mark.parametrize("name", ["chelsea", "coffee", "astronaut"])
def test_an_attack_of_eight_levels_through_a_small_input_is_flagged(detector, name):
    pixels = np.ascontiguousarray(photograph(name))
    network = patch_network(side=96, patch=16, seed=99)
    added = attack(network, pixels[None], eps=8, steps=6, method="pgd", rng=np.random.default_rng(0))
    image = Image(np.clip(pixels + added[0], 0, 255).astype(np.uint8))

    finding = find(detector, encode_png(image))

    assert finding.p_value <= 0.01
    assert "flat areas" in finding.explanation
    assert finding.stratum == "lossless"


def test_the_file_format_chooses_the_stratum(detector):
    image = Image(data.astronaut())

    assert find(detector, encode_png(image)).stratum == "lossless"
    assert find(detector, encode_jpeg(image, 90)).stratum == "fine JPEG"
    assert find(detector, encode_jpeg(image, 80)).stratum == "coarse JPEG"
    assert find(detector, encode_webp(image, 80)).stratum == "other lossy"


def test_the_same_picture_gets_the_same_finding(detector):
    encoded = encode_png(Image(data.chelsea()))

    assert find(detector, encoded) == find(detector, encoded)


def test_arrays_survive_a_round_trip(detector, part):
    again = ResidualDetector.from_part(Part(detector.to_tensors(), part.card))
    encoded = encode_png(Image(data.chelsea()))

    assert find(again, encoded) == find(detector, encoded)


def test_arrays_that_do_not_fit_are_refused(part):
    without_trees = {name: value for name, value in part.tensors.items() if not name.startswith("trees.")}

    with pytest.raises(ArtifactError, match="trees"):
        ResidualDetector.from_part(dataclasses.replace(part, tensors=without_trees))


def test_every_stratum_has_enough_pictures_for_a_tenth_of_one_in_a_hundred(detector):
    assert min(detector.calibration_sizes().values()) >= 1000


def saved(picture, kind, **options):
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def reduced_and_turned(picture):
    """To 600 x 450 and q91 4:4:4, turned by 90 degrees, q93 4:2:0."""
    first = saved(
        picture.resize((600, 450), PillowImage.Resampling.LANCZOS), "JPEG", quality=91, subsampling=0
    )
    turned = PillowImage.open(io.BytesIO(first)).transpose(PillowImage.Transpose.ROTATE_90)
    return saved(turned, "JPEG", quality=93, subsampling=2)


KINDS = {
    "turned": reduced_and_turned,
    "web colours": lambda picture: saved(picture.convert("P"), "GIF"),
    "own colours": lambda picture: saved(picture.quantize(64), "PNG"),
    "one bit": lambda picture: saved(picture.convert("1"), "PNG"),
    "thumbnail": lambda picture: saved(picture.resize((160, 120)), "JPEG", quality=85),
}


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_pictures_that_have_travelled_are_not_flagged(detector, name, kind):
    picture = PillowImage.fromarray(photograph(name)).convert("RGB")

    assert find(detector, KINDS[kind](picture)).p_value > 0.01


def test_of_a_picture_below_96_pixels_nothing_is_said(detector):
    with pytest.raises(PictureTooSmallError, match="at least 96 x 96"):
        find(detector, encode_png(Image(np.ascontiguousarray(data.astronaut()[:95, :300]))))


def test_the_card_lists_the_strata_and_their_sizes(detector, part):
    assert part.card["calibration"]["strata"] == detector.calibration_sizes()
    assert set(detector.calibration_sizes()) == set(STRATA)


@pytest.mark.parametrize("measures", [["noise_luma_10", "taken_by_a_later_program"], None])
def test_a_part_that_wants_measures_unknown_here_is_refused_with_a_reason(part, measures):
    card = {**part.card, "measures": measures}

    with pytest.raises(ArtifactError, match="does not fit this program"):
        ResidualDetector.from_part(dataclasses.replace(part, card=card))


@pytest.mark.parametrize("group", ["calibration", "normal"])
def test_a_part_that_lacks_a_stratum_is_refused_with_a_reason(part, group):
    missing = f"{group}.{STRATA[1]}"
    fewer = {name: value for name, value in part.tensors.items() if name != missing}

    with pytest.raises(ArtifactError, match="expected arrays of the strata"):
        ResidualDetector.from_part(dataclasses.replace(part, tensors=fewer))
