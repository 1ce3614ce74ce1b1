from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from skimage import data

from calibration.image import Image, decode, encode_jpeg, encode_png
from calibration.profile import default_profile
from gateway.detection.hidden_text import HiddenTextDetector
from gateway.detection.inspector import Inspector, name_of
from gateway.detection.near_duplicate import NearDuplicateDetector
from gateway.detection.protocol import Examined, NotExaminableError
from gateway.detection.residual import ResidualDetector
from gateway.detection.verdict import Evidence
from gateway.errors import ImageTimeoutError
from gateway.memory.seen_pictures import SeenPictures
from predictor.learning.residual.forging import attack, patch_network
from predictor.predict import Predictor

PREDICTOR = Predictor.load()
PROFILE = default_profile()


def inspect(inspector, encoded, tenant=""):
    examined = replace(Examined.by_itself(decode(encoded), encoded, PROFILE), tenant=tenant)
    return inspector.inspect(examined)


def both_detectors(max_entries=100):
    seen = SeenPictures(max_entries, 60.0, lambda: 0.0)
    return Inspector([ResidualDetector(PREDICTOR), NearDuplicateDetector(PREDICTOR, seen)], 0.01)


@pytest.fixture
def inspector():
    return both_detectors()


class RareModelDetector:
    """A kind of evidence nobody thought of: it knows who the image is for."""

    def examine(self, examined):
        if examined.provider != "rare":
            raise NotExaminableError("Not for this provider.")
        return Evidence(
            "rare", 1.0, 0.001, 0.2, f"{examined.model} should not see {len(examined.digest)} bytes."
        )


def test_a_detector_of_ones_own_is_one_class_and_one_entry_of_the_list():
    encoded = encode_png(Image(data.chelsea()))
    inspector = Inspector([ResidualDetector(PREDICTOR), RareModelDetector()], 0.01)
    examined = Examined.by_itself(decode(encoded), encoded, PROFILE)

    usual = inspector.inspect(examined)
    rare = inspector.inspect(replace(examined, provider="rare", model="m"))

    assert [found.kind for found in usual.evidence] == ["residual"]
    assert [found.kind for found in rare.evidence] == ["residual", "rare"]
    assert rare.outcome == "imperceptible_edit"
    assert "m should not see 32 bytes" in rare.explanation


class QuietDetector:
    """Never has anything to go by."""

    def examine(self, examined):  # noqa: ARG002 - the seam's signature
        return None


def test_an_image_of_which_nobody_has_anything_to_go_by_is_unchecked_and_says_so():
    encoded = encode_png(Image(data.chelsea()))
    examined = Examined.by_itself(decode(encoded), encoded, PROFILE)

    quiet, idle = (Inspector(detectors, 0.01).inspect(examined) for detectors in ([QuietDetector()], []))

    assert quiet == idle
    assert (quiet.outcome, quiet.explanation) == ("unchecked", "No detector had anything to go by.")


def test_where_no_detector_can_examine_all_their_reasons_are_told():
    encoded = encode_png(Image(np.zeros((20, 20, 3), np.uint8)))
    inspector = Inspector([ResidualDetector(PREDICTOR), RareModelDetector()], 0.01)

    verdict = inspector.inspect(Examined.by_itself(decode(encoded), encoded, PROFILE))

    assert verdict.outcome == "unchecked"
    assert "Too small" in verdict.explanation
    assert "Not for this provider." in verdict.explanation


def test_a_picture_too_small_for_one_detector_is_judged_by_the_others():
    encoded = encode_png(Image(data.chelsea()[:64, :64].copy()))
    inspector = Inspector([ResidualDetector(PREDICTOR), HiddenTextDetector()], 0.01)

    verdict = inspect(inspector, encoded)

    assert (verdict.outcome, verdict.flags) == ("clean", ())
    assert "No text hides" in verdict.explanation
    assert "Too small to examine" in verdict.explanation


class BrokenDetector:
    """Meets a file that its author never thought of."""

    def __init__(self, error=ZeroDivisionError):
        self.error = error

    def examine(self, examined):
        raise self.error(f"the secret of {examined.digest!r}")


@pytest.mark.parametrize("error", [ZeroDivisionError, MemoryError, RecursionError, TimeoutError, KeyError])
def test_a_detector_that_breaks_costs_its_own_evidence_and_is_named(error, caplog):
    encoded = encode_png(Image(data.chelsea()))
    whole, broken = (
        inspect(Inspector([*first, ResidualDetector(PREDICTOR)], 0.01), encoded)
        for first in ([], [BrokenDetector(error)])
    )

    assert broken.evidence == whole.evidence
    assert (broken.outcome, broken.p_value, broken.flags) == (whole.outcome, whole.p_value, whole.flags)
    assert broken.failures == ("broken",)
    assert broken.explanation.endswith("The detector broken failed.")
    assert f"broken failed: {error.__name__} at tests.gateway.detection.test_inspector:" in caplog.text
    assert "secret" not in caplog.text + broken.explanation


