import hashlib

import numpy as np
import orjson
import pybase64
import pytest

from calibration.image import Image, decode, encode_jpeg
from gateway.compression.plan import CompressionPlan
from gateway.compression.sanitizer import Sanitizer
from gateway.detection.verdict import Verdict
from gateway.errors import PolicyForbiddenError, UnknownPolicyError
from gateway.policy import Policies, decide, is_edited, strictest, worst
from gateway.providers.rules import load_rules
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


def _flagged(*kinds: str) -> Verdict:
    return Verdict("imperceptible_edit", 0.001, 0.5, (), "", kinds)


def test_mode_sanitize_acts_on_what_mode_block_would_refuse():
    policy = Policy(mode="sanitize")

    assert decide(_flagged("residual"), policy) == "sanitize"
    assert [decide(_verdict(each), policy) for each in OUTCOMES] == ["monitor"] * 3 + ["sanitize"]


@pytest.mark.parametrize(
    ("kinds", "action"),
    [
        (["residual"], "monitor"),
        (["container"], "sanitize"),
        (["hidden_text"], "block"),
        (["container", "residual"], "sanitize"),
        (["container", "hidden_text"], "block"),
    ],
)
def test_kinds_of_evidence_have_actions_of_their_own_and_the_strictest_counts(kinds, action):
    policy = Policy(actions={"hidden_text": "block", "container": "sanitize"})

    assert decide(_flagged(*kinds), policy) == action


def test_a_kind_with_an_action_is_judged_by_that_alone():
    policy = Policy(mode="block", actions={"near_duplicate": "monitor"})

    assert decide(_flagged("near_duplicate"), policy) == "monitor"
    assert decide(_flagged("near_duplicate", "residual"), policy) == "block"


def test_an_outcome_has_an_action_of_its_own():
    policy = Policy(mode="block", actions={"flagged": "sanitize", "noticeable_edit": "block"})

    assert decide(_flagged("residual"), policy) == "sanitize"
    assert decide(_verdict("noticeable_edit"), policy) == "block"


def test_every_picture_is_sanitized_where_the_settings_say_so_and_none_less_than_else():
    policy = Policy(mode="block", sanitize_when="always")

    assert [decide(_verdict(each), policy) for each in OUTCOMES] == ["sanitize"] * 3 + ["block"]


def test_nothing_to_do_is_to_monitor():
    assert strictest([]) == "monitor"


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


def test_rules_that_lead_elsewhere_have_another_key():
    keys = {
        Policies(Settings(policy=policy)).default.key
        for policy in (
            {},
            {"mode": "sanitize"},
            {"actions": {"residual": "sanitize"}},
            {"actions": {"residual": "block"}},
            {"sanitize_when": "always"},
        )
    }

    assert len(keys) == 5
    assert Policies(Settings(policy={"reveal_reason": True})).default.key in keys


UNASKED = Settings(
    upstreams=[{"name": "paid", "base_url": "https://api.example.com/v1", "provider": "other"}],
    policies={
        "careful": {"models": ["gpt-4*"], "mode": "block"},
        "calm": {"upstreams": ["paid"], "mode": "sanitize"},
        "asked": {"compression": "off"},
    },
)


@pytest.mark.parametrize(
    ("models", "upstream", "name"),
    [
        (["gpt-4o"], "paid", "careful"),
        (["llama"], "paid", "calm"),
        (["openai/x", "gpt-4o"], "default", "careful"),
        (["GPT-4o"], "default", "careful"),
        ([" gpt-4O "], "default", "careful"),
        (["llama"], "default", ""),
        ([], "paid", "calm"),
    ],
)
def test_a_policy_treats_models_and_upstreams_unasked(models, upstream, name):
    policies = Policies(UNASKED)

    assert policies.suiting(policies.default, models=models, upstream=upstream).name == name


def test_what_a_trusted_caller_asks_for_goes_first():
    policies = Policies(UNASKED)
    asked = policies.named("asked", is_trusted=True)

    assert policies.suiting(asked, models=["gpt-4o"], upstream="paid") is asked


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


class StandInSanitizer:
    """Sends a grey picture in place of any other, or fails."""

    error: Exception | None = None

    def sanitize(self, decoded, data, profile, recipient):
        assert profile and recipient.model == "m"
        if self.error is not None:
            raise self.error
        width, height = decoded.source.width, decoded.source.height
        out = encode_jpeg(Image(np.full((height, width, 3), 128, np.uint8)), 50)
        plan = CompressionPlan("jpeg", 50, width, height, len(data), len(out), 9, 9, 0.0, "sanitized", "")
        return out, plan


def _shown(upstream) -> Image:
    """Return the picture of the last request as the upstream got it."""
    url = orjson.loads(upstream.last["body"])["messages"][0]["content"][1]["image_url"]["url"]
    return decode(pybase64.b64decode(url.partition(",")[2])).image


