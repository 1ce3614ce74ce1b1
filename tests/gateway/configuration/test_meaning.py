import pytest

from gateway.configuration.keys import spell
from gateway.configuration.meaning import check_meaning, known_providers, why_unknown
from gateway.integration.endpoints import GUARDRAIL_PATH, OWN_PATH
from gateway.providers.rules import load_rules
from gateway.settings import Settings

URL = "http://localhost:8000/v1"
KEY, OTHER_KEY = "k" * 32, "l" * 32


def told(**sections):
    found = check_meaning(Settings.model_validate(sections))
    return [f"{problem.severity} {spell(where)}: {problem.message}" for where, problem in found]


def test_the_defaults_are_beyond_reproach():
    assert told() == []


def test_known_providers_are_those_of_the_rules():
    assert set(known_providers()) == set(load_rules().providers)


@pytest.mark.parametrize(
    ("sections", "expected"),
    [
        (
            {"upstream": {"provider": "opnai"}},
            "error upstream.provider: nothing is known of 'opnai'; did you mean openai?",
        ),
        (
            {"upstream": {"provider": "zzz"}},
            "error upstream.provider: nothing is known of 'zzz'; expected openai",
        ),
        (
            {"upstream": {"base_url": "https://a.example/v1/messages"}},
            "error upstream.base_url: is one endpoint",
        ),
        (
            {"upstream": {"base_url": "http://localhost:8080/v1"}},
            "error upstream.base_url: is the gateway itself; write the address of",
        ),
        (
            {"listen": {"host": "10.1.2.3"}, "upstream": {"base_url": "http://10.1.2.3:8080/v1"}},
            "error upstream.base_url: is the gateway itself",
        ),
        (
            {"upstreams": [{"name": "a", "prefix": "/a", "base_url": "http://[::1]:8080/llm/v1"}]},
            "error upstreams[0].base_url: is the gateway itself",
        ),
        (
            {"telemetry": {"otlp_endpoint": "http://localhost:8080"}},
            "error telemetry.otlp_endpoint: is the gateway itself",
        ),
        ({"listen": {"host": "localhost:8080"}}, "error listen.host: expected an address alone"),
        ({"listen": {"host": "http://localhost"}}, "error listen.host: expected an address alone"),
        ({"listen": {"host": ""}}, "error listen.host: expected an address alone"),
        (
            {"listen": {"host": "0.0.0.0"}},
            "warning listen.host: whoever reaches this port can use the gateway; set",
        ),
        (
            {"listen": {"host": "::"}, "upstream": {"api_key": KEY}},
            "warning listen.host: whoever reaches this port can use the gateway, and the api_key",
        ),
        (
            {"listen": {"prefix": "/v1"}},
            "error listen.prefix: /v1 and what lies below it is the gateway's own",
        ),
        ({"only_known_clients": True}, "error only_known_clients: nobody could call"),
        (
            {"clients": [{"name": "a", "key": KEY}, {"name": "b", "key": KEY}]},
            "error clients[1].key: another one above has the same key",
        ),
        (
            {"clients": [{"name": "a", "key": KEY}, {"name": "a", "key": OTHER_KEY}]},
            "error clients[1].name: another one above has the same name",
        ),
        (
            {"clients": [{"name": "a", "key": "short"}]},
            "warning clients[0].key: is short enough to be guessed",
        ),
        (
            {"upstreams": [{"name": "a", "base_url": URL}]},
            "error upstreams[0]: takes every request from `upstream`: give it a prefix such as /a, or models",
        ),
        (
            {"upstreams": [{"name": "a", "prefix": "/v1", "base_url": URL}]},
            "error upstreams[0].prefix: /v1 and what lies below it is the gateway's own",
        ),
        (
            {
                "upstreams": [
                    {"name": "a", "prefix": "/a", "base_url": URL},
                    {"name": "a", "prefix": "/b", "base_url": URL},
                ]
            },
            "error upstreams[1].name: another one above",
        ),
        (
            {
                "upstreams": [
                    {"name": "a", "prefix": "/a", "base_url": URL},
                    {"name": "b", "prefix": "/a", "base_url": URL},
                ]
            },
            "error upstreams[1]: everything that leads here leads to a first",
        ),
        (
            {
                "upstreams": [
                    {"name": "a", "prefix": "/a", "base_url": URL},
                    {"name": "b", "prefix": "/a/b", "base_url": URL},
                ]
            },
            "warning upstreams[1].prefix: lies below /a of a",
        ),
        (
            {"upstreams": [{"name": "a", "prefix": "/a", "base_url": "x"}]},
            "error upstreams[0].base_url: expected an address",
        ),
        ({"model_map": {"a": "b", "b": "a"}}, "error model_map.a: leads back to itself"),
        (
            {"upstreams": [{"name": "default", "prefix": "/a", "base_url": URL}]},
            "error upstreams[0].name: default is what `upstream` is called in metrics",
        ),
        ({"model_map": {"a": "a"}}, "error model_map.a: leads back to itself"),
        ({"model_map": {"a": "b", "b": "c"}}, "warning model_map.a: leads to b, which is mapped itself"),
        ({"models": {"m": "./nowhere"}}, "error models.m: cannot read a profile at ./nowhere"),
        ({"models": {"m": "gpt-4oo"}}, "warning models.m: nothing is known of 'gpt-4oo'"),
        ({"artifact": "/nowhere"}, "error artifact: there is no folder '/nowhere'"),
        ({"artifact": "/"}, "error artifact: '/' holds no card.json"),
        ({"policy": {"mode": "block", "block_on": []}}, "warning policy.block_on: is empty"),
        ({"policies": {"a": {"mode": "block", "block_on": []}}}, "warning policies.a.block_on: is empty"),
        ({"policies": {"a": {"mode": "block"}}}, "warning policies: nobody may ask for them"),
        (
            {"policy": {"mode": "block", "inspection": "off"}},
            "warning policy.inspection: is off: nothing is found",
        ),
        (
            {"policies": {"a": {"mode": "block", "inspection": "off"}}},
            "warning policies.a.inspection: is off: nothing is found",
        ),
        (
            {"policy": {"mode": "block"}},
            "warning upstream.image_urls: pictures named by their address pass unseen",
        ),
        (
            {"policy": {"actions": {"hidden_text": "block"}}},
            "warning upstream.image_urls: pictures named by their address pass unseen in mode",
        ),
        (
            {"policies": {"a": {"mode": "block", "models": ["m"]}}},
            "warning upstream.image_urls: pictures named by their address pass unseen where policy a blocks",
        ),
        ({"fetching": {"max_bytes": 5}}, "warning fetching: has no effect"),
        (
            {"upstream": {"image_urls": "fetch-check-pass"}, "fetching": {"private_hosts": ["*"]}},
            "warning fetching.private_hosts: opens everything",
        ),
        (
            {
                "upstream": {"image_urls": "fetch-check-pass"},
                "fetching": {"allowed_hosts": ["https://a.example"]},
            },
            "error fetching.allowed_hosts: expected a host alone",
        ),
        ({"limits": {"queue_bytes": 5}}, "warning limits.queue_bytes: is below limits.max_body_bytes"),
        ({"limits": {"queue_pixels": 5}}, "warning limits.queue_pixels: is below limits.max_pixels"),
        ({"limits": {"request_seconds": 5}}, "warning limits.request_seconds: is below limits.image_seconds"),
        (
            {"telemetry": {"otlp_endpoint": "localhost:4318"}},
            "error telemetry.otlp_endpoint: expected an address",
        ),
    ],
)
def test_what_was_not_meant_is_told_at_its_key(sections, expected):
    assert any(line.startswith(expected) for line in told(**sections)), told(**sections)


