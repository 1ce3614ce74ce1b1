"""Whole requests against the limits of their provider, by themselves and through a live gateway."""

import asyncio
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import orjson
import pybase64
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as PillowImage

from calibration.encoders import JPEG, WEBP_LOSSLESS
from calibration.image import Image, decode, encode_jpeg, encode_png
from gateway.compression.compressor import Compressor
from gateway.detection.verdict import Verdict
from gateway.dialects.reading.splice import Replacement
from gateway.errors import ImageTimeoutError
from gateway.pipeline import ImageOutcome
from gateway.providers.limits import LAST_STEP, STEP_BYTES, Limits
from gateway.providers.rules import ProviderRules, load_rules
from gateway.relay.images.request_limits import bring_inside, exceeded
from gateway.relay.images.treated import Treated, base64_bytes
from predictor.predict import Margin
from tests.gateway.conftest import Answer, FakeUpstream, Server

RULES = load_rules()
MOST = 300_000  # bytes of a request, in most of these tests
CLEAN = Verdict("clean", 0.5, None, (), "")


class Wary:
    """A predictor that takes every change of a picture for noticed: nothing is lightened without need."""

    has_thresholds = False

    def against(self, _reference: Image, _profile: object) -> "Wary":
        return self

    def excess(self, _candidate: Image) -> float:
        return 1.0

    def margin(self, _profile: object, _codec: str) -> Margin:
        return Margin()


# --- the planner alone


