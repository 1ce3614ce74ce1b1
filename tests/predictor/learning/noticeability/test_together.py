from dataclasses import replace

import numpy as np

from calibration.image import Image
from calibration.profile import JndProfile, default_profile
from predictor.learning.dataset import FAMILIES, Pair, PairSet, pair_set
from predictor.learning.noticeability.together import LessonTogether, PairsTogether, put_together

HUMAN = default_profile("one")


def pairs_of(count: int, photo: str = "a.png", first: int = 0) -> PairSet:
    reference = Image(np.zeros((2, 2, 3), np.uint8))
    pairs = [
        Pair(reference, Image(np.full((2, 2, 3), first + number, np.uint8)), photo, number % 3, 1.0 + number)
        for number in range(count)
    ]
    return pair_set(pairs, np.zeros((count, len(FAMILIES))), np.arange(count) / 10)


def knowing(name: str, status: str, threshold: float) -> JndProfile:
    found = replace(HUMAN.distortions[name], status=status, threshold=threshold)  # type: ignore[arg-type]
    return replace(HUMAN, distortions={name: found})


def test_pairs_of_several_sources_follow_each_other():
    together = PairsTogether((pairs_of(2), pairs_of(3, "b.png", first=100)))

    assert len(together) == 5
    assert together.photos.tolist() == ["a.png"] * 2 + ["b.png"] * 3
    assert together.levels.tolist() == [1, 2, 1, 2, 3]
    assert [int(distorted.pixels[0, 0, 0]) for _, distorted in together.shown()] == [0, 1, 100, 101, 102]
    assert together.shifts.shape == (5, len(FAMILIES))


def test_chosen_pairs_are_taken_from_their_source():
    together = PairsTogether((pairs_of(2), pairs_of(3, "b.png", first=100)))

    by_number, by_flag = (
        together.take(chosen) for chosen in (np.array([3, 1]), np.array([False, True, False, True, False]))
    )

    for taken in (by_number, by_flag):
        assert [int(distorted.pixels[0, 0, 0]) for _, distorted in taken.shown()] == [1, 101]
        assert taken.families.tolist() == [1, 1]
    assert len(together.take(np.zeros(5, bool))) == 0


def test_the_digest_tells_sources_apart():
    first, second = pairs_of(2), pairs_of(3, "b.png", first=100)

    digests = {PairsTogether(sources).digest() for sources in ((first, second), (second, first), (first,))}

    assert len(digests) == 3
    assert PairsTogether((first, second)).digest() in digests


def test_a_model_met_once_is_left_as_it_is():
    one, other = (
        LessonTogether(pairs_of(2), HUMAN),
        LessonTogether(pairs_of(1), replace(HUMAN, model="other")),
    )

    assert put_together([one, other]) == [one, other]


def test_what_one_model_answered_in_two_places_is_one_lesson():
    other = LessonTogether(pairs_of(1), replace(HUMAN, model="other"))
    lessons = [LessonTogether(pairs_of(2), HUMAN), other, LessonTogether(pairs_of(3), HUMAN)]

    joined, alone = put_together(lessons)

    assert (joined.profile.model, len(joined.pairs)) == ("one", 5)
    assert alone is other


def test_the_first_profile_counts_but_for_what_only_another_measured():
    profiles = [
        knowing("blur", "measured", 3.0),
        knowing("blur", "measured", 9.0),
        knowing("noise", "censored", 50.0),
        knowing("noise", "measured", 4.0),
    ]

    (joined,) = put_together([LessonTogether(pairs_of(1), profile) for profile in profiles])

    found = {name: one.threshold for name, one in joined.profile.distortions.items()}
    assert found == {"blur": 3.0, "noise": 4.0}
