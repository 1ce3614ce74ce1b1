import json

import pytest

from gateway.check_config import check_file
from gateway.configuration.yaml_file import UnreadableFileError


@pytest.fixture
def check(tmp_path):
    def check(text: str, *, as_json: bool = False):
        path = tmp_path / "gateway.yaml"
        path.write_text(text)
        told, is_usable = check_file(path, as_json=as_json)
        return json.loads(told) if as_json else told, is_usable

    return check


def test_a_good_file_is_told_as_the_gateway_understands_it(check):
    told, is_usable = check("upstream: {base_url: 'http://localhost:8000/v1', provider: vllm}\n")

    assert is_usable
    assert "http://localhost:8000/v1" in told
    assert "provider vllm" in told
    assert told.endswith("can be used")


def test_every_error_and_warning_is_told_with_its_line(check):
    told, is_usable = check("limits: {workers: 2}\npolicy: {mode: blok, mod: x}\n")

    assert not is_usable
    assert [line.split(" ")[0] for line in told.splitlines() if line.startswith(("error", "warning"))] == [
        "warning:",
        "error:",
        "error:",
    ]
    assert (
        "gateway.yaml:2: policy.mode: expected monitor, sanitize or block, got 'blok'; did you mean block?"
        in told
    )
    assert told.endswith("cannot be used: 2 errors")


def test_json_says_the_same(check, monkeypatch):
    monkeypatch.setenv("JND_UPSTREAM_BASE_URL", "x")

    told, is_usable = check("\npolicy: {mode: blok}\n", as_json=True)

    assert not is_usable
    assert told["is_usable"] is False
    assert told["settings"] is None
    assert [(error["line"], error["variable"], error["key"]) for error in told["errors"]] == [
        (None, "JND_UPSTREAM_BASE_URL", ""),
        (2, None, "policy.mode"),
    ]


def test_json_of_a_good_file_has_the_effective_settings_and_warnings(check):
    told, is_usable = check("limits: {workers: 2}\n", as_json=True)

    assert is_usable
    assert told["settings"]["upstreams"][0]["host"] == "api.openai.com"
    assert [(warning["line"], warning["key"]) for warning in told["warnings"]] == [(1, "limits.workers")]


def test_what_cannot_be_opened_is_said(tmp_path):
    with pytest.raises(UnreadableFileError):
        check_file(tmp_path, as_json=False)
