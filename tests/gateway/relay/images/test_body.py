"""Requests with images, good and bad, through a live gateway."""

import http.client
import io
import json
import threading
import zlib
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import orjson
import pybase64
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image as PillowImage

from calibration.image import Image, decode, encode_png
from gateway.memory.cache import ByteBoundedCache
from tests.gateway.conftest import Server, listening


def test_image_is_lightened_and_nothing_else_changes(gateway, upstream, png, chat_body):
    body = chat_body(png)

    answer = gateway().chat(body)

    sent = orjson.loads(upstream.last["body"])
    url = sent["messages"][0]["content"][1]["image_url"].pop("url")
    expected = orjson.loads(body)
    expected["messages"][0]["content"][1]["image_url"].pop("url")
    assert url.startswith("data:image/jpeg;base64,")
    assert sent == expected
    assert answer.headers["x-jnd-verdict"] == "clean"
    assert int(answer.headers["x-jnd-bytes-saved"]) > 0
    assert int(answer.headers["x-jnd-tokens-saved"]) == 10
    assert float(answer.headers["x-jnd-overhead-ms"]) > 0


def test_what_the_headers_say_the_metrics_count(gateway, png, chat_body):
    server = gateway()

    answer = server.chat(chat_body(png))

    saved = int(answer.headers["x-jnd-bytes-saved"])
    assert server.settles_at('jnd_bytes_saved_total{model="m"}', saved)
    assert server.metric('jnd_image_bytes_in_total{model="m"}') == len(png)
    assert server.metric('jnd_image_bytes_out_total{model="m"}') == len(png) - saved
    assert server.metric('jnd_images_total{model="m",outcome="clean",reason=""}') == 1
    assert server.metric('jnd_compressions_total{format="jpeg",model="m"}') == 1
    assert server.metric('jnd_tokens_saved_total{model="m",provider="test"}') == 10
    assert server.metric('jnd_overhead_seconds_count{has_image="true"}') == 1
    for stage in ("decode", "inspect", "compress", "splice"):
        assert server.metric(f'jnd_stage_seconds_count{{stage="{stage}"}}') == 1


def test_body_without_gain_is_forwarded_byte_for_byte(gateway, upstream, png, chat_body):
    body = chat_body(png).replace(b"/", b"\\/")

    answer = gateway(compression={"mode": "off"}).chat(body)

    assert upstream.last["body"] == body
    assert answer.headers["x-jnd-verdict"] == "clean"


def test_every_image_is_treated_and_the_gravest_verdict_is_told(gateway, upstream, inspector, png, chat_body):
    inspector.outcome = "noticeable_edit"

    answer = gateway().chat(chat_body(png, "https://example.org/a.png", png))

    assert answer.headers["x-jnd-verdict"] == "noticeable_edit"
    assert answer.headers["x-jnd-reason"] == "url"
    assert answer.headers["x-jnd-ratio"] == "0.500"
    assert upstream.last["body"].count(b"data:image/jpeg") == 2
    assert b"https://example.org/a.png" in upstream.last["body"]


def test_model_names_nobody_configured_share_one_label(gateway, png, chat_body):
    server = gateway()

    server.chat(chat_body(png, model="made-up"))

    assert server.settles_at('jnd_images_total{model="other",outcome="clean",reason=""}', 1)


def test_flagged_image_is_only_told_about_in_mode_monitor(gateway, inspector, png, chat_body):
    inspector.outcome = "imperceptible_edit"
    server = gateway()

    answer = server.chat(chat_body(png))

    assert answer.status == 200
    assert answer.headers["x-jnd-verdict"] == "imperceptible_edit"
    assert answer.headers["x-jnd-explanation"] == "because the test says so"
    assert answer.headers["x-jnd-flags"] == "residual"
    flags = 'jnd_flags_total{action="monitor",kind="residual",model="m",outcome="imperceptible_edit"}'
    assert server.settles_at(flags, 1)


