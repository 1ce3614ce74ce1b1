from dataclasses import replace

import pytest

from calibration.prompts.assessment import asks_prompts, assess_prompts, response_changes
from calibration.stimuli.prompt_kinds import PROMPT_KINDS
from calibration.stimuli.prompt_text import LEVELS
from tests.calibration.report.staged_trials import staged_trial
from tests.calibration.staged_prompts import PROMPT, prompt_trial, prompt_trials


def test_only_trials_with_a_perturbed_prompt_are_taken_for_such():
    assert asks_prompts(prompt_trials(0.5, rounds=1))
    assert not asks_prompts([staged_trial()])
    assert not asks_prompts([])


def test_every_kind_has_its_ratio_at_every_level():
    found = assess_prompts(prompt_trials(1.0))

    assert list(found) == list(PROMPT_KINDS)
    for each in found.values():
        assert [level.level for level in each.levels] == list(LEVELS)
        assert [level.count.ratio for level in each.levels] == [0, 0, 0, 1, 1, 1, 1]


def test_a_jump_between_two_levels_is_measured_between_them():
    found = assess_prompts(prompt_trials(1.0))["prompt-characters"].threshold

    assert found.status == "measured"
    assert 15 < found.low < found.threshold < found.high < 20
    assert found.threshold == found.unit_value
    assert (found.false_alarm, found.hit_at_max, found.reason) == (0, 1, "")


def test_half_that_is_not_reached_is_censored_at_the_largest_share():
    found = assess_prompts(prompt_trials(0.3))["prompt-words"]

    assert found.threshold.status == "censored"
    assert found.threshold.threshold == pytest.approx(found.levels[-1].share, rel=1e-3)
    assert found.threshold.high is None
    assert "half of the answers do not change even where 51.3 %" in found.threshold.reason
    assert found.share == "> 51.3 %"


def test_repeats_of_all_kinds_count_together():
    trials = prompt_trials(1.0, by_itself=0.2)

    found = assess_prompts(trials)

    assert {each.by_itself.answered for each in found.values()} == {60}
    assert len({each.threshold.false_alarm for each in found.values()}) == 1


def test_an_unsteady_observer_has_no_threshold():
    found = assess_prompts(prompt_trials(1.0, by_itself=0.5))["prompt-words"]

    assert found.threshold.status == "unmeasurable"
    assert found.threshold.threshold is found.crossing is None
    assert "change by themselves" in found.threshold.reason
    assert (found.share, found.interval) == ("–", "")


def test_uncomparable_answers_are_left_out_and_too_many_of_them_forbid_a_threshold():
    trials = prompt_trials(1.0, kinds="prompt-words")
    some, most = (
        [replace(each, noticed=None) if number % 10 < tenths else each for number, each in enumerate(trials)]
        for tenths in (3, 7)
    )

    assert assess_prompts(some)["prompt-words"].threshold.status == "measured"
    assert "pairs of answers could be compared" in assess_prompts(most)["prompt-words"].threshold.reason


def test_without_a_repeat_nothing_is_told_of_the_prompt():
    trials = [trial for trial in prompt_trials(1.0, kinds="prompt-words") if not trial.is_catch]

    assert "asked twice" in assess_prompts(trials)["prompt-words"].threshold.reason


def test_a_few_answers_are_not_enough():
    trials = [prompt_trial(0, "prompt-words", 0.0, noticed=False), prompt_trial(1, "prompt-words", 50.0)]

    assert "only 1 answer to" in assess_prompts(trials)["prompt-words"].threshold.reason


def test_a_short_prompts_level_is_what_was_changed_not_what_was_asked_for():
    short = "What colour is it?"

    levels = assess_prompts(prompt_trials(1.0, prompt=short))["prompt-words"].levels

    assert [level.share for level in levels] == [25, 25, 25, 25, 25, 25, 50]


def test_half_changing_at_the_least_share_says_there_or_below():
    found = assess_prompts(prompt_trials(1.0, by_itself=0.0, prompt="What is it?"))["prompt-sentences"]

    assert found.levels[0].share == 100
    assert "100 %: the threshold lies there or below" in found.threshold.reason
    assert found.threshold.status != "measured"


def test_a_profile_tells_ratios_in_per_cent_with_their_intervals():
    told = response_changes(prompt_trials(1.0))["response_change"]

    assert told["unperturbed"]["answers"] == 60
    assert told["prompt-words"][3]["ratio"] == 100
    assert 80 < told["prompt-words"][3]["low"] < 100
    assert told["prompt-words"][3]["level"] == 20
    assert told["prompt-words"][3]["changed_share"] == pytest.approx(100 * 8 / len(PROMPT.split()), abs=0.01)
    assert response_changes([staged_trial()]) == {}