def treated(size_bytes: int, *, least: int = 0, came: int | None = None) -> Treated:
    """An image of so many bytes that can be brought to any bound, but to none below `least`."""
    came = size_bytes if came is None else came

    def sized(size: int) -> Treated:
        place = Replacement(0, base64_bytes(came), b"x" * base64_bytes(size))
        outcome = ImageOutcome(b"x" * size, "image/jpeg", came, CLEAN)
        return Treated(outcome, () if size == came else (place,))

    async def at_step(step: int) -> Treated:
        bound = STEP_BYTES[step - 1]
        return sized(size_bytes if least > size_bytes else max(least, bound - bound // 5))

    return replace(sized(size_bytes), at_step=at_step)


def brought(pictures: Sequence[Treated], *, rest: int, most: int | None) -> tuple[Sequence[Treated], int]:
    body = rest + sum(base64_bytes(each.outcome.bytes_in) for each in pictures)
    return asyncio.run(bring_inside(pictures, body_bytes=body, most_bytes=most))


def sizes(pictures: Sequence[Treated]) -> list[int]:
    return [each.outcome.bytes_out for each in pictures]


def test_a_request_inside_its_limit_is_left_as_it_is():
    pictures = [treated(300_000), treated(300_000)]

    for most in (800_000, None):
        assert brought(pictures, rest=0, most=most) == (pictures, 0)


def test_what_became_of_pictures_counts_and_not_what_came():
    pictures = [treated(300_000, came=900_000)] * 2

    assert brought(pictures, rest=0, most=800_000) == (pictures, 0)
    assert brought(pictures, rest=1, most=800_000)[1] > 0


def test_the_largest_pictures_are_brought_down_first():
    pictures = [treated(3_000_000), treated(900_000), treated(30_000)]

    at_two, step = brought(pictures, rest=0, most=4_100_000)
    further, later = brought(pictures, rest=0, most=2_700_000)

    assert (step, sizes(at_two)[1:]) == (1, [900_000, 30_000])
    assert sizes(at_two)[0] <= STEP_BYTES[0]
    assert (later, sizes(further)[1:]) == (2, [900_000, 30_000])
    assert sizes(further)[0] <= STEP_BYTES[1]


def test_what_cannot_get_smaller_has_the_others_make_room():
    pictures = [treated(1_000_000, least=950_000), treated(900_000)]

    found, step = brought(pictures, rest=0, most=1_700_000)

    assert step == 4
    assert sizes(found)[0] == 950_000
    assert sizes(found)[1] <= STEP_BYTES[3]


def test_what_no_step_brings_inside_is_sent_as_usual():
    pictures = [treated(900_000)]

    assert brought(pictures, rest=500_001, most=500_000) == (pictures, 0)


TURNS = st.tuples(
    st.integers(1, 400_000),  # bytes of a picture
    st.sampled_from([0, 0, 0, 100_000, 500_000]),  # below which it cannot be brought
    st.integers(0, 20_000),  # bytes of text
)


@settings(deadline=None)
@given(turns=st.lists(TURNS, min_size=2, max_size=8), most=st.integers(10_000, 900_000))
def test_no_step_is_ever_taken_back_as_a_conversation_grows(turns: list[tuple[int, int, int]], most: int):
    pictures = [treated(size, least=least) for size, least, _ in turns]
    texts = [text for *_, text in turns]
    steps = []
    for turn in range(1, len(pictures) + 1):
        found, step = brought(pictures[:turn], rest=sum(texts[:turn]), most=most)
        total = sum(texts[:turn]) + sum(base64_bytes(size) for size in sizes(found))
        assert total <= most or step == 0
        steps.append(step if total <= most else LAST_STEP + 1)  # given up: the last step there is

    assert steps == sorted(steps)


def test_what_a_request_exceeds_is_named_once():
    over = replace(treated(9), outcome=replace(treated(9).outcome, plan=None))
    limits = Limits(max_images=2, max_request_bytes=100)

    assert exceeded(limits, [over] * 2, body_bytes=100, images=2) == []
    assert exceeded(limits, [over] * 3, body_bytes=101, images=3) == ["images", "request_bytes"]


# --- through a live gateway


def rules_with(provider: str, most_bytes: int) -> ProviderRules:
    tight = replace(RULES.of(provider), limits_everywhere=Limits(max_request_bytes=most_bytes))
    return replace(RULES, providers={**RULES.providers, provider: tight})


def wary(rules: ProviderRules, kind: type[Compressor] = Compressor) -> Compressor:
    return kind(Wary(), rules, "faithful", encoders=(JPEG, WEBP_LOSSLESS))


@pytest.fixture
def tight(gateway: Callable[..., Server]) -> Callable[..., Server]:
    """A gateway before a provider that takes requests of so many bytes, and notices every change."""

    def start(provider: str = "anthropic", most: int = MOST, **sections: Any) -> Server:
        rules = rules_with(provider, most)
        parts = {"compressor": wary(rules), "rules": rules}
        parts |= sections.pop("parts", {})
        return gateway(parts=parts, upstream={"provider": provider}, **sections)

    return start


def grain(seed: int, *, width: int = 320, height: int = 200) -> bytes:
    """A JPEG that no codec makes much smaller: about 57 kB."""
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return encode_jpeg(Image(pixels), 92)


def url(data: bytes) -> str:
    return f"data:image/jpeg;base64,{pybase64.b64encode(data).decode()}"


def messages(*pictures: bytes, model: str = "claude-sonnet-4-5", **extra: Any) -> bytes:
    """One picture a turn, as a conversation grows."""
    turns = [
        {"role": "user", "content": [{"type": "text", "text": "and this?"}, _block(picture)]}
        for picture in pictures
    ]
    return orjson.dumps({"model": model, "max_tokens": 9, "messages": turns} | extra)


def _block(picture: bytes) -> dict[str, Any]:
    data = pybase64.b64encode(picture).decode()
    return {"type": "image", "source": {"type": "base64", "media_type": "image/jpeg", "data": data}}


def send(server: Server, body: bytes, path: str = "/v1/messages", **headers: str) -> Answer:
    return server.ask("POST", path, body, {"content-type": "application/json"} | headers)


def sent_pictures(body: bytes) -> list[bytes]:
    found: list[bytes] = []

    def walk(value: Any) -> None:
        if isinstance(value, str) and len(value) > 1000:
            found.append(pybase64.b64decode(value.partition("base64,")[2] or value))
        elif isinstance(value, Mapping):
            for each in value.values():
                walk(each)
        elif isinstance(value, list):
            for each in value:
                walk(each)

    walk(json.loads(body))
    return found


def test_a_conversation_is_brought_inside_and_steps_back_at_no_turn(tight, upstream: FakeUpstream):
    pictures = [grain(seed, width=320 if seed % 3 else 30) for seed in range(14)]
    server = tight()

    steps, sent = [], []
    for turn in range(1, len(pictures) + 1):
        answer = send(server, messages(*pictures[:turn]))
        steps.append(int(answer.headers.get("x-jnd-limit-step", "0")))
        assert "x-jnd-limits" not in answer.headers
        assert len(upstream.last["body"]) <= MOST
        sent.append(sent_pictures(upstream.last["body"]))

    assert steps == sorted(steps)
    assert len(set(steps)) > 1
    for turn in range(1, len(pictures)):
        if steps[turn] == steps[turn - 1]:  # the provider's prompt cache holds
            assert sent[turn][:turn] == sent[turn - 1]
    assert sent[-1][0] == sent[0][0]  # a small one stays as it is throughout
    assert len(sent[-1][1]) < len(sent[1][1]) / 3


def test_a_worker_that_never_saw_the_conversation_sends_the_same(tight, upstream: FakeUpstream):
    body = messages(*[grain(seed) for seed in range(9)])
    bodies = []
    for _ in range(2):
        server = tight()
        assert int(send(server, body).headers["x-jnd-limit-step"]) > 0
        bodies.append(upstream.last["body"])

    send(server, messages(grain(0)))
    send(server, body)

    assert bodies[0] == bodies[1] == upstream.last["body"]


def test_a_step_is_told_and_counted(tight):
    server = tight()

    step = send(server, messages(*[grain(seed) for seed in range(9)])).headers["x-jnd-limit-step"]

    assert server.settles_at(f'jnd_limit_steps_total{{provider="anthropic",step="{step}"}}', 1)
    assert server.metric('jnd_limits_exceeded_total{limit="request_bytes",provider="anthropic"}') == 0


def test_what_cannot_be_brought_inside_goes_as_usual_told_and_counted(tight, upstream: FakeUpstream):
    server = tight(policy={"on_failure": "refuse"})  # everything was looked at: there is nothing to refuse
    body = messages(grain(0), grain(1), system="x" * MOST)
    send(tight(most=10**7), body)
    as_usual = upstream.last["body"]

    answer = send(server, body)

    assert answer.status == 200
    assert answer.headers["x-jnd-limits"] == "request_bytes"
    assert "x-jnd-limit-step" not in answer.headers
    assert upstream.last["body"] == as_usual
    assert server.settles_at('jnd_limits_exceeded_total{limit="request_bytes",provider="anthropic"}', 1)


@pytest.mark.parametrize("trouble", [KeyError("a bug"), ImageTimeoutError()], ids=["a bug", "too slow"])
def test_a_flag_is_kept_when_bringing_inside_fails(
    tight, inspector, upstream: FakeUpstream, trouble: Exception
):
    class Failing(Compressor):
        def compress(self, decoded, data, profile, recipient):
            if recipient.limit_step:
                raise trouble
            return super().compress(decoded, data, profile, recipient)

    inspector.outcome = "imperceptible_edit"
    failing = wary(rules_with("anthropic", MOST), Failing)
    body = messages(*[grain(seed) for seed in range(9)])
    send(tight(most=10**7), body)
    as_usual = upstream.last["body"]

    answer = send(tight(parts={"compressor": failing}), body)

    assert answer.headers["x-jnd-verdict"] == "imperceptible_edit"
    assert answer.headers["x-jnd-limits"] == "request_bytes"
    assert upstream.last["body"] == as_usual


def test_an_image_brought_inside_is_inspected_once_and_its_flag_stays(tight, inspector):
    inspector.outcome = "imperceptible_edit"
    server = tight()

    answers = [send(server, messages(*[grain(seed) for seed in range(9)])) for _ in range(2)]

    assert {answer.headers["x-jnd-verdict"] for answer in answers} == {"imperceptible_edit"}
    assert len(inspector.tenants) == 9


@pytest.mark.parametrize("mode", ["off", "observe"])
def test_where_nothing_is_lightened_a_request_that_is_too_large_is_told(tight, upstream, mode: str):
    body = messages(*[grain(seed) for seed in range(9)])

    answer = send(tight(compression={"mode": mode}), body)

    assert upstream.last["body"] == body
    assert answer.headers["x-jnd-limits"] == "request_bytes"


def test_more_images_than_the_provider_takes_are_told_and_counted(tight, upstream: FakeUpstream):
    server = tight("mistral", limits={"max_images": 6}, parts={"rules": RULES})
    chat = {"model": "pixtral-12b", "messages": [{"role": "user", "content": _chat_parts([grain(1)] * 9)}]}

    answer = server.chat(orjson.dumps(chat))
    chat["messages"][0]["content"].pop()

    assert answer.headers["x-jnd-limits"] == "images"
    assert len(sent_pictures(upstream.last["body"])) == 9
    assert server.settles_at('jnd_limits_exceeded_total{limit="images",provider="mistral"}', 1)
    assert "x-jnd-limits" not in server.chat(orjson.dumps(chat)).headers


def _chat_parts(pictures: Sequence[bytes]) -> list[dict[str, Any]]:
    return [{"type": "image_url", "image_url": {"url": url(each)}} for each in pictures]


def test_images_of_a_batch_are_those_of_its_requests(tight, upstream: FakeUpstream):
    server = tight()
    requests = [
        {"custom_id": str(number), "params": json.loads(messages(grain(number), model="claude-sonnet-4-5"))}
        for number in range(9)
    ]

    answer = send(server, orjson.dumps({"requests": requests}), "/v1/messages/batches")

    assert {decode(each).image.width for each in sent_pictures(upstream.last["body"])} == {320}
    assert len(upstream.last["body"]) > MOST
    assert not {"x-jnd-limit-step", "x-jnd-limits"} & set(answer.headers)


# --- every API


def _gemini(pictures: Sequence[bytes]) -> Any:
    parts = [
        {"inlineData": {"mimeType": "image/jpeg", "data": pybase64.b64encode(each).decode()}}
        for each in pictures
    ]
    return {"contents": [{"role": "user", "parts": parts}]}


def _ollama(pictures: Sequence[bytes]) -> Any:
    images = [pybase64.b64encode(each).decode() for each in pictures]
    return {"model": "llava", "messages": [{"role": "user", "content": "?", "images": images}]}


def _responses(pictures: Sequence[bytes]) -> Any:
    parts = [{"type": "input_image", "image_url": url(each)} for each in pictures]
    return {"model": "gpt-5.6", "input": [{"role": "user", "content": parts}]}


def _chat(pictures: Sequence[bytes]) -> Any:
    return {"model": "gpt-4o", "messages": [{"role": "user", "content": _chat_parts(pictures)}]}


def _tool_results(pictures: Sequence[bytes]) -> Any:
    results = [
        {"type": "tool_result", "tool_use_id": "t", "content": [_block(picture)]} for picture in pictures
    ]
    return {"model": "claude-opus-4-7", "messages": [{"role": "user", "content": results}]}


APIS = {
    "chat": ("openai", "/v1/chat/completions", _chat),
    "responses": ("openai", "/v1/responses", _responses),
    "azure": ("azure", "/openai/deployments/gpt-4o/chat/completions", _chat),
    "anthropic": ("anthropic", "/v1/messages", _tool_results),
    "gemini": ("gemini", "/v1beta/models/gemini-3-pro:generateContent", _gemini),
    "gemini, streaming": ("gemini", "/v1beta/models/gemini-3-pro:streamGenerateContent", _gemini),
    "ollama": ("other", "/api/chat", _ollama),
}


@pytest.mark.parametrize(("provider", "path", "write"), APIS.values(), ids=APIS)
def test_every_api_is_brought_inside_and_its_streams_pass(
    tight, upstream: FakeUpstream, provider: str, path: str, write: Callable[[Sequence[bytes]], Any]
):
    pictures = [grain(seed) for seed in range(9)]
    server = tight(provider)

    answer = send(server, orjson.dumps(write(pictures)), path, **{"x-test": "stream"})

    assert b"[DONE]" in answer.body
    assert int(answer.headers["x-jnd-limit-step"]) > 0
    assert len(upstream.last["body"]) <= MOST
    found = sent_pictures(upstream.last["body"])
    assert len(found) == 9
    assert {decode(each).source.format for each in found} <= {"jpeg", "webp"}


def _animation() -> bytes:
    frames = [PillowImage.new("RGB", (64, 48), colour) for colour in ("red", "green", "blue")]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:])
    return buffer.getvalue()


