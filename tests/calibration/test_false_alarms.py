from calibration.false_alarms import CatchCount, guess_prior
from calibration.parameters import UNINFORMED


def test_a_distortion_alone_has_the_general_prior():
    assert guess_prior("blur", {"blur": CatchCount(3, 5)}) == UNINFORMED


def test_answers_to_other_identical_pairs_are_added():
    prior = guess_prior(
        "blur", {"blur": CatchCount(1, 5), "noise": CatchCount(2, 5), "jpeg": CatchCount(1, 5)}
    )

    assert (prior.said, prior.unsaid) == (UNINFORMED.said + 3, UNINFORMED.unsaid + 7)


def test_however_many_pairs_are_elsewhere_only_some_are_borrowed():
    prior = guess_prior("blur", {"blur": CatchCount(1, 5), "noise": CatchCount(300, 1000)})

    assert prior.said + prior.unsaid == UNINFORMED.said + UNINFORMED.unsaid + 20


def test_a_distortion_that_contradicts_the_others_stands_for_itself():
    catches = {"blur": CatchCount(5, 5), "noise": CatchCount(0, 5), "jpeg": CatchCount(1, 15)}

    assert guess_prior("blur", catches) == UNINFORMED
