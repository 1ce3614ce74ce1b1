from typing import get_args

import pytest
from pydantic import ValidationError

from gateway.configuration.keys import spell, tree_of
from gateway.configuration.policies import Blockable
from gateway.configuration.words import explain
from gateway.settings import Settings

BLOCKABLE = ", ".join(get_args(Blockable))


def told(values):
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate(values)
    return {spell(where): message for where, message in explain(caught.value, tree_of(Settings))}


@pytest.mark.parametrize(
    ("values", "key", "message"),
    [
        ({"listen": {"port": "x"}}, "listen.port", "expected a whole number from 0 to 65535, got 'x'"),
        (
            {"listen": {"port": None}},
            "listen.port",
            "expected a whole number from 0 to 65535, got nothing after the colon",
        ),
        (
            {"policy": {"mode": "blok"}},
            "policy.mode",
            "expected monitor, sanitize or block, got 'blok'; did you mean block?",
        ),
        ({"policy": {"alpha": "inf"}}, "policy.alpha", "expected a number above 0 and below 1, got 'inf'"),
        (
            {"limits": {"image_seconds": "inf"}},
            "limits.image_seconds",
            "expected a number above 0, got 'inf'",
        ),
        ({"policy": "block"}, "policy", "expected keys and values below it, got 'block'"),
        (
            {"policy": {"block_on": ["all"]}},
            "policy.block_on[0]",
            "expected flagged, imperceptible_edit, noticeable_edit, residual, near_duplicate,",
        ),
        ({"models": {"m": {"a": "b"}}}, "models.m", "expected text, got keys and values"),
        (
            {"clients": [{"key": "k"}]},
            "clients[0].name",
            "is missing: one word: the tenant in metrics and logs.",
        ),
        (
            {"upstreams": [{"name": "a", "prefix": "/a"}]},
            "upstreams[0].base_url",
            "is missing: address of the API",
        ),
        ({"mode": "block"}, "mode", "unknown key; did you mean policy.mode or policies.mode?"),
        ({"mode": "observe"}, "mode", "unknown key; did you mean compression.mode?"),
        (
            {"upstream.base_url": "x"},
            "upstream.base_url",
            "unknown key, write `upstream:` and, on a line of its own below it, `base_url: ...`",
        ),
        ({"policy": {"policy.mode": "block"}}, "policy.policy.mode", "unknown key, write mode alone"),
        (
            {"policy": {"block_on": "imperceptible_edit"}},
            "policy.block_on",
            f"expected a list such as [{BLOCKABLE}], got 'imperceptible_edit'; write [imperceptible_edit]",
        ),
        (
            {"policy": {"block_on": "imperceptible-edit, noticeable_edit"}},
            "policy.block_on",
            f"expected a list such as [{BLOCKABLE}], "
            "got 'imperceptible-edit, noticeable_edit'; write [imperceptible_edit, noticeable_edit]",
        ),
        (
            {"fetching": {"ports": "80"}},
            "fetching.ports",
            "expected a list such as [80, 443], got '80'; write [80]",
        ),
        (
            {"upstream": "base_url:http://x"},
            "upstream",
            "expected keys and values below it, got a text; a space is missing after `base_url:`",
        ),
        (
            {"limits": {"max_body_bytes": "64MB"}},
            "limits.max_body_bytes",
            "expected a whole number, 1024 or more, got '64MB'; write 67108864",
        ),
        (
            {"limits": {"image_seconds": "30s"}},
            "limits.image_seconds",
            "expected a number above 0, got '30s'; write 30",
        ),
        (
            {"models": {"gpt-4o": {"profile": "embedded"}}},
            "models.gpt-4o",
            "expected text, got keys and values; write `gpt-4o: embedded`",
        ),
        (
            {"models": {"gpt-4o": {"a": "b", "c": "d"}}},
            "models.gpt-4o",
            "expected text, got keys and values; write `gpt-4o: gpt-4o`",
        ),
        (
            {"clients": [{"name": "My App", "key": "k"}]},
            "clients[0].name",
            "expected one word of small letters, digits, - and _, at most 40 of them, got 'My App'",
        ),
        (
            {"listen": {"prefix": "llm/"}},
            "listen.prefix",
            "expected a path such as /llm: a leading slash, none at the end, no ? # or spaces, got 'llm/'",
        ),
        ({"polcy": 1}, "polcy", "unknown key; did you mean policy?"),
        ({"listen": {"prefix": "llm"}}, "listen.prefix", "expected a path such as /llm: a leading slash"),
    ],
)
def test_a_mistake_is_one_plain_sentence(values, key, message):
    assert told(values)[key].startswith(message)


@pytest.mark.parametrize(
    "values",
    [
        {"clients": ["sk-hidden"]},
        {"clients": "sk-hidden"},
        {"clients": [{"name": "a", "key": "Bearer sk-hidden"}]},
        {"clients": [{"name": "a", "key": ["sk-hidden"]}]},
        {"upstream": {"api_key": "sk-hidden\n"}},
        {"upstream": "sk-hidden"},
    ],
)
def test_a_secret_is_never_shown(values):
    assert not any("sk-hidden" in message for message in told(values).values())


def test_a_long_value_is_cut():
    assert len(told({"listen": {"port": "9" * 5000}})["listen.port"]) < 150