def test_gemini_is_never_sent_an_animation(tight, upstream: FakeUpstream, inspector):
    inspector.outcome = "noticeable_edit"
    gif = pybase64.b64encode(_animation()).decode()
    part = {"inlineData": {"mimeType": "image/gif", "data": gif}}
    body = {"contents": [{"role": "user", "parts": [part]}]}

    answer = send(tight("gemini"), orjson.dumps(body), "/v1beta/models/gemini-3-pro:generateContent")

    sent = json.loads(upstream.last["body"])["contents"][0]["parts"][0]["inlineData"]
    still = decode(pybase64.b64decode(sent["data"]))
    assert sent["mimeType"] == "image/webp" == still.source.media_type
    assert still.source.frames == 1
    assert (still.image.pixels == np.array([255, 0, 0])).all()
    assert answer.headers["x-jnd-verdict"] == "noticeable_edit"
    assert answer.headers["x-jnd-reason"] == "animation_lost"
    assert "x-jnd-limits" not in answer.headers


def test_more_than_twenty_pictures_are_brought_to_two_thousand_pixels(tight, upstream: FakeUpstream):
    wide = [grain(seed, width=2100, height=8) for seed in range(21)]
    server = tight(most=10**7)

    send(server, messages(*wide[:20], model="claude-opus-4-7"))
    twenty = sent_pictures(upstream.last["body"])
    answer = send(server, messages(*wide, model="claude-opus-4-7"))

    assert {decode(each).image.width for each in twenty} == {2100}
    assert {decode(each).image.width for each in sent_pictures(upstream.last["body"])} == {2000}
    assert "x-jnd-limits" not in answer.headers


