import pytest
from pydantic import ValidationError

from gateway.configuration.keys import spell, tree_of
from gateway.configuration.words import explain
from gateway.settings import Settings


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
            "expected monitor or block, got 'blok'; did you mean block?",
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
            "expected imperceptible_edit or noticeable_edit, got 'all'",
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