def test_flagged_image_is_refused_in_mode_block(gateway, upstream, inspector, png, chat_body):
    inspector.outcome = "imperceptible_edit"
    server = gateway(policy={"mode": "block"})

    answer = server.chat(chat_body(png))

    assert answer.status == 400
    assert answer.error["code"] == "image_blocked"
    assert answer.error["type"] == "invalid_request_error"
    assert answer.error["param"] == "messages[0].content[1].image_url.url"
    assert answer.headers["x-jnd-verdict"] == "imperceptible_edit"
    assert upstream.requests == []
    flags = 'jnd_flags_total{action="block",kind="residual",model="m",outcome="imperceptible_edit"}'
    assert server.settles_at(flags, 1)
    assert server.metric('jnd_bytes_saved_total{model="m"}') == 0


def test_edit_that_the_model_notices_is_not_blocked_by_default(gateway, inspector, png, chat_body):
    inspector.outcome = "noticeable_edit"

    assert gateway(policy={"mode": "block"}).chat(chat_body(png)).status == 200


def test_callers_are_told_apart_by_their_key_but_the_key_is_not_kept(gateway, inspector, png, chat_body):
    server = gateway()

    for key in ("Bearer one", "Bearer two", "Bearer one"):
        server.chat(chat_body(png), authorization=key)

    first, second = inspector.tenants  # the third was known from the first
    assert first != second
    assert "one" not in first


def test_bypass_works_only_where_it_is_allowed(gateway, upstream, inspector, png, chat_body):
    body = chat_body(png)

    refused = gateway().chat(body, x_jnd_bypass="true")
    allowed = gateway(policy={"allow_bypass": True}).chat(body, x_jnd_bypass="true")

    assert refused.headers["x-jnd-verdict"] == "clean"
    assert allowed.headers["x-jnd-verdict"] == "unchecked"
    assert refused.headers["x-jnd-reason"] == "bypass_refused"
    assert allowed.headers["x-jnd-reason"] == "bypass"
    assert upstream.last["body"] == body
    assert b"x-jnd-bypass" not in dict(upstream.last["headers"])
    assert len(inspector.tenants) == 1


def test_full_queue_answers_429_and_text_still_passes(gateway, inspector, png, chat_body):
    inspector.delay_seconds = 0.6
    other = chat_body(png, model="another")
    server = gateway(limits={"queue_bytes": len(other) + 1000})
    first = threading.Thread(target=server.chat, args=[chat_body(png)])
    first.start()
    while not inspector.tenants:
        pass

    refused, text = server.chat(other), server.chat(b"{}")
    first.join()

    assert refused.status == 429
    assert refused.error["code"] == "queue_full"
    assert refused.headers["retry-after"] == "1"
    assert text.status == 200
    assert server.chat(other).status == 200
    assert server.metric("jnd_queue_bytes") == 0
    assert server.settles_at('jnd_errors_total{kind="queue_full"}', 1)


def test_health_answers_while_images_are_worked_on(gateway, inspector, png, chat_body):
    inspector.delay_seconds = 0.5
    server = gateway(limits={"image_threads": 1})
    worker = threading.Thread(target=server.chat, args=[chat_body(png)])
    worker.start()
    while not inspector.tenants:
        pass

    assert server.ask("GET", "/livez").status == 200
    assert worker.is_alive()
    worker.join()


def test_the_one_thread_that_looks_never_asks_another_machine(gateway, png, chat_body):
    class Shared(ByteBoundedCache):
        asks_others = True
        near, far = set(), set()

        def get_near(self, _):
            self.near.add(threading.current_thread().name)

        def get(self, key):
            self.far.add(threading.current_thread().name)
            return super().get(key)

    answer = gateway(parts={"cache": Shared(1 << 20)}).chat(chat_body(png, png))

    assert answer.headers["x-jnd-verdict"] == "clean"
    assert Shared.near == {"look_0"}
    assert Shared.far
    assert not [name for name in Shared.far if name.startswith("look")]


def _pillow(mode: str, format_name: str, size=(24, 16), **options) -> bytes:
    rng = np.random.default_rng(0)
    depth = len(mode) if mode in ("RGB", "RGBA", "CMYK") else 1
    pixels = rng.integers(0, 255, (size[1], size[0], depth)).astype(np.uint8).squeeze()
    picture = PillowImage.fromarray(pixels, mode) if mode != "I;16" else PillowImage.new(mode, size, 40_000)
    buffer = io.BytesIO()
    picture.save(buffer, format_name, **options)
    return buffer.getvalue()


