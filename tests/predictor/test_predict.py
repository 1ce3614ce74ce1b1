import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from skimage import data

from calibration.image import Image, decode, encode_jpeg, resize
from calibration.known_profiles import resolve_profile
from calibration.profile import JndProfile, default_profile
from calibration.stimuli.registry import DISTORTIONS
from predictor.artifact import FILE_FIELDS, Part, default_directory, read_part, write_part
from predictor.guarantees.margin import KeptRate
from predictor.guarantees.risk_control import RiskLimit
from predictor.noticeability.model import LARGEST_RATIO
from predictor.noticeability.settings import Certainty, Interval, Link
from predictor.predict import Predictor
from predictor.views import model_view

PHOTOS = [Image(data.chelsea()), Image(data.coffee()), Image(data.rocket())]


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return Predictor.load()


@pytest.fixture(scope="module")
def embedded() -> JndProfile:
    return resolve_profile("embedded")


def with_thresholds(profile: JndProfile, factor: float, *names: str) -> JndProfile:
    changed = {
        name: replace(found, threshold=None if found.threshold is None else found.threshold * factor)
        if not names or name in names
        else found
        for name, found in profile.distortions.items()
    }
    return replace(profile, distortions=changed)


def distorted(photo: Image, name: str, level: float) -> Image:
    return DISTORTIONS[name].apply(model_view(photo, 96), level, np.random.default_rng(0))


@pytest.mark.parametrize("name", ["embedded", "nobody-knows-this-model"])
def test_identical_pictures_are_noticed_as_often_as_false_alarms(predictor: Predictor, name: str):
    profile = resolve_profile(name)

    found = predictor.notice(PHOTOS[0], PHOTOS[0], profile)

    assert found.jnd_ratio == 0.0
    assert predictor.excess(found, profile) == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("name", ["blur", "noise", "jpeg", "brightness", "webp"])
def test_more_damage_is_never_much_less_visible(predictor: Predictor, embedded: JndProfile, name: str):
    levels = np.geomspace(0.5, DISTORTIONS[name].levels, 10)
    for photo in PHOTOS:
        reference = model_view(photo, 96)

        found = predictor.notice_each(
            reference, [distorted(photo, name, float(level)) for level in levels], embedded
        )

        sizes = np.array([min(one.jnd_ratio, 4.0) for one in found])  # from there on, all is noticed
        assert sizes[-1] > sizes[0]
        assert (sizes[1:] >= 0.7 * np.maximum.accumulate(sizes)[:-1]).all()


def test_gross_damage_is_noticed(predictor: Predictor, embedded: JndProfile):
    found = predictor.notice(model_view(PHOTOS[0], 96), distorted(PHOTOS[0], "noise", 50), embedded)

    assert found.probability > 0.8
    assert found.jnd_ratio > 1


def test_a_model_with_twice_the_thresholds_needs_twice_the_change(predictor: Predictor, embedded: JndProfile):
    change = distorted(PHOTOS[0], "noise", 5)
    usual = predictor.notice(model_view(PHOTOS[0], 96), change, embedded)

    dull = predictor.notice(model_view(PHOTOS[0], 96), change, with_thresholds(embedded, 2.0))

    assert dull.jnd_ratio == pytest.approx(usual.jnd_ratio / 2, rel=1e-3)
    assert dull.probability <= usual.probability


def test_a_threshold_acts_on_its_own_distortion_most(predictor: Predictor, embedded: JndProfile):
    blind_to_blur = with_thresholds(embedded, 4.0, "blur")
    reference = model_view(PHOTOS[0], 96)

    def change(name: str, level: float) -> float:
        pair = reference, distorted(PHOTOS[0], name, level)
        before = predictor.notice(*pair, embedded).jnd_ratio
        return predictor.notice(*pair, blind_to_blur).jnd_ratio / before

    assert change("blur", 3) < 0.7
    assert change("brightness", 10) > 0.9


def test_candidates_are_judged_alike_alone_and_together(predictor: Predictor, embedded: JndProfile):
    candidates = [resize(PHOTOS[0], 225, 150), PHOTOS[0]]

    together = predictor.notice_each(PHOTOS[0], candidates, embedded)

    alone = [predictor.notice(PHOTOS[0], candidate, embedded) for candidate in candidates]
    assert [one.probability for one in together] == pytest.approx([one.probability for one in alone])


def test_no_candidates_no_answers(predictor: Predictor, embedded: JndProfile):
    assert predictor.notice_each(PHOTOS[0], [], embedded) == []


@pytest.mark.parametrize("floor", [0.02, 0.5, 0.938, 1.0])
@pytest.mark.parametrize("ceiling", [None, 0.3, 1.0])
def test_no_chance_learned_lies_beyond_one(floor: float, ceiling: float | None):
    learned = Certainty(1.0, 0.0, Interval((), (0.0,), (0.0,)), floor=floor, ceiling=ceiling)

    link = learned.over(Link(0.02, 0.98, 3.0))

    assert 0.0 <= link.floor < link.probability(0.0) < link.ceiling <= 1.0


@pytest.mark.parametrize("probability", [1e-6, 0.0010007722513581868, 0.5, 0.9])
def test_an_interval_of_no_width_still_holds_its_probability(probability: float):
    low, high = Interval((), (0.0,), (0.0,)).around(probability)

    assert low <= probability <= high


