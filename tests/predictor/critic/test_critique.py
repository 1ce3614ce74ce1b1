import pytest

from predictor.critic.critique import (
    OUTSIDE_TRAINING,
    Attributes,
    Critique,
    Ninth,
    QualityMap,
    place_name,
)

USUAL = Attributes(50, 50, 50, 5, 60)


def map_of(*scores: float) -> QualityMap:
    return QualityMap(tuple(Ninth(score) for score in scores))


def test_a_place_far_below_the_others_stands_out():
    quality_map = map_of(60, 61, 59, 60, 62, 60, 40, 60, 61)

    assert quality_map.worst == 6
    assert quality_map.gap == 20
    assert place_name(6) == "lower left"


@pytest.mark.parametrize(
    "scores",
    [
        (60,) * 9,
        (60, 61, 59, 60, 62, 60, 54, 60, 61),
        (90, 80, 70, 60, 50, 40, 30, 20, 10),
        (60, 60, 60, 60, 60, 20, 20, 20, 20),
    ],
)
def test_no_place_stands_out_of_even_quality_or_of_a_wide_spread(scores: tuple[float, ...]):
    assert map_of(*scores).worst is None


def test_nine_places_have_nine_names():
    names = [place_name(index) for index in range(9)]

    assert len(set(names)) == 9
    assert (names[0], names[4], names[8]) == ("upper left", "centre", "lower right")


def test_a_map_has_nine_places():
    with pytest.raises(ValueError, match="got 8"):
        map_of(*(60,) * 8)


@pytest.mark.parametrize(
    ("mos", "interval", "probability", "reason"),
    [
        (101, (90, 101), 0.5, None),
        (float("nan"), (40, 60), 0.5, None),
        (50, (55, 60), 0.5, None),
        (50, (40, 60), 1.5, None),
        (50, (40, 60), None, None),
        (50, (40, 60), 0.5, OUTSIDE_TRAINING),
    ],
)
def test_numbers_out_of_range_are_refused(
    mos: float, interval: tuple[float, float], probability: float | None, reason: str | None
):
    with pytest.raises(ValueError, match="expected"):
        Critique(mos, interval, USUAL, None, probability, generated_reason=reason)


def test_attributes_out_of_range_are_refused():
    with pytest.raises(ValueError, match="noisiness"):
        Attributes(50, 50, 50, -1, 50)