def _animation() -> bytes:
    frames = [PillowImage.new("RGB", (8, 8), color) for color in ("red", "green", "blue")]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:])
    return buffer.getvalue()


def _palette_with_alpha() -> bytes:
    picture = PillowImage.new("P", (8, 8), 0)
    picture.putpalette([255, 0, 0, 0, 255, 0])
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", transparency=0)
    return buffer.getvalue()


def _huge_png() -> bytes:
    """Claim 20,000 x 20,000 pixels in a header, as a decompression bomb does."""
    data = bytearray(_pillow("RGB", "PNG"))
    data[16:24] = (20_000).to_bytes(4, "big") * 2
    data[29:33] = zlib.crc32(bytes(data[12:29])).to_bytes(4, "big")
    return bytes(data)


BAD_IMAGES = {
    "truncated": (lambda: _pillow("RGB", "PNG", (64, 64))[:2000], "image/png", "damaged", 400),
    "zero bytes": (lambda: b"", "image/png", "empty", 400),
    "20,000 x 20,000": (_huge_png, "image/png", "too_many_pixels", 413),
    "not an image": (lambda: b"hello", "image/png", "unknown_format", 400),
}


@pytest.mark.parametrize("bad", BAD_IMAGES.values(), ids=BAD_IMAGES)
def test_bad_image_is_forwarded_untouched_and_told(gateway, upstream, chat_body, bad):
    make, media_type, kind, _ = bad
    body = chat_body((make(), media_type))
    server = gateway()

    answer = server.chat(body)

    assert answer.status == 200
    assert upstream.last["body"] == body
    assert answer.headers["x-jnd-reason"] == answer.headers["x-jnd-unchecked"] == kind
    assert server.settles_at(f'jnd_errors_total{{kind="{kind}"}}', 1)
    assert answer.headers["x-jnd-verdict"] == "unchecked"


@pytest.mark.parametrize("on_failure", ["forward", "refuse"])
def test_wrong_media_type_is_told_and_corrected_and_nothing_else_is_changed(
    gateway, upstream, chat_body, on_failure
):
    body = chat_body((_pillow("RGB", "JPEG"), "image/png"))
    server = gateway(compression={"mode": "off"}, policy={"on_failure": on_failure})

    answer = server.chat(body)

    assert upstream.last["body"] == body.replace(b"image/png", b"image/jpeg")
    assert answer.headers["x-jnd-verdict"] == "clean"
    assert answer.headers["x-jnd-reason"] == "media_type_mismatch"
    assert "x-jnd-unchecked" not in answer.headers
    assert server.settles_at('jnd_errors_total{kind="media_type_mismatch"}', 1)


@pytest.mark.parametrize("url", ["data:;base64,%s", "%s"])
def test_missing_media_type_is_nothing_wrong(gateway, upstream, png, chat_body, url):
    body = chat_body(url % pybase64.b64encode(png).decode())

    answer = gateway(compression={"mode": "off"}).chat(body)

    assert upstream.last["body"] == body
    assert answer.headers["x-jnd-verdict"] == "clean"
    assert "x-jnd-reason" not in answer.headers


@pytest.mark.parametrize("bad", BAD_IMAGES.values(), ids=BAD_IMAGES)
def test_bad_image_is_refused_where_the_policy_says_so(gateway, upstream, chat_body, bad):
    make, media_type, kind, status = bad
    server = gateway(policy={"on_failure": "refuse"})

    answer = server.chat(chat_body((make(), media_type)))

    assert answer.status == status
    assert answer.error["code"] == kind
    assert answer.error["param"] == "messages[0].content[1].image_url.url"
    assert upstream.requests == []
    assert server.settles_at(f'jnd_errors_total{{kind="{kind}"}}', 1)


ODD_IMAGES = {
    "animated": (_animation, "image/gif"),
    "CMYK": (lambda: _pillow("CMYK", "JPEG"), "image/jpeg"),
    "16-bit": (lambda: _pillow("I;16", "PNG"), "image/png"),
    "palette with alpha": (_palette_with_alpha, "image/png"),
    "grey": (lambda: _pillow("L", "PNG"), "image/png"),
    "grey, declared as image/jpg": (lambda: _pillow("L", "JPEG"), "image/jpg"),
}