def test_a_picture_that_no_size_makes_acceptable_says_which_limit_it_exceeds(tight, upstream: FakeUpstream):
    thin = grain(0, width=2010, height=10)
    body = {"model": "qwen3-vl-plus", "messages": [{"role": "user", "content": _chat_parts([thin])}]}

    answer = tight("qwen", most=10**7).chat(orjson.dumps(body))

    assert sent_pictures(upstream.last["body"]) == [thin]
    assert answer.headers["x-jnd-limits"] == "aspect"


@pytest.mark.slow
def test_forty_pictures_of_a_megabyte_fit_what_claude_takes(gateway, upstream: FakeUpstream):
    pixels = np.random.default_rng(0).integers(0, 256, (40, 560, 600, 3), dtype=np.uint8)
    body = messages(*[encode_png(Image(each)) for each in pixels])
    exact = Compressor(Wary(), RULES, "exact", encoders=(JPEG,))
    server = gateway(
        parts={"compressor": exact, "rules": RULES},
        upstream={"provider": "anthropic"},
        limits={"image_seconds": 300, "request_seconds": 300},
    )

    answer = send(replace(server, timeout_seconds=600), body)

    assert len(body) > 50_000_000
    assert 2**24 < len(upstream.last["body"]) <= 2**25
    assert answer.headers["x-jnd-limit-step"] == "3"
    assert len(sent_pictures(upstream.last["body"])) == 40
