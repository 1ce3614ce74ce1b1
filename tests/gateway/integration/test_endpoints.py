"""The endpoints as a client meets them: over real sockets, beside the proxy."""

import subprocess
import sys

import orjson
import pybase64
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calibration.image import decode

INSPECT, COMPRESS = "/v1/jnd/inspect", "/v1/jnd/compress"
JSON = {"content-type": "application/json"}

PATHS = [INSPECT, COMPRESS, "/v1/jnd/critique", "/beta/litellm_basic_guardrail_api"]
_STRINGS = st.sampled_from(["", "data:", "data:image/png;base64,AAAA", "https://x", "iVBORw0KGgo", "m"])
_LEAVES = st.one_of(st.none(), st.booleans(), st.integers(-9, 9), _STRINGS)
JSON_VALUES = st.dictionaries(
    st.sampled_from(["image", "images", "model", "provider", "input_type", "structured_messages"]),
    st.recursive(
        _LEAVES,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_LEAVES.map(str), inner, max_size=2),
    ),
)


@pytest.fixture
def one_gateway(gateway):
    return gateway()


def data_url(image: bytes, media_type: str = "image/png") -> str:
    return f"data:{media_type};base64,{pybase64.b64encode(image).decode()}"


def asked(server, path: str, body: object, **headers: str):
    named = JSON | {name.replace("_", "-"): value for name, value in headers.items()}
    return server.ask("POST", path, orjson.dumps(body), named)


def test_inspect_tells_what_the_command_tells(gateway, upstream, inspector, png):
    inspector.outcome = "imperceptible_edit"

    answer = asked(gateway(), INSPECT, {"image": data_url(png), "model": "m"})

    fields = orjson.loads(answer.body)
    assert answer.status == 200
    assert fields.pop("milliseconds") > 0
    assert fields == {
        "outcome": "imperceptible_edit",
        "flags": ["residual"],
        "p_value": 0.001,
        "jnd_ratio": 0.5,
        "evidence": [],
        "explanation": "because the test says so",
        "reason": "",
        "heat_map": None,
    }
    assert answer.headers["x-jnd-verdict"] == "imperceptible_edit"
    assert upstream.requests == []


def test_inspect_paints_where_the_evidence_lies_when_asked(gateway, png):
    server = gateway()

    told = asked(server, INSPECT, {"image": data_url(png), "heat_map": True})
    as_it_is = server.ask("POST", INSPECT + "?heat_map=true", png, {"content-type": "image/png"})
    unasked = asked(server, INSPECT, {"image": data_url(png), "heat_map": False})

    painted = pybase64.b64decode(orjson.loads(told.body)["heat_map"])
    assert decode(painted).source.format == "png"
    assert orjson.loads(as_it_is.body)["heat_map"] == orjson.loads(told.body)["heat_map"]
    assert orjson.loads(unasked.body)["heat_map"] is None


@pytest.mark.parametrize("value", ["yes", 1, [], {}])
def test_inspect_refuses_what_is_neither_true_nor_false(gateway, png, value):
    answer = asked(gateway(), INSPECT, {"image": data_url(png), "heat_map": value})

    assert (answer.status, orjson.loads(answer.body)["error"]["param"]) == (400, "heat_map")


@pytest.mark.parametrize("policy", [{"mode": "block"}, {"mode": "block", "on_failure": "refuse"}, {}])
def test_inspect_judges_and_never_blocks(gateway, inspector, png, policy):
    inspector.outcome = "imperceptible_edit"

    answer = asked(gateway(policy=policy), INSPECT, {"image": data_url(png)})

    assert (answer.status, orjson.loads(answer.body)["outcome"]) == (200, "imperceptible_edit")


def test_compress_gives_the_lighter_image_and_the_plan(gateway, png):
    answer = asked(gateway(), COMPRESS, {"image": data_url(png), "model": "m", "provider": "openai"})

    fields = orjson.loads(answer.body)
    header, _, data = fields["image"].partition(",")
    out = pybase64.b64decode(data)
    assert header == "data:image/jpeg;base64"
    assert decode(out).source.width == fields["width"] == 128
    assert (fields["bytes_in"], fields["bytes_out"]) == (len(png), len(out))
    assert (fields["tokens_in"], fields["tokens_out"], fields["tier"]) == (100, 90, "faithful")
    assert fields["milliseconds"] > 0


def test_an_image_may_come_and_go_as_it_is(gateway, png):
    server = gateway()
    image = {"content-type": "image/png"}

    judged = server.ask("POST", INSPECT + "?model=m", png, image)
    lighter = server.ask("POST", COMPRESS + "?model=m", png, image | {"accept": "image/*"})

    assert orjson.loads(judged.body)["outcome"] == "clean"
    assert lighter.headers["content-type"] == "image/jpeg"
    assert decode(lighter.body).source.format == "jpeg"
    assert int(lighter.headers["x-jnd-bytes-saved"]) == len(png) - len(lighter.body)
    assert server.settles_at('jnd_images_total{model="m",outcome="clean",reason=""}', 2)