@pytest.mark.parametrize("odd", ODD_IMAGES.values(), ids=ODD_IMAGES)
@pytest.mark.parametrize("on_failure", ["forward", "refuse"])
def test_odd_image_is_examined_like_any_other(gateway, chat_body, odd, on_failure):
    make, media_type = odd

    answer = gateway(policy={"on_failure": on_failure}).chat(chat_body((make(), media_type)))

    assert answer.status == 200
    assert answer.headers["x-jnd-verdict"] == "clean"
    assert "x-jnd-reason" not in answer.headers


BAD_BODIES = {
    "not JSON": (b"hello", "not_json"),
    "empty": (b"", "not_json"),
    "truncated": (b'{"messages": [{"content": "a', "not_json"),
    "UTF-16": ('{"messages": []}'.encode("utf-16"), "not_json"),
    "two documents": (b'{"messages": []} {"messages": []}', "not_json"),
    "bad escapes in a long image": (
        b'{"messages": [{"content": [{"image_url": "' + b"\\q" * 3000 + b'"}]}]}',
        "not_json",
    ),
    "not an object": (b"[1, 2]", "not_an_object"),
    "many values": (b'{"a": [' + b"[]," * 2000 + b'{"image_url": 1}]}', "too_many_values"),
    "invalid base64": (
        b'{"messages": [{"content": [{"image_url": "data:image/png;base64,A!"}]}]}',
        "invalid_base64",
    ),
    "not base64": (
        b'{"messages": [{"content": [{"image_url": "data:image/svg+xml,<svg/>"}]}]}',
        "unsupported_data_url",
    ),
    "address": (b'{"messages": [{"content": [{"image_url": "https://example.org/a.png"}]}]}', "url"),
    "file id": (b'{"messages": [{"content": [{"type": "file", "file": {"file_id": "f1"}}]}]}', "file_id"),
    "document": (
        b'{"messages": [{"content": [{"file": {"file_data": "data:application/pdf;base64,JVBERi0x"}}]}]}',
        "document",
    ),
    "image nobody expects": (
        b'{"messages": [{"content": [{"blob": "data:image/png;base64,AAAA"}]}]}',
        "unknown_place",
    ),
    "too large": (b'{"a": "' + b"x" * 9000 + b'"}', "body_too_large"),
}


@pytest.mark.parametrize(("body", "kind"), BAD_BODIES.values(), ids=BAD_BODIES)
def test_bad_body_is_forwarded_untouched_or_refused(gateway, upstream, body, kind):
    limits = {"max_body_bytes": 8192, "max_json_values": 1000}
    forwarding, refusing = gateway(limits=limits), gateway(limits=limits, policy={"on_failure": "refuse"})

    forwarded, refused = forwarding.chat(body), refusing.chat(body)

    assert forwarded.status == 200
    assert [request["body"] for request in upstream.requests] == [body]
    assert forwarded.headers["x-jnd-verdict"] == "unchecked"
    assert forwarded.headers["x-jnd-reason"] == forwarded.headers["x-jnd-unchecked"] == kind
    assert refused.status == (413 if kind == "body_too_large" else 400)
    assert refused.error["code"] == kind
    assert refusing.settles_at(f'jnd_errors_total{{kind="{kind}"}}', 1)
    assert forwarding.settles_at(f'jnd_unchecked_total{{class="unseen",reason="{kind}"}}', 1)


def test_images_beyond_the_limit_are_told_and_earlier_ones_stay_lightened(gateway, upstream, png, chat_body):
    limits = {"max_images": 2}
    body = chat_body(png, png, png)

    answer = gateway(limits=limits).chat(body)
    before = gateway(limits=limits).chat(chat_body(png, png))

    many, few = (orjson.loads(each["body"])["messages"][0]["content"] for each in upstream.requests)
    assert many[:3] == few  # the provider's prompt cache holds
    assert many[3] == orjson.loads(body)["messages"][0]["content"][3]
    assert (answer.headers["x-jnd-verdict"], before.headers["x-jnd-verdict"]) == ("clean", "clean")
    assert answer.headers["x-jnd-unchecked"] == "too_many_images"
    assert "x-jnd-unchecked" not in before.headers