def test_the_interval_encloses_the_probability(predictor: Predictor, embedded: JndProfile):
    for level in (1, 4, 16):
        found = predictor.notice(model_view(PHOTOS[1], 96), distorted(PHOTOS[1], "blur", level), embedded)

        assert 0 <= found.low <= found.probability + 1e-6
        assert found.probability - 1e-6 <= found.high <= 1


def test_embedded_is_judged_at_its_own_input(predictor: Predictor, embedded: JndProfile):
    damaged = decode(encode_jpeg(PHOTOS[0], 15)).image

    found = predictor.notice(PHOTOS[0], damaged, embedded)

    assert found == predictor.notice(model_view(PHOTOS[0], 96), model_view(damaged, 96), embedded)
    assert found != predictor.notice(PHOTOS[0], damaged, replace(embedded, input_side=192))


@pytest.mark.parametrize("name", ["SmolVLM-256M", "deepseek-vl2-tiny", "llava-onevision-0.5b"])
def test_a_prior_read_off_malformed_replies_allows_no_more_damage_than_the_default(
    predictor: Predictor, name: str
):
    for photo in PHOTOS:
        damaged = decode(encode_jpeg(photo, 45)).image
        usual = predictor.notice(photo, damaged, default_profile())

        found = predictor.notice(photo, damaged, resolve_profile(name))

        assert found.jnd_ratio >= 0.97 * usual.jnd_ratio


@pytest.mark.parametrize("model", ["embedded", "gpt-4o", "unknown"])
@pytest.mark.parametrize("name", ["blur", "noise", "brightness", "jpeg", "mask", "rescale"])
def test_a_pair_means_the_same_in_either_order(predictor: Predictor, model: str, name: str):
    distortion = DISTORTIONS[name]
    damaged = distortion.apply(PHOTOS[0], distortion.levels / 4, np.random.default_rng(0))

    assert predictor.compare(PHOTOS[0], damaged, resolve_profile(model)) == predictor.compare(
        damaged, PHOTOS[0], resolve_profile(model)
    )


def test_a_pair_of_unlike_sizes_means_the_same_in_either_order(predictor: Predictor):
    small = resize(PHOTOS[0], PHOTOS[0].width // 2, PHOTOS[0].height // 2)

    found = predictor.compare(small, PHOTOS[0], default_profile())

    assert found == predictor.compare(PHOTOS[0], small, default_profile())
    assert found.jnd_ratio > 0


def test_a_picture_compared_with_itself_differs_by_nothing(predictor: Predictor):
    assert predictor.compare(PHOTOS[0], PHOTOS[0], default_profile()).jnd_ratio == 0.0


@pytest.mark.parametrize("name", ["blur", "noise", "contrast", "saturation"])
def test_who_knows_the_original_learns_much_the_same(predictor: Predictor, name: str):
    distortion, profile = DISTORTIONS[name], resolve_profile("embedded")
    threshold = profile.threshold_of(name) or 1.0
    damaged = distortion.apply(PHOTOS[0], threshold, np.random.default_rng(0))

    known = predictor.notice(PHOTOS[0], damaged, profile).jnd_ratio

    assert predictor.compare(PHOTOS[0], damaged, profile).jnd_ratio == pytest.approx(known, rel=0.15)


@pytest.mark.parametrize("model", ["embedded", "gpt-4o", "unknown"])
@pytest.mark.parametrize("name", ["blur", "noise", "contrast", "angle", "distance", "mask"])
def test_larger_damage_never_has_fewer_jnds(predictor: Predictor, model: str, name: str):
    distortion, profile = DISTORTIONS[name], resolve_profile(model)
    versions = [
        distortion.apply(PHOTOS[0], share * distortion.levels, np.random.default_rng(0))
        for share in (0.1, 0.25, 0.5, 0.75, 0.9, 1.0)
    ]

    ratios = [predictor.compare(PHOTOS[0], version, profile).jnd_ratio for version in versions]

    assert ratios == sorted(ratios)
    assert ratios[-1] <= LARGEST_RATIO


def with_margins(artifact: Path, margins: Mapping[str, Any]) -> Predictor:
    """Return the shipped artifact with other margins."""
    shutil.copytree(default_directory(), artifact)
    part = read_part(artifact, "people")
    kept = {name: value for name, value in part.card.items() if name not in {*FILE_FIELDS, "margins"}}
    write_part(artifact, "people", Part(part.tensors, {**kept, **margins}))
    return Predictor.load(artifact)


def test_margins_are_known_of_people_alone(embedded: JndProfile, tmp_path: Path):
    limit = RiskLimit(0.1, "expected", 0.05, None, 0.04, 100, {"photograph": 100}, "0" * 64)
    card = {"margins": {"jpeg": [KeptRate(0.05, (limit,)).to_card()]}}
    predictor, people = with_margins(tmp_path / "artifact", card), default_profile()

    assert predictor.margin(people, "jpeg").told(0.1) == pytest.approx(0.05)
    for profile, codec in ((embedded, "jpeg"), (resolve_profile("gpt-4o"), "jpeg"), (people, "webp")):
        assert predictor.margin(profile, codec).told(0.1) == 0.1


def test_an_artifact_without_margins_tells_what_is_judged(tmp_path: Path):
    predictor = with_margins(tmp_path / "artifact", {})

    assert predictor.margin(default_profile(), "jpeg").told(0.05) == 0.05
