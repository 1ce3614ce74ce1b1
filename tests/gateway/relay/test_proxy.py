import contextlib
import gzip
import socket
import time
import zlib

import brotli
import orjson
import pybase64
import pytest
import zstandard

from gateway.dialects.registry import DIALECTS
from gateway.relay.proxy import Dialects
from tests.gateway.relay.raw import call


def test_text_request_reaches_the_upstream_byte_for_byte(gateway, upstream):
    body = b'{ "model" : "m",\n "messages":[{"role":"user","content":"\\u00e4 \xc3\xa4"}], "x": 1.50 }'

    answer = gateway().chat(body, authorization="Bearer k")

    assert answer.status == 200
    assert upstream.last["body"] == body
    assert upstream.last["target"] == "/v1/chat/completions"
    assert (b"authorization", b"Bearer k") in upstream.last["headers"]
    assert answer.headers["x-jnd-verdict"] == "none"


def test_end_to_end_headers_pass_and_hop_by_hop_headers_stay(gateway, upstream):
    answer = gateway().chat(
        b"{}", connection="x-mine", x_mine="1", te="trailers", openai_organization="o", user_agent="ua"
    )

    received = dict(upstream.last["headers"])
    assert received[b"openai-organization"] == b"o"
    assert received[b"user-agent"] == b"ua"
    assert not {b"te", b"x-mine"} & set(received)
    assert answer.headers["x-request-id"] == "r1"
    assert "x-hop" not in answer.headers


def test_compressed_answer_is_relayed_as_it_is(gateway):
    answer = gateway().chat(b"{}", x_test="encoded")

    assert answer.body == b"\x1f\x8b\x00\xff"
    assert answer.headers["content-encoding"] == "gzip"


def test_event_stream_passes_byte_for_byte(gateway):
    answer = gateway().chat(b'{"stream": true}', x_test="stream")

    assert answer.body == b'data: {"a": 1}\n\ndata: [DONE]\n\n'
    assert answer.headers["content-type"] == "text/event-stream"


def test_first_event_arrives_before_the_stream_ends(gateway):
    server = gateway()
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as client:
        client.sendall(_request("endless"))

        assert _receive_until(client, b"data: 1\n\n")


def test_error_of_the_upstream_is_relayed_unchanged(gateway):
    answer = gateway().chat(b"{}", x_test="error")

    assert (answer.status, answer.body, answer.headers["retry-after"]) == (429, b'{"error": "theirs"}', "7")


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "PATCH"])
def test_everything_else_below_v1_passes_untouched(gateway, upstream, method):
    body = b"not json \x00\xff" if method in ("POST", "PATCH") else None

    answer = gateway().ask(method, "/v1/files/a%2Fb?limit=2&x=%20", body)

    assert answer.status == 200
    assert upstream.last["method"] == method
    assert upstream.last["target"] == "/v1/files/a%2Fb?limit=2&x=%20"
    assert upstream.last["body"] == (body or b"")
    assert "x-jnd-verdict" not in answer.headers


def test_body_of_unknown_length_passes_in_pieces(gateway, upstream):
    answer = gateway().ask("POST", "/v1/files", iter([b"one ", b"two"]))

    assert answer.status == 200
    assert upstream.last["body"] == b"one two"


def test_large_body_arrives_whole(gateway, upstream):
    body = b'{"model": "m", "text": "' + b"x" * 3_000_000 + b'"}'

    gateway().chat(body)

    assert upstream.last["body"] == body
    assert (b"content-length", str(len(body)).encode()) in upstream.last["headers"]


def test_prefix_is_removed_before_forwarding(gateway, upstream):
    answer = gateway(listen={"prefix": "/openai"}).ask("POST", "/openai/v1/chat/completions", b"{}")

    assert answer.status == 200
    assert upstream.last["target"] == "/v1/chat/completions"


@pytest.mark.parametrize(
    "spelling",
    [
        "/v1/chat/completions/",
        "/v1//chat/completions",
        "/v1/chat%2Fcompletions",
        "/v1/Chat/Completions",
        "/V1/Responses",
        "/openai/deployments/x/chat/Completions",
    ],
)
def test_no_spelling_of_the_path_slips_past_the_checks(gateway, spelling):
    answer = gateway().ask("POST", spelling, b"{}")

    assert answer.headers["x-jnd-verdict"] == "none"


