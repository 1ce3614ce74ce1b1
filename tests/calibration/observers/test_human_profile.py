from dataclasses import replace

import pytest

from calibration.observers.human import NAME
from calibration.observers.human_profile import JUDGED, people_profile
from calibration.profile import JndProfile, Threshold, default_profile
from calibration.stimuli.registry import DISTORTIONS

MEASURED = JndProfile(
    model=NAME,
    source="measured",
    distortions={
        name: Threshold("measured", 7.5, 1.0, 7.0, 8.0, 2.5, 0.01, 0.99, 100) for name in (*JUDGED, "rescale")
    },
    details={"seed": 1},
)


def test_what_the_metric_can_judge_is_taken_and_named_a_proxy():
    found = people_profile(MEASURED)

    assert found.source == "default"
    for name in JUDGED:
        assert (found.distortions[name].threshold, found.distortions[name].slope) == (7.5, 2.5)
        assert found.distortions[name].status == "assumed"
        assert found.distortions[name].reason.startswith("proxy: human-ssimulacra2")


def test_what_it_cannot_judge_keeps_the_paper_s_row_even_where_it_was_asked():
    found = people_profile(MEASURED)

    rest = set(DISTORTIONS) - set(JUDGED)
    assert found.distortions["rescale"].threshold == 8.0
    assert found.distortions["mask"].threshold == 1.02
    assert all(found.distortions[name].reason.startswith("assumed") for name in rest)


def test_the_profile_that_ships_was_made_so():
    shipped = default_profile()

    again = people_profile(
        JndProfile(
            model=NAME,
            source="measured",
            distortions={name: replace(shipped.distortions[name], status="measured") for name in JUDGED},
        )
    )

    assert again.distortions == shipped.distortions


@pytest.mark.parametrize(
    ("profile", "said"),
    [
        (replace(MEASURED, model="gpt-4o"), "expected a calibration of human-ssimulacra2, got one of gpt-4o"),
        (replace(MEASURED, distortions={}), "lacks blur, brightness"),
    ],
)
def test_another_model_s_or_half_a_calibration_is_refused(profile: JndProfile, said: str):
    with pytest.raises(ValueError, match=said):
        people_profile(profile)
