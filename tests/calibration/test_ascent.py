from collections.abc import Sequence

import pytest

from calibration.ascent import assess_sweeps
from calibration.trials import Stimulus, Trial


def sweep(series: int, answers: Sequence[tuple[float, bool | None]]) -> list[Trial]:
    return [
        Trial(
            id=f"{series}-{index}",
            series=series,
            index=index,
            stimulus=Stimulus("a.png", "blur", level, 0),
            polarity="different",
            order="reference_first",
            prompt="",
            noticed=noticed,
            probability=None,
            reply_class="gibberish" if noticed is None else "correct",
            reply="",
            is_first_token=False,
            seconds=0.0,
        )
        for index, (level, noticed) in enumerate(answers)
    ]


NOTHING = [(1, False), (2, False), (3, False), (4, False)]
AT_TWO = [(1, False), (2, True), (3, True), (3, False), (4, False)]


def test_the_first_jnds_are_averaged_over_sweeps():
    ascent = assess_sweeps(
        sweep(0, AT_TWO) + sweep(1, [(1, True), (2, True), (2, False), (3, False), (4, False)]), 4, 2
    )

    assert ascent.jnds == ((2,), (1,))
    assert ascent.first.mean == pytest.approx(1.5, abs=0.1)
    assert (ascent.n_censored, ascent.stopped, ascent.reached) == (0, (), 4)


def test_series_and_trials_are_read_in_their_order_however_they_come():
    trials = sweep(0, AT_TWO) + sweep(1, NOTHING)

    assert assess_sweeps(trials[::-1], 4, 2) == assess_sweeps(trials, 4, 2)


def test_a_sweep_that_climbed_to_the_end_is_censored_there_and_was_not_stopped():
    ascent = assess_sweeps(sweep(0, AT_TWO) + sweep(1, NOTHING), 4, 2)

    assert ascent.jnds == ((2,), ())
    assert (ascent.n_censored, ascent.stopped) == (1, ())
    assert ascent.first.limit_mean == (2 + 4) / 2


def test_a_sweep_cut_short_says_how_far_it_came():
    ascent = assess_sweeps(sweep(0, NOTHING[:2]), 4, 2)

    assert (ascent.stopped, ascent.reached, ascent.n_censored) == ((2,), 2, 1)
    assert ascent.first.is_censored
    assert ascent.first.mean == 2


def test_a_sweep_cut_inside_a_window_may_have_its_jnd_at_the_windows_first_level():
    ascent = assess_sweeps(sweep(0, [(1, False), (2, True), (3, True)]), 10, 3)

    assert ascent.jnds == ((),)
    assert ascent.first.limit_mean == 2


def test_a_reply_that_cannot_be_counted_is_no_yes():
    ascent = assess_sweeps(sweep(0, [(1, None), (2, None), (3, False), (4, None)]), 4, 2)

    assert ascent.n_censored == 1


def test_trials_of_another_window_are_refused():
    with pytest.raises(ValueError, match="expected the answer at level 4, got 3"):
        assess_sweeps(sweep(0, AT_TWO), 4, 3)