def test_base64_alone_is_an_image_too(gateway, png):
    answer = asked(gateway(), INSPECT, {"image": pybase64.b64encode(png).decode()})

    assert orjson.loads(answer.body)["outcome"] == "clean"


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        (b"{", "not_json", None),
        (b"[1]", "not_an_object", None),
        (b"{}", "invalid_request", "image"),
        (b'{"image": 7}', "invalid_request", "image"),
        (b'{"image": "data:image/png;base64,AAAA"}', "unknown_format", "image"),
        (b'{"image": "https://example.org/a.png"}', "url", "image"),
        (b'{"image": "data:image/png;base64,!"}', "invalid_base64", "image"),
    ],
)
def test_what_is_wrong_is_said(gateway, body, code, param):
    server = gateway()

    for path in (INSPECT, COMPRESS):
        answer = server.ask("POST", path, body, JSON)
        assert answer.status == 400
        assert (answer.error["code"], answer.error["param"]) == (code, param)
        assert answer.error["message"]


@pytest.mark.parametrize("provider", ["nope", "auto", 7, ["openai"]])
def test_a_provider_nobody_described_is_refused_with_the_known_ones(gateway, png, provider):
    server = gateway()

    for path in (INSPECT, COMPRESS):
        answer = asked(server, path, {"image": data_url(png), "provider": provider})
        assert (answer.status, answer.error["param"]) == (400, "provider")
        assert "anthropic" in answer.error["message"]
        assert "openai" in answer.error["message"]


def test_a_provider_of_the_query_is_refused_alike(gateway, png):
    answer = gateway().ask("POST", COMPRESS + "?provider=nope", png, {"content-type": "image/png"})

    assert (answer.status, answer.error["param"]) == (400, "provider")


@pytest.mark.parametrize("detail", ["hihg", 7, ["low"], {"level": "low"}])
def test_a_level_of_detail_that_does_not_exist_is_refused_with_those_there_are(gateway, png, detail):
    answer = asked(gateway(), COMPRESS, {"image": data_url(png), "detail": detail})

    assert (answer.status, answer.error["param"]) == (400, "detail")
    assert "expected a level of detail among low, medium, high" in answer.error["message"]


def test_the_level_of_detail_reaches_whoever_lightens(gateway, png):
    server = gateway()
    as_it_is = {"content-type": "image/png"}
    missed = 'jnd_cache_lookups_total{cache="images",result="miss"}'

    for detail in (None, "auto", ""):  # which all leave it to the provider
        assert asked(server, COMPRESS, {"image": data_url(png), "detail": detail}).status == 200
    assert server.settles_at(missed, 1)
    assert asked(server, COMPRESS, {"image": data_url(png), "detail": "low"}).status == 200
    assert server.settles_at(missed, 2)
    assert server.ask("POST", COMPRESS + "?detail=LOW", png, as_it_is).status == 200
    assert server.ask("POST", COMPRESS + "?detail=high", png, as_it_is).status == 200
    assert server.settles_at(missed, 3)


def test_a_level_of_the_query_is_refused_alike(gateway, png):
    answer = gateway().ask("POST", COMPRESS + "?detail=nope", png, {"content-type": "image/png"})

    assert (answer.status, answer.error["param"]) == (400, "detail")


@pytest.mark.parametrize("provider", ["", None, "qwen"])
def test_no_provider_is_that_of_the_settings(gateway, png, provider):
    assert asked(gateway(), COMPRESS, {"image": data_url(png), "provider": provider}).status == 200


def test_limits_are_those_of_the_proxy(gateway, png):
    server = gateway(limits={"max_body_bytes": 2000, "max_pixels": 100})

    large = asked(server, INSPECT, {"image": data_url(png + b"\0" * 4000)})
    many = gateway(limits={"max_pixels": 100}).ask("POST", INSPECT, png, {"content-type": "image/png"})

    assert (large.status, large.error["code"]) == (413, "body_too_large")
    assert (many.status, many.error["code"]) == (413, "too_many_pixels")


def test_without_inspection_compress_lightens_and_inspect_still_looks(gateway, inspector, png):
    server = gateway(policy={"inspection": "off"})

    lighter = asked(server, COMPRESS, {"image": data_url(png)})
    judged = asked(server, INSPECT, {"image": data_url(png)})

    assert lighter.headers["x-jnd-verdict"] == "unchecked"
    assert orjson.loads(lighter.body)["bytes_out"] < len(png)
    assert orjson.loads(judged.body)["outcome"] == "clean"
    assert len(inspector.tenants) == 1