def test_upstream_that_is_down_gives_502_in_openais_format(gateway):
    server = gateway(upstream={"base_url": "http://127.0.0.1:9/v1"})

    answer = server.chat(b"{}")

    assert answer.status == 502
    assert answer.error["code"] == "upstream_unreachable"
    assert set(answer.error) == {"message", "type", "param", "code"}
    assert server.settles_at('jnd_errors_total{kind="upstream_unreachable"}', 1)


def test_upstream_that_drops_the_connection_gives_502(gateway):
    assert gateway().chat(b"{}", x_test="drop").status == 502


@pytest.mark.parametrize("target", ["/v1/chat/completions", "/v1/embeddings"])
def test_upstream_that_is_slow_gives_504(gateway, target):
    server = gateway(upstream={"read_timeout_seconds": 0.1})

    answer = server.ask("POST", target, b"{}", {"x-test": "silent"})

    assert answer.status == 504
    assert answer.error["code"] == "upstream_timeout"
    assert server.settles_at('jnd_errors_total{kind="upstream_timeout"}', 1)


def test_stream_cut_by_the_upstream_is_visibly_broken_for_the_client(gateway):
    server = gateway()
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as client:
        client.sendall(_request("cut"))
        received = _receive_all(client)

    assert b"data: 1\n\n" in received
    assert not received.endswith(b"0\r\n\r\n")
    assert server.settles_at('jnd_errors_total{kind="upstream_cut"}', 1)


def test_stream_that_falls_silent_is_visibly_broken_for_the_client(gateway):
    server = gateway(upstream={"read_timeout_seconds": 0.2})
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as client:
        client.sendall(_request("endless"))
        received = _receive_all(client)

    assert not received.endswith(b"0\r\n\r\n")
    assert server.settles_at('jnd_errors_total{kind="upstream_timeout"}', 1)


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/embeddings"])
def test_client_that_hangs_up_before_the_answer_cancels_the_upstream(gateway, upstream, path):
    server = gateway()
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as client:
        client.sendall(_request("silent", path))
        _wait_for(lambda: upstream.requests)

    assert upstream.hung_up.wait(5)
    assert server.settles_at('jnd_errors_total{kind="client_hang_up"}', 1)
    assert server.metric("jnd_in_flight_requests") == 0


def test_client_that_hangs_up_on_a_request_without_body_cancels_the_upstream(gateway, upstream):
    server = gateway()
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as client:
        client.sendall(b"GET /v1/models HTTP/1.1\r\nhost: g\r\nx-test: silent\r\n\r\n")
        _wait_for(lambda: upstream.requests)

    assert upstream.hung_up.wait(5)
    assert server.settles_at('jnd_errors_total{kind="client_hang_up"}', 1)


def test_client_that_hangs_up_in_the_middle_of_a_stream_cancels_the_upstream(gateway, upstream):
    server = gateway()
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as client:
        client.sendall(_request("endless"))
        _receive_until(client, b"data: 1\n\n")

    assert upstream.hung_up.wait(5)
    assert server.settles_at('jnd_errors_total{kind="client_hang_up"}', 1)


def test_client_that_hangs_up_while_sending_is_counted_and_harms_nobody(gateway):
    server = gateway()
    head = b"POST /v1/files HTTP/1.1\r\nhost: g\r\ncontent-length: 1000\r\n\r\nonly this"
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as client:
        client.sendall(head)
        time.sleep(0.1)

    assert server.settles_at('jnd_errors_total{kind="client_hang_up"}', 1)
    assert server.chat(b"{}").status == 200


PACKERS = {"gzip": gzip.compress, "br": brotli.compress, "zstd": zstandard.compress, "deflate": zlib.compress}


@pytest.mark.parametrize("name", PACKERS)
def test_a_packed_body_is_looked_into_and_sent_on_as_it_came(gateway, upstream, chat_body, name):
    packed = PACKERS[name](chat_body(model="m"))

    answer = gateway().chat(packed, content_encoding=name)

    assert answer.headers["x-jnd-verdict"] == "none"
    assert upstream.last["body"] == packed
    assert (b"content-encoding", name.encode()) in upstream.last["headers"]