def test_the_newest_picture_of_a_long_conversation_is_looked_at(gateway, inspector, upstream, chat_body):
    shots = [encode_png(Image(np.full((96, 128, 3), 20 * shade, np.uint8))) for shade in range(6)]
    server = gateway(limits={"max_images": 2}, policy={"on_failure": "refuse"})

    answers = [server.chat(chat_body(*shots[: turn + 1])) for turn in range(5)]

    assert {(answer.status, answer.headers["x-jnd-verdict"]) for answer in answers} == {(200, "clean")}
    assert len(inspector.tenants) == 5
    turns = [orjson.loads(each["body"])["messages"][0]["content"] for each in upstream.requests]
    assert all(after[: len(before)] == before for before, after in pairwise(turns))
    inspector.outcome = "imperceptible_edit"
    hidden = server.chat(chat_body(*shots))
    assert hidden.headers["x-jnd-flags"] == "residual"


def test_the_newest_picture_is_looked_at_where_many_pictures_are_seen_smaller(gateway, inspector, chat_body):
    shots = [encode_png(Image(np.full((96, 128, 3), 9 * shade, np.uint8))) for shade in range(26)]
    server = gateway(limits={"max_images": 15}, upstream={"provider": "anthropic"})
    for turn in (15, 20, 22, 24, 25):
        server.chat(chat_body(*shots[:turn]))

    inspector.outcome = "imperceptible_edit"

    assert server.chat(chat_body(*shots)).headers["x-jnd-flags"] == "residual"


def test_images_beyond_the_limit_are_refused_where_the_policy_says_so(gateway, upstream, png, chat_body):
    answer = gateway(limits={"max_images": 2}, policy={"on_failure": "refuse"}).chat(chat_body(png, png, png))

    assert (answer.status, answer.error["code"]) == (413, "too_many_images")
    assert upstream.requests == []


def test_images_in_text_are_told_and_never_refused(gateway, upstream, png):
    text = f"what is this? data:image/png;base64,{pybase64.b64encode(png).decode()}"
    body = orjson.dumps({"model": "m", "messages": [{"role": "user", "content": text}]})
    server = gateway(policy={"mode": "block", "on_failure": "refuse"})

    answer = server.chat(body)

    assert upstream.last["body"] == body
    assert answer.headers["x-jnd-verdict"] == "unchecked"
    assert answer.headers["x-jnd-unchecked"] == "image_in_text"
    assert server.settles_at('jnd_unchecked_total{class="limit",reason="image_in_text"}', 1)


DISGUISES = {
    "white space before it": lambda url: " " + url,
    "a line break before it": lambda url: "\n" + url,
    "bare base64": lambda url: url.partition(",")[2],
    "broken into lines": lambda url: url[:90] + "\r\n" + url[90:],
    "spaces": lambda url: url[:90] + " " + url[90:],
    "URL-safe": lambda url: url[:22] + url[22:].replace("+", "-").replace("/", "_"),
    "without padding": lambda url: url.rstrip("="),
    "another case": lambda url: "Data:Image/PNG;BASE64" + url[21:],
    "parameters": lambda url: "data:image/png;name=a.png;base64" + url[21:],
    "without the word base64": lambda url: "data:image/png" + url[21:],
}


@pytest.mark.parametrize("disguise", DISGUISES.values(), ids=DISGUISES)
@pytest.mark.parametrize("dump", [json.dumps, lambda body: json.dumps(body).replace("/", "\\/")])
def test_image_is_blocked_in_whatever_way_some_reader_takes_it(gateway, inspector, png, disguise, dump):
    inspector.outcome = "imperceptible_edit"
    url = disguise(f"data:image/png;base64,{pybase64.b64encode(png).decode()}")
    body = dump({"model": "m", "messages": [{"content": [{"image_url": {"url": url}}]}]}).encode()

    answer = gateway(policy={"mode": "block", "on_failure": "refuse"}).chat(body)

    assert (answer.status, answer.error["code"]) == (400, "image_blocked")


ODD_JSON = {
    "a lone surrogate": lambda body: body.replace(b'"m"', b'"m\\ud800"'),
    "deep nesting": lambda body: body.replace(b'"x": 0', b'"x": ' + b"[" * 5000 + b"]" * 5000),
    "NaN": lambda body: body.replace(b'"x": 0', b'"x": NaN'),
    "control characters": lambda body: body.replace(b'"x": 0', b'"x": "\x01\n"'),
    "not UTF-8": lambda body: body.replace(b'"x": 0', b'"x": "\xff"'),
    "a byte order mark": lambda body: b"\xef\xbb\xbf" + body,
    "messages named twice": lambda body: body.replace(b'"x": 0', b'"x": 0, "messages": []'),
    "messages named twice, the other way": lambda body: b'{"messages": [],' + body[1:],
}