def test_compression_switched_off_is_said(gateway, png):
    answer = asked(gateway(compression={"mode": "off"}), COMPRESS, {"image": data_url(png)})

    assert (answer.status, answer.error["code"]) == (400, "compression_off")


def test_only_known_clients_may_ask_where_the_settings_say_so(gateway, png):
    server = gateway(clients=[{"name": "acme", "key": "k1"}], only_known_clients=True)

    unknown = asked(server, INSPECT, {"image": data_url(png)})
    known = asked(server, INSPECT, {"image": data_url(png)}, x_api_key="k1")

    assert (unknown.status, unknown.error["code"]) == (401, "unknown_client")
    assert known.status == 200
    assert server.settles_at('jnd_client_images_total{client="acme",outcome="clean"}', 1)


def test_requests_are_counted_and_not_taken_for_operations(gateway, png):
    server = gateway()

    asked(server, INSPECT, {"image": data_url(png), "model": "m"})

    assert server.settles_at('jnd_requests_total{dialect="jnd_inspect",model="m",status="200"}', 1)
    assert server.metric('jnd_bytes_saved_total{model="m"}') == 0
    assert (
        "gen_ai_client_operation_duration_seconds_count{" not in server.ask("GET", "/metrics").body.decode()
    )


def test_the_endpoints_are_described(gateway):
    server = gateway(listen={"prefix": "/llm"})

    description = orjson.loads(server.ask("GET", "/llm/v1/jnd/openapi.json").body)
    page = server.ask("GET", "/llm/v1/jnd/docs")

    assert set(description["paths"]) == {
        "/llm/v1/jnd/inspect",
        "/llm/v1/jnd/compress",
        "/llm/v1/jnd/critique",
        "/llm/beta/litellm_basic_guardrail_api",
    }
    inspect = description["paths"]["/llm/v1/jnd/inspect"]["post"]
    assert set(inspect["requestBody"]["content"]) == {
        "application/json",
        "image/png",
        "image/jpeg",
        "image/webp",
        "image/gif",
    }
    assert inspect["summary"]
    answer = description["components"]["schemas"]["CompressAnswer"]["properties"]
    assert {"format", "quality", "bytes_in", "tokens_out", "probability", "reason"} <= set(answer)
    assert page.status == 200
    assert b"/llm/v1/jnd/openapi.json" in page.body


def test_the_answers_have_the_fields_that_are_described(gateway, png):
    server = gateway()
    schemas = orjson.loads(server.ask("GET", "/v1/jnd/openapi.json").body)["components"]["schemas"]

    for path, schema in ((INSPECT, "InspectAnswer"), (COMPRESS, "CompressAnswer")):
        fields = orjson.loads(asked(server, path, {"image": data_url(png)}).body)
        assert set(fields) == set(schemas[schema]["properties"])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.one_of(st.binary(max_size=200), JSON_VALUES.map(orjson.dumps)), path=st.sampled_from(PATHS))
def test_no_body_breaks_an_endpoint(one_gateway, body, path):
    answer = one_gateway.ask("POST", path, body, JSON)

    assert answer.status in (200, 400, 413)
    assert orjson.loads(answer.body)


def test_neighbours_of_the_endpoints_go_to_the_upstream(gateway, upstream):
    server = gateway()

    for neighbour in ("/v1/jndx", "/beta/litellm_basic_guardrail_apix"):
        server.ask("GET", neighbour)
        assert upstream.last["target"] == neighbour


@pytest.mark.parametrize(
    "path", ["/v1/jnd", "/v1/jnd/", "/v1/jnd/nope", "/v1//jnd/nope", "/v1/%6And", "/v1/jnd%2Fnope"]
)
def test_what_does_not_exist_below_our_paths_is_told_as_described(gateway, upstream, path):
    answer = gateway().ask("GET", path)

    assert (answer.status, answer.error["code"]) == (404, "unknown_path")
    assert "/v1/jnd/docs" in answer.error["message"]
    assert set(answer.error) == {"message", "type", "param", "code"}
    assert upstream.requests == []


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT"])
def test_other_methods_are_told_which_one_is_heard(gateway, path, method):
    answer = gateway().ask(method, path)

    assert (answer.status, answer.error["code"]) == (405, "method_not_allowed")
    assert answer.headers["allow"] == "POST"


@pytest.mark.parametrize("path", ["/v1/jnd/inspect/", "//v1/jnd/inspect", "/v1/jnd/%69nspect"])
def test_endpoints_are_found_however_their_path_is_spelt(gateway, upstream, png, path):
    answer = gateway().ask("POST", path, png, {"content-type": "image/png"})

    assert (answer.status, upstream.requests) == (200, [])


def test_nothing_heavy_loads_before_it_is_served():
    code = "import sys, gateway.cli; assert 'fastapi' not in sys.modules and 'torch' not in sys.modules"

    subprocess.run([sys.executable, "-c", code], check=True)