@pytest.mark.parametrize(
    "lines",
    [
        b"content-encoding: identity\r\ncontent-encoding: gzip\r\n",
        b"content-encoding: \r\nContent-Encoding: GZIP\r\n",
        b"content-encoding: gzip\r\ncontent-encoding: identity\r\n",
    ],
)
@pytest.mark.parametrize("path", [b"/v1/chat/completions", b"/v1/jnd/inspect"])
def test_encodings_told_in_several_lines_are_all_undone(gateway, chat_body, png, lines, path):
    image = pybase64.b64encode(png).decode()
    body = gzip.compress(chat_body(png) if path.endswith(b"completions") else orjson.dumps({"image": image}))
    head = b"POST %b HTTP/1.1\r\nhost: g\r\n%bcontent-length: %d\r\n\r\n" % (path, lines, len(body))

    received = call(gateway().port, head + body)

    assert b"x-jnd-verdict: clean\r\n" in received or b'"outcome":"clean"' in received


@pytest.mark.parametrize(
    "lines",
    [
        b"content-type: text/plain\r\ncontent-type: application/json\r\n",
        b"content-type: application/JSON\r\n",
    ],
)
def test_a_model_is_found_whatever_line_says_json(gateway, upstream, upstream_server, lines):
    other = {
        "name": "other",
        "base_url": f"http://127.0.0.1:{upstream_server.port}/other/v1",
        "models": ["o"],
    }
    body = b'{"model": "o"}'
    head = b"POST /v1/embeddings HTTP/1.1\r\nhost: g\r\n%bcontent-length: %d\r\n\r\n" % (lines, len(body))

    call(gateway(upstreams=[other]).port, head + body)

    assert upstream.last["target"] == "/other/v1/embeddings"


@pytest.mark.parametrize("name", PACKERS)
def test_a_packed_body_whose_image_is_lightened_is_sent_on_unpacked(gateway, upstream, chat_body, png, name):
    answer = gateway().chat(PACKERS[name](chat_body(png)), content_encoding=name)

    assert int(answer.headers["x-jnd-bytes-saved"]) > 0
    assert orjson.loads(upstream.last["body"])["model"] == "m"
    assert b"content-encoding" not in dict(upstream.last["headers"])


def test_a_bomb_is_refused_where_what_cannot_be_checked_is(gateway, upstream):
    settings = {"policy": {"on_failure": "refuse"}, "limits": {"max_body_bytes": 100_000}}

    answer = gateway(**settings).chat(gzip.compress(b"\0" * 5_000_000), content_encoding="gzip")

    assert (answer.status, answer.error["code"]) == (413, "body_too_large")
    assert upstream.requests == []


@pytest.mark.parametrize(("name", "body"), [("gzip", b"not packed"), ("compress", b"{}")])
def test_a_body_that_cannot_be_unpacked_is_told(gateway, upstream, name, body):
    answer = gateway().chat(body, content_encoding=name)

    assert answer.headers["x-jnd-verdict"] == "unchecked"
    assert "encoded_body" in answer.headers["x-jnd-reason"]
    assert upstream.last["body"] == body


@pytest.mark.parametrize(
    "path",
    [
        "/v1/embeddings",
        "/v1/moderations",
        "/v1/images/edits",
        "/v1/$rpc/google.ai.generativelanguage.v1beta.GenerativeService/GenerateContent",
    ],
)
def test_what_nobody_looks_into_has_no_verdict_and_is_counted(gateway, chat_body, png, path):
    server = gateway(policy={"on_failure": "refuse"})

    answer = server.ask("POST", path, chat_body(png), {"content-type": "application/json"})

    assert answer.status == 200
    assert [name for name in answer.headers if name.startswith("x-jnd")] == []
    assert server.settles_at('jnd_requests_total{dialect="passthrough",model="other",status="200"}', 1)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/v1/threads/thread_1/messages", "openai_responses"),
        ("/openai/v1/threads/thread_1/messages", "azure_responses"),
        ("/anthropic/v1/messages", "anthropic"),
        ("/invocations", "openai_chat"),
        ("/endpoints/llama/invocations", "openai_chat"),
        ("/v1/embeddings", None),
    ],
)
def test_a_path_is_of_the_dialect_whose_bodies_come_there(path, name):
    found = Dialects(DIALECTS).find(path)

    assert (found[0].name if found else None) == name


