import json
import math
from dataclasses import replace

import pytest
import torch

from calibration.profile import default_profile
from predictor.artifact import ArtifactError, Part, default_directory, read_part
from predictor.learning.dataset import FAMILIES
from predictor.noticeability.model import NoticeabilityModel, link_of, log_thresholds
from predictor.noticeability.settings import Certainty, Interval, Settings, settings_from_card

SETTINGS = Settings(("blur", "noise"), (1.0, 4.0), 1.0, Interval((0.5,), (-1.0, -2.0), (1.0, 2.0)))


def test_floor_comes_from_the_profile():
    assert link_of(replace(default_profile(), false_alarm=0.07)).floor == 0.07


def test_measured_distortions_tell_the_floor_their_fits_count_stated_chances():
    blur, noise = (default_profile().distortions[name] for name in ("blur", "noise"))
    measured = {
        "blur": replace(blur, status="measured", false_alarm=0.1),
        "noise": replace(noise, status="measured", false_alarm=0.1),
    }

    assert link_of(replace(default_profile(), distortions=measured, false_alarm=0.0)).floor == 0.1


def test_assumed_profiles_get_usual_values():
    link = link_of(default_profile())

    assert (link.floor, link.ceiling, link.steepness) == (0.02, 0.98, 3.0)


def test_answers_to_perturbed_prompts_move_no_link():
    blur = replace(default_profile().distortions["blur"], status="measured", false_alarm=0.1, hit_at_max=0.9)
    words = replace(blur, false_alarm=0.2, hit_at_max=0.3, slope=None)
    pictures = replace(default_profile(), distortions={"blur": blur})

    both = replace(pictures, distortions={"blur": blur, "prompt-words": words})

    assert link_of(both) == link_of(pictures)


def test_the_best_hit_rate_is_the_ceiling_and_flat_pooled_slopes_are_hardly_believed():
    blur, noise = (default_profile().distortions[name] for name in ("blur", "noise"))
    measured = {
        "blur": replace(blur, status="measured", slope=1.0, hit_at_max=0.8),
        "noise": replace(noise, status="measured", slope=1.0, hit_at_max=0.97),
    }

    link = link_of(replace(default_profile(), distortions=measured))

    assert link.ceiling == 0.97
    assert link.steepness == pytest.approx(3.0**0.75)


def test_thresholds_are_relative_and_gaps_take_the_mean():
    profile = default_profile()
    blur = replace(profile.distortions["blur"], threshold=2.0)
    blind = replace(profile.distortions["noise"], threshold=None, status="unmeasurable")

    found = log_thresholds(replace(profile, distortions={"blur": blur, "noise": blind}), SETTINGS)

    assert found == pytest.approx([math.log(2), math.log(2)])


def test_rough_thresholds_count_as_measured_and_blunt_ones_only_by_their_level():
    blur, noise = (default_profile().distortions[name] for name in ("blur", "noise"))
    known = {
        "blur": replace(blur, status="rough", threshold=2.0, slope=1.0, hit_at_max=0.8),
        "noise": replace(noise, status="blunt", threshold=8.0, slope=6.0, hit_at_max=0.6),
    }
    profile = replace(default_profile(), distortions=known)

    assert link_of(profile) == link_of(replace(profile, distortions={"blur": known["blur"]}))
    assert profile.threshold_of("noise") == 8.0


def test_a_profile_without_thresholds_is_taken_for_human():
    assert log_thresholds(replace(default_profile(), distortions={}), SETTINGS) == [0.0, 0.0]


def test_arrays_of_another_network_are_refused():
    shipped = read_part(default_directory(), "noticeability")

    with pytest.raises(ArtifactError, match="does not fit"):
        NoticeabilityModel.from_part(Part({"weights": torch.zeros(2)}, shipped.card))


def test_a_card_without_settings_is_refused():
    shipped = read_part(default_directory(), "noticeability")

    with pytest.raises(ArtifactError, match="settings"):
        NoticeabilityModel.from_part(Part(shipped.tensors, {}))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["usual_pattern"], [1, 2]),
        (["usual_pattern"], "far"),
        (["human_thresholds"], []),
        (["human_thresholds"], [0.0] * len(FAMILIES)),
        (["human_thresholds"], None),
        (["strangers", "interval", "below"], []),
        (["strangers", "interval", "below"], "xxxxxxx"),
        (["strangers", "interval", "below"], [0.5] * 6),
        (["strangers", "interval", "above"], [math.inf] * 6),
        (["strangers", "interval", "edges"], [0.95, 0.8, 0.5, 0.2, 0.05]),
        (["interval", "above"], [0.5]),
        (["strangers", "log_scale"], math.nan),
        (["strangers", "steepness_factor"], None),
        (["steepness_factor"], math.nan),
        (["steepness_factor"], -1),
        (["steepness_factor"], 10**400),
        (["known_models"], None),
        (["known_models"], {"a": {}}),
        (["strangers", "threshold_shifts"], [0.1]),
        (["strangers", "threshold_shifts"], [math.nan] * len(FAMILIES)),
        (["strangers", "floor"], 1.5),
        (["strangers", "ceiling"], "high"),
        ([], None),
        ([], []),
    ],
)
def test_damaged_settings_are_refused_on_loading(path: list[str], value: object):
    shipped = read_part(default_directory(), "noticeability")
    card = json.loads(json.dumps(dict(shipped.card)))
    *way, last = ["settings", *path]
    entry = card
    for name in way:
        entry = entry[name]
    entry[last] = value

    with pytest.raises(ArtifactError, match="does not fit"):
        NoticeabilityModel.from_part(Part(shipped.tensors, card))


def test_the_settings_that_ship_are_sound():
    shipped = read_part(default_directory(), "noticeability")

    assert settings_from_card(shipped.card["settings"]).families == FAMILIES
    assert NoticeabilityModel.from_part(shipped)


def test_a_model_known_by_profile_alone_is_judged_less_surely():
    wide = Certainty(0.5, 0.1, Interval((), (-3.0,), (3.0,)))
    sharp = Certainty(2.0, 0.0, SETTINGS.interval)
    settings = replace(SETTINGS, known_models={"met": sharp}, strangers=wide)

    assert settings.certainty_of(replace(default_profile(), model="met")) == sharp
    assert settings.certainty_of(default_profile()) == wide