@pytest.mark.parametrize("provider", sorted({*known_providers()} - {"openai"}))
def test_a_provider_without_its_address_is_refused_instead_of_going_to_openai(provider):
    (line,) = (line for line in told(upstream={"provider": provider}) if line.startswith("error"))

    assert line.startswith("error upstream.base_url: is missing: without it requests go to api.openai.com")
    example = line.rpartition("write ")[2]
    assert not any("error" in line for line in told(upstream={"provider": provider, "base_url": example}))


def test_openai_is_where_requests_go_that_name_no_address():
    assert told(upstream={"provider": "openai"}) == told(upstream={"provider": "auto"}) == []


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("azure-openai", "azure"),
        ("Azure_OpenAI", "azure"),
        ("claude", "anthropic"),
        ("google", "gemini"),
        ("vertex-ai", "vertex"),
        ("openai-compatible", "other"),
        ("llama.cpp", "llamacpp"),
    ],
)
def test_a_provider_by_another_name_is_understood(name, meant):
    assert why_unknown(name) == f"nothing is known of {name!r}; did you mean {meant}?"
    assert meant in known_providers()


@pytest.mark.parametrize("path", ["/livez", "/metrics", "/readyz", OWN_PATH, GUARDRAIL_PATH])
def test_no_prefix_lies_in_or_around_a_path_of_our_own(path):
    for prefix in (path, path + "/deeper", *filter(None, [path.rpartition("/")[0]])):
        api = {"name": "a", "prefix": prefix, "base_url": URL}

        assert any(line.startswith("error upstreams[0].prefix: ") for line in told(upstreams=[api])), prefix
        assert any(line.startswith("error listen.prefix: ") for line in told(listen={"prefix": prefix}))