UTF_7 = b'{"model": "m", "messages": [{"content": [{"+AGk-mage_url": {"url": "+AGQ-ata:;base64,AAAA"}}]}]}'


def test_a_body_in_another_character_set_is_told_and_goes_on_as_it_is(gateway, upstream):
    answer = gateway().chat(UTF_7, content_type="application/json; charset=utf-7")

    assert answer.headers["x-jnd-verdict"] == "unchecked"
    assert "charset" in answer.headers["x-jnd-reason"]
    assert upstream.last["body"] == UTF_7


@pytest.mark.parametrize("charset", ["utf-7", "utf-16", "cp037"])
def test_a_body_in_another_character_set_is_refused_where_what_cannot_be_checked_is(
    gateway, upstream, charset
):
    answer = gateway(policy={"on_failure": "refuse"}).chat(
        UTF_7, content_type=f"application/json; charset={charset}"
    )

    assert (answer.status, answer.error["code"]) == (400, "charset")
    assert upstream.requests == []


def test_a_body_in_the_usual_character_sets_is_looked_into(gateway):
    server = gateway(policy={"on_failure": "refuse"})

    for charset in ("utf-8", "UTF-8", "us-ascii", "ISO-8859-1"):
        answer = server.chat(b'{"model": "m"}', content_type=f"application/json; charset={charset}")
        assert (answer.status, answer.headers["x-jnd-verdict"]) == (200, "none")


def test_a_key_of_the_settings_replaces_the_callers(gateway, upstream):
    server = gateway(upstream={"api_key": "ours"})

    for method, target in (
        ("POST", "/v1/chat/completions?key=theirs&a=1"),
        ("GET", "/v1/models?key=theirs&a=1"),
        ("GET", "/v1/models?api-key=theirs&Subscription-Key=theirs&access_token=theirs&a=1"),
    ):
        names = ("authorization", "x-api-key", "api-key", "x-goog-api-key", "ocp-apim-subscription-key")
        server.ask(method, target, b"{}", dict.fromkeys(names, "Bearer theirs"))

    for request in upstream.requests:
        assert (
            b"theirs" not in b"".join(value for _, value in request["headers"]) + request["target"].encode()
        )
        assert (b"authorization", b"Bearer ours") in request["headers"]
        assert request["target"].endswith("?a=1")


@pytest.mark.parametrize("upstream_settings", [{}, {"api_key": "ours"}])
def test_nobody_is_shown_what_the_upstream_was_sent(gateway, upstream, upstream_settings):
    answer = gateway(upstream=upstream_settings).ask("TRACE", "/v1/models")

    assert (answer.status, answer.error["code"]) == (405, "method_refused")
    assert "POST" in answer.headers["allow"]
    assert upstream.requests == []


@pytest.mark.parametrize("target", ["/v1/chat/completions", "/v1/files"])
def test_only_known_clients_get_through_where_the_settings_say_so(gateway, upstream, target):
    clients = [{"name": "web", "key": "good"}]
    server = gateway(clients=clients, only_known_clients=True)

    refused = server.ask("POST", target, b"{}", {"authorization": "Bearer bad"})
    taken = server.ask("POST", target, b"{}", {"authorization": "Bearer good"})

    assert (refused.status, refused.error["code"], taken.status) == (401, "unknown_client", 200)
    assert len(upstream.requests) == 1
    assert server.ask("GET", "/livez").status == 200


PREFLIGHT = {"origin": "https://app.example", "access-control-request-method": "POST"}


@pytest.mark.parametrize("target", ["/v1/chat/completions", "/v1/files"])
def test_a_browsers_preflight_passes_without_any_key(gateway, upstream, target):
    upstream_settings = {"api_key": "ours"}
    server = gateway(
        clients=[{"name": "web", "key": "k1"}], only_known_clients=True, upstream=upstream_settings
    )

    answer = server.ask("OPTIONS", target, None, PREFLIGHT | {"authorization": "Bearer k1"})

    received = dict(upstream.last["headers"])
    assert (answer.status, upstream.last["method"]) == (200, "OPTIONS")
    assert received[b"access-control-request-method"] == b"POST"
    assert b"authorization" not in received