def test_where_a_detector_broke_and_nothing_else_counts_the_image_is_unchecked():
    encoded = encode_png(Image(data.chelsea()))
    informs = [SimpleNamespace(examine=lambda _: Evidence("container", 0.0, None, None, "Many frames."))]

    verdicts = [
        inspect(Inspector([BrokenDetector(), *others], 0.01), encoded)
        for others in ([], [QuietDetector()], informs)
    ]

    assert {verdict.outcome for verdict in verdicts} == {"unchecked"}
    assert {verdict.failures for verdict in verdicts} == {("broken",)}
    assert {verdict.explanation for verdict in verdicts} == {"The detector broken failed."}


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, ImageTimeoutError])
def test_what_concerns_more_than_one_detector_is_not_held_back(error):
    inspector = Inspector([SimpleNamespace(examine=lambda _: raised(error))], 0.01)

    with pytest.raises(error):
        inspect(inspector, encode_png(Image(data.chelsea())))


def raised(error):
    raise error


def test_no_further_detector_is_asked_once_nobody_waits():
    encoded = encode_png(Image(data.chelsea()))
    examined = replace(
        Examined.by_itself(decode(encoded), encoded, PROFILE), check_time=lambda: raised(ImageTimeoutError)
    )

    with pytest.raises(ImageTimeoutError):
        Inspector([SimpleNamespace(examine=lambda _: pytest.fail("asked"))], 0.01).inspect(examined)


def test_a_detector_goes_by_what_its_class_is_named_after():
    assert [name_of(each) for each in (ResidualDetector(PREDICTOR), RareModelDetector())] == [
        "residual",
        "rare_model",
    ]


def test_a_clean_photograph_is_clean(inspector):
    verdict = inspect(inspector, encode_jpeg(Image(data.chelsea()), 90))

    assert verdict.outcome == "clean"
    assert [item.kind for item in verdict.evidence] == ["residual"]


def test_a_perturbed_photograph_is_flagged_at_first_sight(inspector):
    pixels = data.chelsea()
    network = patch_network(side=96, patch=16, seed=7)
    added = attack(network, pixels[None], eps=8, steps=6, method="pgd", rng=np.random.default_rng(0))

    verdict = inspect(inspector, encode_png(Image(np.clip(pixels + added[0], 0, 255).astype(np.uint8))))

    assert verdict.outcome == "imperceptible_edit"
    assert verdict.p_value <= 0.01
    assert verdict.jnd_ratio is None


def test_a_large_edit_of_a_known_picture_is_noticeable(inspector):
    pixels = data.chelsea().copy()
    inspect(inspector, encode_png(Image(pixels)))
    pixels[100:200, 150:300] = np.clip(pixels[100:200, 150:300].astype(int) + 70, 0, 255)

    verdict = inspect(inspector, encode_png(Image(pixels)))

    assert verdict.outcome == "noticeable_edit"
    assert verdict.jnd_ratio >= 1


SHAPES = [(1, 1), (1, 10_000), (10_000, 1), (47, 48), (95, 96), (95, 131), (96, 96), (97, 700)]


def made_up(kind, shape):
    """Draw pixels that no camera makes: one colour, grey noise or coloured noise."""
    if kind == "flat":
        return np.full((*shape, 3), 100, np.uint8)
    noise = np.random.default_rng(1).integers(0, 256, (*shape, 1 if kind == "grey" else 3), dtype=np.uint8)
    return np.ascontiguousarray(np.broadcast_to(noise, (*shape, 3)))


@pytest.mark.parametrize("kind", ["flat", "grey", "noise"])
@pytest.mark.parametrize("shape", SHAPES)
def test_at_first_sight_a_small_picture_is_unchecked_a_flat_one_clean_and_pure_noise_flagged(
    inspector, shape, kind
):
    verdict = inspect(inspector, encode_png(Image(made_up(kind, shape))))

    if min(shape) < 96:
        assert (verdict.outcome, verdict.evidence) == ("unchecked", ())
        assert "small" in verdict.explanation
    else:
        assert verdict.outcome == ("clean" if kind == "flat" else "imperceptible_edit")
        assert [item.kind for item in verdict.evidence] == ["residual"]


@pytest.mark.parametrize("kind", ["flat", "grey", "noise"])
@pytest.mark.parametrize("shape", SHAPES)
def test_the_outcome_of_a_changed_picture_follows_from_its_evidence(inspector, shape, kind):
    pixels = made_up(kind, shape)
    inspect(inspector, encode_png(Image(pixels)))

    verdict = inspect(inspector, encode_png(Image(np.clip(pixels, 0, 254) + np.uint8(1))))

    is_flagged = verdict.p_value <= 0.01
    is_large = verdict.jnd_ratio is not None and verdict.jnd_ratio >= 1
    edit = "noticeable_edit" if is_large else "imperceptible_edit"
    expected = "unchecked" if not verdict.evidence else edit if is_flagged else "clean"
    assert verdict.outcome == expected
    assert verdict.p_value >= min((item.p_value for item in verdict.evidence), default=1.0)
    assert verdict.explanation


def test_the_same_bytes_are_judged_alike_twice(inspector):
    encoded = encode_png(Image(made_up("noise", (97, 700))))

    assert inspect(inspector, encoded) == inspect(inspector, encoded)


def test_alpha_outside_its_range_is_refused():
    with pytest.raises(ValueError, match="alpha"):
        Inspector([], 0.0)