@pytest.mark.parametrize("make_odd", ODD_JSON.values(), ids=ODD_JSON)
def test_image_in_odd_json_is_blocked_like_any_other(gateway, upstream, inspector, png, make_odd):
    inspector.outcome = "imperceptible_edit"
    url = f"data:image/png;base64,{pybase64.b64encode(png).decode()}"
    document = {"model": "m", "messages": [{"content": [{"image_url": {"url": url}}]}], "x": 0}

    answer = gateway(policy={"mode": "block"}).chat(make_odd(json.dumps(document).encode()))

    assert (answer.status, answer.error["code"]) == (400, "image_blocked")
    assert upstream.requests == []


@pytest.mark.parametrize("make_odd", ODD_JSON.values(), ids=ODD_JSON)
def test_odd_json_without_images_passes_untouched(gateway, upstream, make_odd):
    body = make_odd(json.dumps({"model": "m", "messages": [{"content": "text"}], "x": 0}).encode())

    answer = gateway(policy={"mode": "block", "on_failure": "refuse"}).chat(body)

    assert (answer.status, answer.headers["x-jnd-verdict"]) == (200, "none")
    assert upstream.last["body"] == body


def test_body_too_large_in_pieces_of_unknown_length_is_forwarded_whole(gateway, upstream):
    pieces = [b"x" * 1500] * 4

    answer = gateway(limits={"max_body_bytes": 2048}).ask("POST", "/v1/chat/completions", iter(pieces))

    assert answer.headers["x-jnd-reason"] == "body_too_large"
    assert upstream.last["body"] == b"".join(pieces)


def test_compressed_body_is_forwarded_untouched_and_told(gateway, upstream):
    answer = gateway().chat(b"\x1f\x8b", content_encoding="gzip")

    assert upstream.last["body"] == b"\x1f\x8b"
    assert answer.headers["x-jnd-reason"] == "encoded_body"


def test_bug_in_a_detector_does_not_take_the_request_down(gateway, inspector, png, chat_body):
    inspector.error = RuntimeError("a bug")
    server = gateway()

    answer = server.chat(chat_body(png))

    assert (answer.status, answer.headers["x-jnd-verdict"]) == (200, "unchecked")
    assert server.settles_at('jnd_errors_total{kind="internal"}', 1)


def test_bug_in_a_detector_is_a_500_where_the_policy_refuses(gateway, inspector, png, chat_body):
    inspector.error = RuntimeError("a bug")

    answer = gateway(policy={"on_failure": "refuse"}).chat(chat_body(png))

    assert (answer.status, answer.error["code"]) == (500, "internal")
    assert "a bug" not in answer.body.decode()


def test_wrong_types_in_a_body_harm_nobody(gateway, upstream):
    server = gateway()
    json_values = st.recursive(
        st.none() | st.integers() | st.text(max_size=5) | st.just("data:image/png;base64,AAAA"),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["messages", "content", "image_url", "url", "model", "x"]), inner, max_size=4
            )
        ),
        max_leaves=15,
    )

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.dictionaries(st.sampled_from(["messages", "model"]), json_values))
    def check(document):
        body = json.dumps(document).encode()

        answer = server.chat(body)

        assert answer.status == 200
        assert upstream.last["body"] == body

    check()


def test_forwarded_picture_shows_what_the_original_showed(gateway, upstream, png, picture, chat_body):
    gateway().chat(chat_body(png))

    sent = orjson.loads(upstream.last["body"])["messages"][0]["content"][1]["image_url"]["url"]
    shown = decode(pybase64.b64decode(sent.partition(",")[2])).image.pixels.astype(int)
    assert np.abs(shown - picture.pixels).mean() < 8


@pytest.fixture
def picture_server(png: bytes) -> Iterator[Server]:
    async def app(scope, receive, send) -> None:  # noqa: ARG001 - ASGI
        if scope["type"] == "http":
            await send(
                {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"image/png")]}
            )
            await send({"type": "http.response.body", "body": png})

    with listening(app) as server:
        yield server


