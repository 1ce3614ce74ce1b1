import pytest

from gateway.detection.verdict import Verdict
from gateway.errors import PolicyForbiddenError, UnknownPolicyError
from gateway.policy import Policies, decide, is_edited, worst
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


def test_what_is_built_like_an_attack_is_blocked_however_visible():
    visible = Verdict("noticeable_edit", 0.5, 3.0, (), "", ("container",))

    assert decide(visible, Policy(mode="block")) == "block"
    assert decide(visible, Policy(mode="block", block_on={"container"})) == "block"
    assert decide(visible, Policy(mode="block", block_on={"alpha", "imperceptible_edit"})) == "monitor"
    assert decide(_verdict("noticeable_edit"), Policy(mode="block")) == "monitor"


def test_a_flag_is_graver_than_an_open_edit():
    flagged = Verdict("noticeable_edit", 0.5, 3.0, (), "", ("container",))

    assert worst([_verdict("noticeable_edit"), flagged]) is flagged


def test_edits_are_told_and_doubts_are_not():
    assert [is_edited(_verdict(outcome)) for outcome in OUTCOMES] == [False, False, True, True]


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
    assert strict.block_on == watch.block_on == {"flagged"}


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


TRUSTED = {"clients": [{"name": "acme", "key": "k1", "is_trusted": True}, {"name": "other", "key": "k2"}]}
NAMED = {"strict": {"mode": "block"}, "watch": {"compression": "observe"}, "plain": {"compression": "off"}}


def test_a_trusted_client_is_treated_by_the_policy_it_names(gateway, upstream, inspector, png, chat_body):
    inspector.outcome = "imperceptible_edit"
    server = gateway(policies=NAMED, **TRUSTED)
    body = chat_body(png)

    usual = server.chat(body, authorization="Bearer k1")
    strict = server.chat(body, authorization="Bearer k1", x_jnd_policy="strict")

    assert (usual.status, strict.status) == (200, 400)
    assert (strict.error["code"], strict.headers["x-jnd-policy"]) == ("image_blocked", "strict")
    assert "x-jnd-policy" not in usual.headers
    assert len(upstream.requests) == 1
    assert b"x-jnd-policy" not in dict(upstream.last["headers"])


def test_a_policy_that_may_not_be_had_is_an_error(gateway, upstream, png, chat_body):
    server = gateway(policies=NAMED, **TRUSTED)
    body = chat_body(png)

    misspelt = server.chat(body, authorization="Bearer k1", x_jnd_policy="strickt")
    stranger = server.chat(body, authorization="Bearer k2", x_jnd_policy="strict")

    assert (misspelt.status, misspelt.error["code"]) == (400, "unknown_policy")
    assert (stranger.status, stranger.error["code"]) == (403, "policy_forbidden")
    assert upstream.requests == []


def test_mode_observe_sends_what_came_and_tells_what_it_would_save(gateway, upstream, png, chat_body):
    observing, lightening = gateway(compression={"mode": "observe"}), gateway()
    body = chat_body(png)

    observed = observing.chat(body)
    sent = upstream.last["body"]
    lightened = lightening.chat(body)

    assert sent == body
    assert observed.headers["x-jnd-would-save-bytes"] == lightened.headers["x-jnd-bytes-saved"] != "0"
    assert observed.headers["x-jnd-would-save-tokens"] == lightened.headers["x-jnd-tokens-saved"] == "10"
    assert (observed.headers["x-jnd-bytes-saved"], observed.headers["x-jnd-tokens-saved"]) == ("0", "0")
    assert "x-jnd-would-save-bytes" not in lightened.headers
    would_save = int(observed.headers["x-jnd-would-save-bytes"])
    assert observing.settles_at('jnd_would_save_bytes_total{model="m"}', would_save)
    assert observing.metric('jnd_bytes_saved_total{model="m"}') == 0


def test_mode_observe_still_flags_and_blocks(gateway, inspector, png, chat_body):
    inspector.outcome = "imperceptible_edit"

    answer = gateway(compression={"mode": "observe"}, policy={"mode": "block"}).chat(chat_body(png))

    assert (answer.status, answer.error["code"]) == (400, "image_blocked")


def test_mode_observe_sends_a_wrong_type_as_it_came(gateway, upstream, png, chat_body):
    body = chat_body((png, "image/webp"))

    answer = gateway(compression={"mode": "observe"}).chat(body)

    assert upstream.last["body"] == body
    assert answer.headers["x-jnd-reason"] == "media_type_mismatch"


def test_policies_of_one_gateway_do_not_share_what_they_send(gateway, upstream, png, chat_body):
    server = gateway(policies=NAMED, **TRUSTED)
    body = chat_body(png)

    def sent(policy: str) -> bytes:
        server.chat(body, authorization="Bearer k1", x_jnd_policy=policy)
        return upstream.last["body"]

    assert [sent(policy) == body for policy in ("watch", "", "plain", "watch")] == [True, False, True, True]


def test_without_inspection_pictures_are_lightened_and_their_verdict_says_why(
    gateway, upstream, inspector, png, chat_body
):
    server = gateway(policy={"inspection": "off", "on_failure": "refuse"})
    body = chat_body(png)

    answer = server.chat(body)

    assert (answer.status, answer.headers["x-jnd-verdict"]) == (200, "unchecked")
    assert answer.headers["x-jnd-unchecked"] == "inspection_off"
    assert int(answer.headers["x-jnd-bytes-saved"]) > 0
    assert len(upstream.last["body"]) < len(body)
    assert inspector.tenants == []
    assert server.settles_at('jnd_unchecked_total{class="limit",reason="inspection_off"}', 1)


def test_bypass_is_heard_from_the_trusted(gateway, upstream, inspector, png, chat_body):
    server = gateway(**TRUSTED)
    body = chat_body(png)

    trusted = server.chat(body, authorization="Bearer k1", x_jnd_bypass="true")
    sent = upstream.last["body"]
    other = server.chat(body, authorization="Bearer k2", x_jnd_bypass="true")

    assert (trusted.headers["x-jnd-verdict"], trusted.headers["x-jnd-unchecked"]) == ("unchecked", "bypass")
    assert sent == body
    assert other.headers["x-jnd-verdict"] == "clean"
    assert len(inspector.tenants) == 1
    assert server.settles_at('jnd_unchecked_total{class="limit",reason="bypass"}', 1)