@pytest.mark.parametrize("prefix", ["/v1beta", "/v2", "/livez2", "/beta2", "/jnd", "/llm/v1"])
def test_a_prefix_that_only_begins_alike_is_fine(prefix):
    assert told(upstreams=[{"name": "a", "prefix": prefix, "base_url": URL}]) == []


def test_a_password_in_an_address_that_leads_back_is_not_shown():
    found = told(upstream={"base_url": "http://me:hunter2@localhost:8080/v1"})

    assert any("is the gateway itself" in line for line in found)
    assert not any("hunter2" in line for line in found)


def test_several_apis_by_prefix_and_by_model_are_fine():
    apis = [
        {"name": "anthropic", "prefix": "/anthropic", "base_url": "https://api.anthropic.com"},
        {"name": "local", "models": ["qwen*"], "base_url": "http://localhost:8000/v1"},
        {"name": "both", "models": ["llava*"], "base_url": "http://localhost:8001/v1"},
    ]

    assert told(upstreams=apis) == []


CLIENTS = [{"name": "a", "key": KEY}]


def test_known_clients_may_come_from_everywhere():
    upstream = {"api_key": OTHER_KEY}

    assert told(listen={"host": "0.0.0.0"}, only_known_clients=True, clients=CLIENTS, upstream=upstream) == []


def test_keys_made_up_for_one_upstream_are_warned_of_at_the_ones_they_reach():
    own = {"api_key": OTHER_KEY}
    local, claude = (
        {"name": "local", "prefix": "/local", "base_url": URL},
        {"name": "claude", "prefix": "/claude", "base_url": "https://api.anthropic.com"},
    )

    bare = told(clients=CLIENTS, upstream=own, upstreams=[local, claude | own])
    last = told(clients=CLIENTS, upstreams=[local | own, claude | own])

    (line,) = bare
    assert line.startswith("warning upstreams[0].api_key: is missing: callers' keys reach local, also those")
    assert [line.partition(":")[0] for line in last] == ["warning upstream.api_key"]
    assert told(clients=CLIENTS, upstream=own, upstreams=[local | own, claude | own]) == []
    assert told(upstream=own, upstreams=[local, claude]) == []


def test_where_only_known_keys_are_let_in_they_have_to_be_the_apis_own():
    (line,) = told(clients=CLIENTS, only_known_clients=True)

    assert line.startswith("warning upstream.api_key: is missing: the keys of `clients` reach default, so")
    assert told(clients=CLIENTS) == []
    assert told(clients=CLIENTS, only_known_clients=True, upstream={"base_url": URL}) == []
