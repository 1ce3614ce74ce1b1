import json
from typing import get_args

import pytest

from gateway.configuration.environment import read_variables, variable_of
from gateway.configuration.keys import tree_of
from gateway.configuration.policies import Blockable
from gateway.configuration.problems import Place
from gateway.settings import Settings

ROOT = tree_of(Settings)
OLD = {("compression", "enabled"): "mode"}


def read(**variables):
    return read_variables(variables, ROOT, OLD)


def test_two_underscores_stand_for_each_dot_in_any_case():
    found = read(JND_UPSTREAM__BASE_URL="http://a", jnd_listen__port="1", PATH="/bin")

    assert found.values == {"upstream": {"base_url": "http://a"}, "listen": {"port": "1"}}
    assert found.places["upstream", "base_url"] == Place("JND_UPSTREAM__BASE_URL")
    assert not found.problems


def test_lists_maps_and_sections_are_json():
    found = read(
        JND_MODELS='{"gpt-4o": "gpt-4o"}',
        JND_FETCHING__PORTS="[80]",
        JND_CLIENTS='[{"name": "a"}]',
        JND_POLICY='{"mode": "block", "alpha": 0.1}',
        JND_POLICY__MODE="monitor",
    )

    assert found.values["models"] == {"gpt-4o": "gpt-4o"}
    assert found.values["fetching"] == {"ports": [80]}
    assert found.values["clients"] == [{"name": "a"}]
    assert found.values["policy"] == {"mode": "monitor", "alpha": 0.1}
    assert found.places["models", "gpt-4o"] == Place("JND_MODELS")


@pytest.mark.parametrize(
    "variable", [{"JND_MODELS": "a"}, {"JND_CLIENTS": "{}"}, {"JND_POLICY": "[" * 100_000}]
)
def test_what_is_no_json_of_that_form_is_told_with_an_example(variable):
    (problem,) = read(**variable).problems

    assert str(problem.place) in variable
    assert f"expected JSON, such as {problem.place}='" in problem.message


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("JND_UPSTREAM_BASE_URL", "did you mean JND_UPSTREAM__BASE_URL?"),
        ("JND_UPSTREAM__BASEURL", "did you mean JND_UPSTREAM__BASE_URL?"),
        ("JND_UPSTREAM__API_KEYS", "did you mean JND_UPSTREAM__API_KEY?"),
        ("JND_LISTEN_PORT", "did you mean JND_LISTEN__PORT?"),
        ("JND_MODEL", "did you mean JND_MODELS?"),
        ("JND_MODELS__X", "JND_MODELS='{"),
        ("JND_UPSTREAMS__0__NAME", "JND_UPSTREAMS='[{"),
        ("JND_LISTEN__PORT__X", "did you mean JND_LISTEN__PORT?"),
        ("JND_HOME", "serve --help"),
        ("JND_", "serve --help"),
    ],
)
def test_a_variable_that_means_no_key_is_refused_with_the_right_spelling(name, meant):
    (problem,) = read(**{name: "x"}).problems

    assert problem.severity == "error"
    assert str(problem).startswith(f"{name}: means no key")
    assert meant in problem.message


def test_an_empty_variable_counts_as_absent():
    found = read(JND_UPSTREAM__API_KEY="", JND_WRONG=" ")

    assert (found.values, found.problems) == ({}, [])


def test_variables_that_kubernetes_makes_up_for_a_service_named_jnd_are_left_alone():
    made_up = {
        "JND_SERVICE_HOST": "10.0.0.1",
        "JND_SERVICE_PORT": "8080",
        "JND_SERVICE_PORT_HTTP": "8080",
        "JND_PORT": "tcp://10.0.0.1:8080",
        "JND_PORT_8080_TCP": "tcp://10.0.0.1:8080",
        "JND_PORT_8080_TCP_ADDR": "10.0.0.1",
        "JND_GATEWAY_PORT": "tcp://10.0.0.1:8080",
        "JND_GATEWAY_SERVICE_HOST": "10.0.0.1",
    }

    found = read(**made_up)

    assert (found.values, found.problems) == ({}, [])


def test_an_old_key_is_read():
    assert read(JND_COMPRESSION__ENABLED="no").values == {"compression": {"enabled": "no"}}


def test_every_key_has_a_variable_unless_it_lies_in_a_list_or_map():
    for key in ROOT.walk():
        if key.kind == "value" and key.path[0] not in ("upstreams", "clients", "policies"):
            assert not read(**{variable_of(key.path): "x"}).problems


def test_a_variable_the_file_refers_to_needs_no_key_of_the_settings():
    variables = {"JND_CLIENT_KEY": "k", "JND_UPSTREAM__KEY": "k", "JND_LISTEN__PORT": "1"}

    found = read_variables(variables, ROOT, OLD, referred_to=set(variables))
    without = read_variables(variables, ROOT, OLD)

    assert found.problems == []
    assert found.values == {"listen": {"port": "1"}}
    assert {str(problem.place) for problem in without.problems} == {"JND_CLIENT_KEY", "JND_UPSTREAM__KEY"}


@pytest.mark.parametrize(
    ("name", "example"),
    [
        ("JND_POLICY__BLOCK_ON", json.dumps(get_args(Blockable))),
        ("JND_FETCHING__PORTS", "[80, 443]"),
        ("JND_FETCHING__ALLOWED_HOSTS", '["one", "another"]'),
    ],
)
def test_the_example_of_a_list_is_one_that_would_be_taken(name, example):
    (problem,) = read(**{name: "x"}).problems

    assert problem.message == f"expected JSON, such as {name}='{example}'"
    assert read(**{name: example}).problems == []