@pytest.mark.parametrize(
    ("method", "body", "headers"),
    [("OPTIONS", None, {}), ("OPTIONS", b"{}", PREFLIGHT), ("POST", b"{}", PREFLIGHT)],
)
def test_what_only_looks_like_a_preflight_needs_a_key(gateway, upstream, method, body, headers):
    server = gateway(clients=[{"name": "web", "key": "k1"}], only_known_clients=True)

    assert server.ask(method, "/v1/chat/completions", body, headers).status == 401
    assert upstream.requests == []


def test_who_is_refused_is_told_how_to_send_a_key_and_counted_where_it_belongs(
    gateway, upstream, chat_body, png
):
    server = gateway(clients=[{"name": "web", "key": "k1"}], only_known_clients=True)

    refused = server.chat(chat_body(png))

    assert (refused.status, refused.headers["www-authenticate"]) == (401, 'Bearer realm="jnd-gateway"')
    assert "no key was sent" in refused.error["message"]
    assert "x-jnd-verdict" not in refused.headers  # nobody looked at the picture
    assert server.settles_at('jnd_requests_total{dialect="openai_chat",model="other",status="401"}', 1)
    assert upstream.requests == []


@pytest.mark.parametrize("target", ["/v1/chat/completions", "/v1/files", "/v1/jnd/inspect"])
def test_a_bypass_in_unknown_words_is_refused(gateway, upstream, chat_body, png, target):
    answer = gateway().ask("POST", target, chat_body(png), {"x-jnd-bypass": "1"})

    assert (answer.status, answer.error["code"]) == (400, "bad_bypass")
    assert upstream.requests == []


@pytest.mark.parametrize("target", ["/v1/chat/completions", "/v1/embeddings"])
def test_a_model_leads_to_its_upstream(gateway, upstream, upstream_server, target):
    base_url = f"http://127.0.0.1:{upstream_server.port}/local/v1"
    server = gateway(upstreams=[{"name": "local", "models": ["llama*"], "base_url": base_url}])

    for model in (b"llama-3", b"gpt-4o", b"meta/llama-3:free"):
        server.ask("POST", target, b'{"model": "%b"}' % model, {"content-type": "application/json"})

    assert [request["target"].startswith("/local") for request in upstream.requests] == [True, False, True]


def test_a_prefix_leads_to_its_upstream(gateway, upstream, upstream_server):
    base_url = f"http://127.0.0.1:{upstream_server.port}/deep/v1"
    server = gateway(upstreams=[{"name": "deep", "prefix": "/deep-one", "base_url": base_url}])

    answer = server.ask("POST", "/deep-one/v1/chat/completions", b"{}")

    assert answer.headers["x-jnd-verdict"] == "none"
    assert upstream.last["target"] == "/deep/v1/chat/completions"


@pytest.mark.parametrize(
    "target", ["/chat/completions", "/team/v1/chat/completions", "/v1/chat/completions;a=b"]
)
def test_images_below_any_prefix_are_looked_at(gateway, chat_body, png, target):
    answer = gateway().ask("POST", target, chat_body(png))

    assert answer.headers["x-jnd-verdict"] == "clean"


@pytest.mark.parametrize("path", ["/a" * 2000, "/a" * 20_000, "/v1" * 1000, "/" + "%2Fa" * 5000])
def test_a_long_path_costs_nobody_any_time(gateway, upstream, path):
    server = gateway()
    began = time.perf_counter()

    answer = server.ask("POST", path, b"{}")

    assert time.perf_counter() - began < 1
    assert (answer.status, answer.error["code"]) == (400, "bad_path")
    assert not upstream.requests


def test_a_path_as_long_as_they_may_be_is_looked_up_in_no_time():
    path = "/v1" * 62 + "/" + "b" * 1800
    began = time.perf_counter()

    assert Dialects(DIALECTS).find(path) is None
    assert time.perf_counter() - began < 0.2


