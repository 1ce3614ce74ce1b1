"""LiteLLM's generic guardrail contract, as its client would use it."""

import orjson
import pybase64
import pytest

GUARDRAIL = "/beta/litellm_basic_guardrail_api"


def data_url(image: bytes, media_type: str = "image/png") -> str:
    return f"data:{media_type};base64,{pybase64.b64encode(image).decode()}"


def guarded(server, *images: str, **fields: object):
    """Ask as LiteLLM 1.9x does, with every field it may send."""
    body = {
        "input_type": "request",
        "litellm_call_id": "c1",
        "litellm_trace_id": None,
        "structured_messages": [{"role": "user", "content": "what is this?"}],
        "images": list(images),
        "tools": None,
        "texts": ["what is this?"],
        "request_data": {"user_api_key_hash": "88dc28"},
        "request_headers": {"User-Agent": "[present]"},
        "litellm_version": "1.92.0",
        "additional_provider_specific_params": {"model": "m"},
        "tool_calls": None,
        "model": None,
    }
    return server.ask(
        "POST",
        GUARDRAIL,
        orjson.dumps(body | fields),
        {"content-type": "application/json", "x-api-key": "k1"},
    )


def test_a_lightened_image_intervenes_in_its_place(gateway, inspector, png):
    server = gateway(upstream={"image_urls": "pass"})

    answer = guarded(server, "https://example.org/a.png", data_url(png))

    fields = orjson.loads(answer.body)
    assert answer.status == 200
    assert fields["action"] == "GUARDRAIL_INTERVENED"
    assert fields["images"][0] == "https://example.org/a.png"
    assert fields["images"][1].startswith("data:image/jpeg;base64,")
    assert len(fields["images"]) == 2
    assert server.settles_at('jnd_images_total{model="m",outcome="clean",reason=""}', 1)
    assert server.metric('jnd_requests_total{dialect="litellm_guardrail",model="m",status="200"}') == 1
    assert len(inspector.tenants) == 1


@pytest.mark.parametrize("mode", ["off", "observe"])
def test_an_image_that_stays_needs_no_intervention(gateway, png, mode):
    answer = guarded(gateway(compression={"mode": mode}), data_url(png))

    assert orjson.loads(answer.body) == {"action": "NONE"}
    assert answer.headers["x-jnd-verdict"] == "clean"


def test_the_conversation_is_answered_with_the_lightened_image_where_litellm_takes_it_from(gateway, png):
    parts = [
        {"type": "text", "text": "what is this?"},
        {"type": "image_url", "image_url": {"url": data_url(png), "detail": "low"}},
    ]
    rows = [{"role": "system", "content": "be brief"}, {"role": "user", "content": parts}]

    fields = orjson.loads(guarded(gateway(), data_url(png), structured_messages=rows).body)

    assert fields["action"] == "GUARDRAIL_INTERVENED"
    system, user = fields["structured_messages"]
    assert system == rows[0]
    assert user["content"][0] == parts[0]
    assert user["content"][1]["image_url"] == {"url": fields["images"][0], "detail": "low"}
    assert fields["images"][0].startswith("data:image/jpeg;base64,")


def test_the_conversations_copy_of_an_image_is_no_picture_that_was_missed(gateway, png):
    server, image = gateway(), data_url(png)

    def conversation(count: int) -> list[dict[str, object]]:
        part = {"type": "image_url", "image_url": {"url": image}}
        return [{"role": "user", "content": [part] * count}]

    same = guarded(server, image, structured_messages=conversation(1))
    more = guarded(server, image, structured_messages=conversation(2))

    assert "x-jnd-unchecked" not in same.headers
    assert more.headers["x-jnd-unchecked"] == "image_in_text"


def test_text_alone_is_let_pass(gateway):
    for images in ({"images": []}, {"images": None}):
        assert orjson.loads(guarded(gateway(), **images).body) == {"action": "NONE"}


def test_a_flagged_image_is_blocked_where_the_policy_blocks(gateway, inspector, png):
    inspector.outcome = "imperceptible_edit"
    server = gateway(policy={"mode": "block"})

    answer = guarded(server, data_url(png))

    fields = orjson.loads(answer.body)
    assert (answer.status, fields["action"]) == (200, "BLOCKED")
    assert fields["blocked_reason"] == "images[0]: the gateway's policy blocks this image"
    flags = 'jnd_flags_total{action="block",kind="residual",model="m",outcome="imperceptible_edit"}'
    assert server.settles_at(flags, 1)
    assert server.metric('jnd_errors_total{kind="image_blocked"}') == 1


def test_a_flagged_image_is_only_told_about_in_mode_monitor(gateway, inspector, png):
    inspector.outcome = "imperceptible_edit"

    answer = guarded(gateway(compression={"mode": "off"}), data_url(png))

    assert orjson.loads(answer.body) == {"action": "NONE"}
    assert answer.headers["x-jnd-verdict"] == "imperceptible_edit"


@pytest.mark.parametrize("image", ["data:image/png;base64,AAAA", "https://example.org/a.png"])
@pytest.mark.parametrize(("on_failure", "action"), [("forward", "NONE"), ("refuse", "BLOCKED")])
def test_what_cannot_be_looked_at_is_treated_as_the_policy_says(gateway, image, on_failure, action):
    answer = guarded(gateway(policy={"mode": "block", "on_failure": on_failure}), image)

    assert orjson.loads(answer.body)["action"] == action
    assert answer.headers["x-jnd-unchecked"] in ("unknown_format", "url")


def test_images_of_responses_are_judged_and_left_as_they_are(gateway, inspector, png):
    answer = guarded(gateway(), data_url(png), input_type="response")

    assert orjson.loads(answer.body) == {"action": "NONE"}
    assert len(inspector.tenants) == 1


def test_a_trusted_client_may_choose_the_policy(gateway, inspector, png):
    inspector.outcome = "imperceptible_edit"
    server = gateway(
        clients=[{"name": "litellm", "key": "k1", "is_trusted": True}], policies={"strict": {"mode": "block"}}
    )
    body = orjson.dumps({"input_type": "request", "images": [data_url(png)]})
    headers = {"content-type": "application/json", "x-jnd-policy": "strict"}

    trusted = server.ask("POST", GUARDRAIL, body, headers | {"x-api-key": "k1"})
    stranger = server.ask("POST", GUARDRAIL, body, headers)

    assert orjson.loads(trusted.body)["action"] == "BLOCKED"
    assert trusted.headers["x-jnd-policy"] == "strict"
    assert (stranger.status, stranger.error["code"]) == (403, "policy_forbidden")


@pytest.mark.parametrize(
    ("fields", "code"), [({"images": "data:,"}, "invalid_request"), ({"images": [7]}, "invalid_request")]
)
def test_a_request_of_another_shape_is_an_error_and_no_verdict(gateway, fields, code):
    answer = guarded(gateway(), **fields)

    assert (answer.status, answer.error["code"]) == (400, code)


def test_whoever_asks_for_a_judgement_gets_it_whatever_the_policy_does(gateway, inspector, png):
    inspector.outcome = "imperceptible_edit"
    server = gateway(policy={"actions": {"residual": "block"}, "sanitize_when": "always"})

    answer = server.ask("POST", "/v1/jnd/inspect?model=m", png, {"content-type": "image/png"})

    assert (answer.status, orjson.loads(answer.body)["flags"]) == (200, ["residual"])
    assert "x-jnd-action" not in answer.headers