def test_a_flagged_picture_is_sent_sanitized_and_that_is_told_and_counted(
    gateway, upstream, inspector, png, chat_body
):
    server = gateway(policy={"mode": "sanitize"}, parts={"sanitizer": StandInSanitizer()})
    body = chat_body(png)

    clean = server.chat(body)
    inspector.outcome = "imperceptible_edit"
    flagged = server.chat(chat_body(png + b"another"))
    shown = _shown(upstream)

    assert "x-jnd-action" not in clean.headers
    assert (flagged.status, flagged.headers["x-jnd-action"]) == (200, "sanitize")
    assert flagged.headers["x-jnd-flags"] == "residual"
    assert np.abs(shown.pixels.astype(int) - 128).max() <= 2
    assert len(upstream.last["body"]) < len(body)
    flags = 'jnd_flags_total{action="sanitize",kind="residual",model="m",outcome="imperceptible_edit"}'
    assert server.settles_at(flags, 1)
    assert server.settles_at('jnd_sanitized_total{model="m"}', 1)


def test_the_real_sanitizer_answers_through_a_live_gateway(gateway, upstream, inspector, png, chat_body):
    inspector.outcome = "imperceptible_edit"
    sanitizer = Sanitizer(load_rules())
    server = gateway(policy={"mode": "sanitize"}, parts={"sanitizer": sanitizer})
    body = chat_body(png)

    sent = [(server.chat(body).headers["x-jnd-action"], upstream.last["body"]) for _ in range(2)]
    came = decode(png).image

    assert sent[0] == sent[1]
    assert sent[0][0] == "sanitize"
    assert len(sent[0][1]) <= len(body)
    assert (_shown(upstream).width, _shown(upstream).height) == (came.width, came.height)
    assert np.abs(_shown(upstream).pixels.astype(int) - came.pixels).mean() < 8


def test_every_picture_is_sanitized_even_where_none_is_examined(gateway, upstream, png, chat_body):
    policy = {"sanitize_when": "always", "inspection": "off"}
    server = gateway(policy=policy, parts={"sanitizer": StandInSanitizer()})

    answer = server.chat(chat_body(png))

    assert (answer.headers["x-jnd-action"], answer.headers["x-jnd-verdict"]) == ("sanitize", "unchecked")
    assert np.ptp(_shown(upstream).pixels) <= 2


def test_what_cannot_be_sanitized_meets_on_failure(gateway, upstream, inspector, png, chat_body):
    inspector.outcome = "imperceptible_edit"
    broken = StandInSanitizer()
    broken.error = ValueError("too small")
    mode, body = {"mode": "sanitize"}, chat_body(png)

    forwarding = gateway(policy=mode, parts={"sanitizer": broken})
    forwarded = forwarding.chat(body)
    refused = gateway(policy=mode | {"on_failure": "refuse"}, parts={"sanitizer": broken}).chat(body)

    assert (forwarded.status, refused.status) == (200, 400)
    assert refused.error["code"] == "not_sanitized"
    assert forwarded.headers["x-jnd-reason"] == "not_sanitized"
    assert "x-jnd-action" not in forwarded.headers
    assert [each["body"] for each in upstream.requests] == [body]
    assert forwarding.settles_at('jnd_errors_total{kind="not_sanitized"}', 1)


def test_an_allowed_picture_is_never_flagged_and_that_is_told(gateway, upstream, inspector, png, chat_body):
    inspector.outcome = "imperceptible_edit"
    allowed = frozenset({hashlib.sha256(png).digest()})
    server = gateway(policy={"mode": "block"}, parts={"allowed": allowed})

    answer, other = server.chat(chat_body(png)), server.chat(chat_body(png + b"another"))

    assert (answer.status, other.status) == (200, 400)
    assert (answer.headers["x-jnd-verdict"], answer.headers["x-jnd-reason"]) == ("clean", "allowed")
    assert "x-jnd-flags" not in answer.headers
    assert len(upstream.requests) == 1
    assert server.settles_at('jnd_images_total{model="m",outcome="clean",reason="allowed"}', 1)


def test_why_a_picture_is_blocked_is_told_only_where_the_settings_say_so(gateway, inspector, png, chat_body):
    inspector.outcome = "imperceptible_edit"
    silent = gateway(policy={"mode": "block"}).chat(chat_body(png))
    open_ = gateway(policy={"mode": "block", "reveal_reason": True}).chat(chat_body(png))

    assert silent.status == open_.status == 400
    assert silent.headers["x-jnd-action"] == open_.headers["x-jnd-action"] == "block"
    assert "because the test says so" not in str(silent)
    assert not {"x-jnd-flags", "x-jnd-ratio", "x-jnd-explanation"} & set(silent.headers)
    assert "because the test says so" in open_.error["message"]
    assert open_.headers["x-jnd-flags"] == "residual"


def test_a_model_has_its_own_policy_in_a_live_gateway(gateway, inspector, png, chat_body):
    inspector.outcome = "imperceptible_edit"
    server = gateway(policies={"strict": {"models": ["m"], "mode": "block"}})
    body = chat_body(png)

    strict, usual = server.chat(body), server.chat(chat_body(png, model="n"))

    assert (strict.status, strict.headers["x-jnd-policy"]) == (400, "strict")
    assert usual.status == 200
    assert "x-jnd-policy" not in usual.headers