@pytest.mark.parametrize("method", ["PUT", "PATCH", "GET"])
def test_images_in_requests_of_other_methods_are_looked_at(gateway, chat_body, png, method):
    """Google's APIs hear x-http-method-override."""
    answer = gateway().ask(method, "/v1/chat/completions", chat_body(png))

    assert answer.headers["x-jnd-verdict"] == "clean"


def test_an_upstream_that_is_down_is_named(gateway):
    answer = gateway(upstream={"base_url": "http://127.0.0.1:9/v1"}).ask("GET", "/v1/models")

    assert answer.status == 502
    assert answer.error["message"] == "connection refused by 127.0.0.1:9"


def test_the_request_id_passes_both_ways(gateway, upstream):
    answer = gateway().chat(b"{}", x_request_id="mine")

    assert (b"x-request-id", b"mine") in upstream.last["headers"]
    assert answer.headers["x-request-id"] == "r1"


_LARGE = b"POST /v1/chat/completions HTTP/1.1\r\nhost: g\r\ncontent-length: 900000\r\n\r\n"


def test_a_body_without_room_is_turned_away_before_it_is_read(gateway):
    server = gateway(limits={"queue_bytes": 1_000_000})
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as first:
        first.sendall(_LARGE + b" " * 800_000)
        assert server.settles_at("jnd_queue_bytes", 800_000)
        with socket.create_connection(("127.0.0.1", server.port), timeout=5) as second:
            second.sendall(_LARGE)
            assert second.recv(4096).startswith(b"HTTP/1.1 429 ")

    assert server.settles_at("jnd_queue_bytes", 0)


def test_a_body_that_is_only_announced_keeps_nobody_out(gateway, upstream):
    server = gateway(limits={"queue_bytes": 1_000_000})
    with contextlib.ExitStack() as stack:
        for _ in range(20):
            slow = stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=5))
            slow.sendall(_LARGE + b"{")
        assert server.settles_at("jnd_queue_bytes", 20)

        answer = server.chat(b" " * 900_000)

    assert answer.status == 200
    assert len(upstream.last["body"]) == 900_000


def test_a_body_for_which_no_room_is_left_is_turned_away_in_its_middle(gateway):
    server = gateway(limits={"queue_bytes": 1_000_000})
    with (
        socket.create_connection(("127.0.0.1", server.port), timeout=5) as first,
        socket.create_connection(("127.0.0.1", server.port), timeout=5) as second,
    ):
        for sent in (_LARGE + b" ", b" " * 399_999):
            for client in (first, second):
                client.sendall(sent)
            time.sleep(0.2)
        assert server.settles_at("jnd_queue_bytes", 800_000)
        second.sendall(b" " * 300_000)
        assert second.recv(4096).startswith(b"HTTP/1.1 429 ")
        assert server.settles_at("jnd_queue_bytes", 400_000)
        first.sendall(b" " * 500_000)
        assert first.recv(4096).startswith(b"HTTP/1.1 200 ")


def test_room_is_held_until_the_answer_has_ended(gateway):
    server = gateway()
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as client:
        client.sendall(_request("endless"))
        _receive_until(client, b"data: 1\n\n")
        assert server.metric("jnd_queue_bytes") == 2

    assert server.settles_at("jnd_queue_bytes", 0)


def _request(behaviour: str, path: str = "/v1/chat/completions") -> bytes:
    head = f"POST {path} HTTP/1.1\r\nhost: g\r\nx-test: {behaviour}\r\ncontent-length: 2\r\n\r\n"
    return head.encode() + b"{}"


def _receive_until(client: socket.socket, end: bytes) -> bytes:
    received = b""
    while end not in received:
        piece = client.recv(4096)
        assert piece, received
        received += piece
    return received


def _receive_all(client: socket.socket) -> bytes:
    received = b""
    while piece := client.recv(4096):
        received += piece
    return received


def _wait_for(condition) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_tenant_is_accepted_by_a_good_answer_of_the_upstream_to_a_key_of_its_own(gateway):
    accepted: list[str] = []
    server = gateway(accept=accepted.append)

    server.chat(b"{}", authorization="Bearer made-up", x_test="error")
    server.ask("GET", "/v1/models", headers={"authorization": "Bearer made-up", "x-test": "error"})
    assert accepted == []
    server.chat(b"{}", authorization="Bearer good")
    server.ask("GET", "/v1/models", headers={"authorization": "Bearer good"})

    assert len(accepted) == 2
    assert len(set(accepted)) == 1


