import pytest

from gateway.detection.verdict import Verdict
from gateway.errors import PolicyForbiddenError, UnknownPolicyError
from gateway.policy import Policies, decide, is_flagged, worst
from gateway.settings import Policy, Settings

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


STRICT = Settings(
    policies={"strict": {"mode": "block", "on_failure": "refuse"}, "watch": {"compression": "observe"}}
)


def test_a_request_that_names_no_policy_gets_the_settings_own():
    policy = Policies(STRICT).named("", is_trusted=False)

    assert (policy.name, policy.mode, policy.on_failure, policy.compression) == (
        "",
        "monitor",
        "forward",
        "on",
    )


def test_a_named_policy_changes_what_it_names_and_nothing_else():
    strict = Policies(STRICT).named("strict", is_trusted=True)
    watch = Policies(STRICT).named("watch", is_trusted=True)

    assert (strict.mode, strict.on_failure, strict.compression) == ("block", "refuse", "on")
    assert (watch.mode, watch.on_failure, watch.compression) == ("monitor", "forward", "observe")
    assert strict.block_on == watch.block_on == {"imperceptible_edit"}


def test_a_policy_may_block_nothing():
    policies = Policies(Settings(policy={"mode": "block"}, policies={"none": {"block_on": []}}))

    assert policies.named("none", is_trusted=True).block_on == frozenset()


def test_only_the_trusted_choose_and_only_what_there_is():
    policies = Policies(STRICT)

    with pytest.raises(PolicyForbiddenError) as forbidden:
        policies.named("strict", is_trusted=False)
    with pytest.raises(UnknownPolicyError, match="strict, watch") as unknown:
        policies.named("strickt", is_trusted=True)
    assert (forbidden.value.http_status, unknown.value.http_status) == (403, 400)


def test_policies_with_the_same_rules_for_images_share_their_outcomes():
    same = Settings(policies={"a": {"mode": "block"}, "b": {"mode": "block", "on_failure": "refuse"}})
    policies = Policies(same)

    assert policies.named("a", is_trusted=True).key == policies.named("b", is_trusted=True).key
    assert policies.named("a", is_trusted=True).key != policies.default.key
