import pytest

from gateway.detection.verdict import Verdict
from gateway.policy import decide, is_flagged, worst
from gateway.settings import Policy

OUTCOMES = ["clean", "unchecked", "noticeable_edit", "imperceptible_edit"]


def _verdict(outcome: str, explanation: str = "") -> Verdict:
    return Verdict(outcome, 0.5, None, (), explanation)


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_mode_monitor_never_blocks(outcome):
    assert decide(_verdict(outcome), Policy(block_on={"imperceptible_edit", "noticeable_edit"})) == "monitor"


@pytest.mark.parametrize(
    ("block_on", "blocked"),
    [
        ({"imperceptible_edit"}, {"imperceptible_edit"}),
        ({"imperceptible_edit", "noticeable_edit"}, {"imperceptible_edit", "noticeable_edit"}),
        (set(), set()),
    ],
)
def test_mode_block_blocks_what_it_names_and_nothing_else(block_on, blocked):
    policy = Policy(mode="block", block_on=block_on)

    assert {outcome for outcome in OUTCOMES if decide(_verdict(outcome), policy) == "block"} == blocked


def test_edits_are_flags_and_doubts_are_not():
    assert [is_flagged(_verdict(outcome)) for outcome in OUTCOMES] == [False, False, True, True]


def test_worst_is_the_gravest_and_the_first_of_equals():
    verdicts = [
        _verdict("clean"),
        _verdict("noticeable_edit", "first"),
        _verdict("noticeable_edit", "second"),
    ]

    assert worst(verdicts) is verdicts[1]
    assert worst(_verdict(outcome) for outcome in OUTCOMES).outcome == "imperceptible_edit"
    assert worst([]) is None
