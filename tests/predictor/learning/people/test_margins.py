import shutil
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit, logit

from predictor.artifact import default_directory, read_part
from predictor.guarantees.margin import Margin, margins_from_card
from predictor.learning.people.judged import QUALITIES, Judged
from predictor.learning.people.margins import choices, keep_rates, write_margins


def made_up(rng: np.random.Generator, *, pictures: int = 300, too_careful: float = 0.0) -> Judged:
    """Pictures of unlike ease; the network judges with noise, and by so many log odds too carefully."""
    ease = rng.normal(0.0, 0.8, (pictures, 1))
    people = 2.0 - (np.array(QUALITIES) - 50.0) / 7.0 - ease
    network = [people + too_careful + rng.normal(0.0, 0.4, (pictures, 1)) for _ in range(2)]
    names = np.array([str(number) for number in range(pictures)])
    return Judged(names, expit(network[0]), expit(people), expit(network[1]), expit(people))


def realised(judged: Judged, limit: float) -> float:
    """What people notice in the mean where the lightest quality within the limit is sent."""
    by_network, by_people = judged.of("jpeg")
    sent = [
        people[np.flatnonzero(row <= limit)[0]] if (row <= limit).any() else 0.0
        for row, people in zip(by_network, by_people, strict=True)
    ]
    return float(np.mean(sent))


@pytest.mark.parametrize("too_careful", [-1.0, 0.0, 1.0])
def test_the_mean_chance_on_other_pictures_is_at_most_the_rate(too_careful: float):
    rng = np.random.default_rng(5)
    found: dict[float, list[float]] = {0.05: [], 0.2: []}
    for _ in range(12):
        for each in keep_rates(made_up(rng, too_careful=too_careful), "jpeg"):
            if each.rate in found:
                others = made_up(rng, too_careful=too_careful)
                found[each.rate].append(realised(others, each.judged or 0.0))

    assert 0.03 < np.mean(found[0.05]) <= 0.05
    assert 0.13 < np.mean(found[0.2]) <= 0.2


def test_the_network_s_own_limit_would_break_the_promise_where_it_is_careless():
    careless = made_up(np.random.default_rng(2), too_careful=-1.0)

    assert realised(careless, 0.05) > 0.08


def test_a_careful_network_is_given_more_room():
    rng = np.random.default_rng(3)
    limits = [
        [each.judged or 0.0 for each in keep_rates(made_up(rng, too_careful=care), "webp")]
        for care in (-1.0, 0.0, 1.0)
    ]

    assert all(low < middle < high for low, middle, high in zip(*limits, strict=True))


def test_few_versions_that_are_much_worse_bind_where_the_mean_hides_them():
    judged = made_up(np.random.default_rng(4))
    odds = logit(judged.jpeg_people)
    odds[::12] += 3.0  # one picture in twelve, unknown to the network
    fooled = Judged(judged.photos, judged.jpeg, expit(odds), judged.webp, judged.webp_people)

    in_the_mean, one_by_one = keep_rates(fooled, "jpeg")[0].limits

    assert (one_by_one.knob or 0.0) < 0.8 * (in_the_mean.knob or 0.0)
    assert keep_rates(fooled, "jpeg")[0].judged == one_by_one.knob


def test_too_few_pictures_are_told():
    with pytest.raises(ValueError, match="expected more than 15 pictures: no limit of jpeg keeps"):
        keep_rates(made_up(np.random.default_rng(0), pictures=15), "jpeg")


def test_nothing_is_sent_where_no_quality_is_within_the_limit():
    judged = made_up(np.random.default_rng(6), pictures=3)
    hopeless = Judged(
        judged.photos,
        np.full_like(judged.jpeg, 0.9),
        np.ones_like(judged.jpeg),
        judged.webp,
        judged.webp_people,
    )

    assert not choices(hopeless, "jpeg").people[:, 0].any()


def test_limits_are_written_beside_the_arrays_with_what_they_rest_on(tmp_path: Path):
    artifact = tmp_path / "artifact"
    shutil.copytree(default_directory(), artifact)
    before = read_part(artifact, "people")

    limits = write_margins(artifact, made_up(np.random.default_rng(0)))

    after = read_part(artifact, "people")
    margin = margins_from_card(after.card)["jpeg"]
    assert after.card["sha256"] == before.card["sha256"]
    assert margin.told(limits["jpeg"][0] or 0.0) == pytest.approx(0.05)
    assert Margin.from_card(after.card["margins"]["webp"]).told(0.5) > 0.2
    assert [one["pictures"] for one in after.card["margins"]["jpeg"][0]["limits"]] == [300, 300]
    assert after.card["margins_found_on"]["photographs"] == 300
    assert [one["promise"] for one in after.card["margins"]["jpeg"][0]["limits"]] == ["expected", "surely"]