def test_a_made_up_key_beside_its_own_makes_nobody_a_new_tenant(gateway):
    accepted: list[str] = []
    server = gateway(accept=accepted.append, upstream={"provider": "openai"})

    for number in range(3):
        server.chat(b"{}", authorization="Bearer good", x_api_key=f"made-up-{number}")

    assert len(accepted) == 3
    assert len(set(accepted)) == 1


def test_the_api_that_its_model_chose_judges_a_key(gateway, inspector, upstream_server, png, chat_body):
    cloud = {
        "name": "cloud",
        "models": ["gpt*"],
        "base_url": f"http://127.0.0.1:{upstream_server.port}/v1",
        "provider": "openai",
    }
    accepted: list[str] = []
    servers = [
        gateway(accept=accepted.append, upstream={"provider": usual}, upstreams=[cloud])
        for usual in ("other", "anthropic")
    ]

    for number, server in enumerate(3 * servers):
        server.chat(
            chat_body(png, model="gpt-4o"), authorization="Bearer good", x_api_key=f"made-up-{number}"
        )

    assert len(accepted) == 6
    assert len({*accepted, *inspector.tenants}) == 1


def test_where_the_key_is_ours_every_key_of_a_caller_counts(gateway, inspector, png, chat_body):
    server = gateway(upstream={"provider": "openai", "api_key": "ours"})

    for name in ("alice", "bob", "alice"):
        server.chat(chat_body(png), authorization="Bearer none", x_api_key=name)

    assert len(set(inspector.tenants)) == 2


@pytest.mark.parametrize("body", [b"{not json", b'{"model": "m", "x": "%s"}' % (b"x" * 2048)])
def test_who_is_refused_unseen_is_not_told_that_there_was_no_image(gateway, upstream, body):
    answer = gateway(policy={"on_failure": "refuse"}, limits={"max_body_bytes": 1024}).chat(body)

    assert answer.status in (400, 413)
    assert answer.headers["x-jnd-verdict"] == "unchecked"
    assert answer.headers["x-jnd-unchecked"] == answer.error["code"]
    assert upstream.requests == []


def test_a_preflight_makes_nobody_accepted(gateway):
    accepted = []

    gateway(accept=accepted.append).ask("OPTIONS", "/v1/files", None, PREFLIGHT)

    assert accepted == []


def test_where_the_key_is_ours_only_callers_the_settings_know_are_accepted(gateway):
    accepted: list[str] = []
    clients = [{"name": "known", "key": "k"}]
    server = gateway(accept=accepted.append, upstream={"api_key": "ours"}, clients=clients)

    server.chat(b"{}", authorization="Bearer made-up")
    assert accepted == []
    server.chat(b"{}", authorization="Bearer k")

    assert len(accepted) == 1


def test_usage_that_contradicts_the_rules_is_counted_and_the_answer_left_as_it_is(gateway, chat_body, png):
    server = gateway()
    checks = 'jnd_token_rule_checks_total{model="m",provider="test",result="too_high"}'

    answer = server.chat(chat_body(png), x_test="usage")
    without_images = server.chat(chat_body(), x_test="usage")

    assert answer.body == without_images.body == b'{"usage": {"prompt_tokens": 5}, "n": 0.10}'
    assert server.settles_at(checks, 1)


def test_detail_and_computer_tools_make_other_images_of_the_same_bytes(gateway, chat_body, png, upstream):
    server = gateway()
    low = orjson.loads(chat_body(png))
    low["messages"][0]["content"][1]["image_url"]["detail"] = "low"
    framed = orjson.loads(chat_body(png)) | {"tools": [{"type": "computer_20250124", "name": "computer"}]}

    for body in (chat_body(png), chat_body(png), orjson.dumps(low), orjson.dumps(framed)):
        assert server.chat(body).status == 200

    assert server.metric('jnd_cache_lookups_total{cache="images",result="hit"}') == 1
    assert server.metric('jnd_cache_lookups_total{cache="images",result="miss"}') == 3
    assert orjson.loads(upstream.last["body"])["tools"] == framed["tools"]