def _fetching(server: Server, image_urls: str) -> dict[str, dict]:
    return {
        "upstream": {"image_urls": image_urls},
        "fetching": {"ports": [server.port], "private_hosts": ["127.0.0.1"]},
    }


def test_fetched_picture_is_judged_and_its_address_sent_as_it_came(
    gateway, upstream, picture_server, chat_body
):
    body = chat_body(f"http://127.0.0.1:{picture_server.port}/a.png")
    server = gateway(**_fetching(picture_server, "fetch-check-pass"), policy={"on_failure": "refuse"})

    answer = server.chat(body)

    assert upstream.last["body"] == body
    assert answer.headers["x-jnd-verdict"] == "clean"
    assert answer.headers["x-jnd-reason"] == "unbound"
    assert answer.headers["x-jnd-bytes-saved"] == "0"
    assert server.settles_at('jnd_images_total{model="m",outcome="clean",reason="unbound"}', 1)


def test_fetched_picture_is_sent_instead_of_its_address(gateway, upstream, picture_server, chat_body):
    body = chat_body(f"http://127.0.0.1:{picture_server.port}/a.png")

    answer = gateway(**_fetching(picture_server, "fetch-check-inline")).chat(body)

    url = orjson.loads(upstream.last["body"])["messages"][0]["content"][1]["image_url"]["url"]
    assert url.startswith("data:image/jpeg;base64,")
    assert answer.headers["x-jnd-verdict"] == "clean"
    assert "x-jnd-reason" not in answer.headers


def test_fetched_pictures_of_a_request_are_bounded_like_a_body(
    gateway, upstream, picture_server, png, chat_body
):
    urls = [f"http://127.0.0.1:{picture_server.port}/{number}.png" for number in range(5)]
    most = {"max_body_bytes": 3 * len(png)}
    server = gateway(**_fetching(picture_server, "fetch-check-inline"), limits=most)

    answer = server.chat(chat_body(*urls))

    parts = orjson.loads(upstream.last["body"])["messages"][0]["content"][1:]
    assert sum(part["image_url"]["url"].startswith("data:") for part in parts) == 3
    assert answer.headers["x-jnd-unchecked"] == "url_too_large"


def test_fetched_pictures_take_room_like_sent_ones(gateway, picture_server, png, chat_body):
    body = chat_body(f"http://127.0.0.1:{picture_server.port}/a.png")
    settings = _fetching(picture_server, "fetch-check-inline")
    server = gateway(**settings, limits={"queue_bytes": len(body) + len(png)})

    other = http.client.HTTPConnection("127.0.0.1", server.port)
    other.request("POST", "/v1/chat/completions", chat_body(), {"x-test": "silent"})
    assert server.settles_at("jnd_queue_bytes", len(chat_body()))
    answer = server.chat(body)
    other.close()

    assert answer.status == 429


@pytest.mark.parametrize("image_urls", ["fetch-check-pass", "fetch-check-inline"])
def test_fetched_picture_is_blocked_like_any_other(gateway, inspector, picture_server, chat_body, image_urls):
    inspector.outcome = "imperceptible_edit"
    server = gateway(**_fetching(picture_server, image_urls), policy={"mode": "block"})

    answer = server.chat(chat_body(f"http://127.0.0.1:{picture_server.port}/a.png"))

    assert (answer.status, answer.error["code"]) == (400, "image_blocked")


@pytest.mark.parametrize("image_urls", ["fetch-check-pass", "fetch-check-inline"])
def test_address_that_must_not_be_asked_is_unseen(gateway, upstream, picture_server, chat_body, image_urls):
    settings = _fetching(picture_server, image_urls) | {"fetching": {"ports": [picture_server.port]}}
    body = chat_body(f"http://127.0.0.1:{picture_server.port}/a.png")

    forwarded = gateway(**settings).chat(body)
    refused = gateway(**settings, policy={"on_failure": "refuse"}).chat(body)

    assert (forwarded.status, forwarded.headers["x-jnd-unchecked"]) == (200, "url_forbidden")
    assert (refused.status, refused.error["code"]) == (400, "url_forbidden")
    assert [request["body"] for request in upstream.requests] == [body]
