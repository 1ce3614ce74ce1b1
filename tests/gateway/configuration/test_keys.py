from typing import get_args

import pytest

from gateway.configuration.keys import key_at, lowered, spell, suggest, tree_of
from gateway.configuration.policies import Blockable
from gateway.settings import Settings

ROOT = tree_of(Settings)


def at(*where):
    key, _ = key_at(ROOT, where)
    return key


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (("listen", "port"), "a whole number from 0 to 65535"),
        (("listen", "drain_seconds"), "a number, 0 or more"),
        (("limits", "max_images"), "a whole number, 1 or more"),
        (("limits", "image_seconds"), "a number above 0"),
        (("policy", "alpha"), "a number above 0 and below 1"),
        (("telemetry", "sample_ratio"), "a number from 0 to 1"),
        (("policy", "mode"), "monitor, sanitize or block"),
        (("compression", "mode"), "off, observe or on"),
        (("policy", "block_on"), f"a list such as [{', '.join(get_args(Blockable))}]"),
        (("fetching", "ports"), "a list such as [80, 443]"),
        (("only_known_clients",), "true or false"),
        (("artifact",), "a path"),
        (("models",), "names and values below it: `name: value`"),
        (("clients",), "a list, each entry with its keys: `- name: ...`"),
        (("policies",), "names with keys below each"),
        (("upstream",), "keys and values below it"),
        (("upstreams", 3, "connect_timeout_seconds"), "a number above 0"),
    ],
)
def test_every_key_says_in_plain_words_what_it_holds(where, expected):
    assert at(*where).expected() == expected


def test_no_key_speaks_of_types_and_patterns():
    for key in ROOT.walk():
        assert not {"frozenset", "tuple", "Literal", "pattern", "None", "str", "class"} & set(
            key.expected().split()
        )


def test_secrets_are_known_in_lists_too():
    assert at("clients", 0, "key").is_secret
    assert at("upstream", "api_key").is_secret
    assert not at("clients", 0, "name").is_secret


def test_steps_into_lists_and_maps_are_told_apart_from_keys():
    assert key_at(ROOT, ("models", "gpt-4o"))[1] == ("gpt-4o",)
    assert key_at(ROOT, ("policy", "block_on", 1))[1] == (1,)
    assert key_at(ROOT, ("policies", "strict", "mode"))[0].path == ("policies", "mode")
    assert key_at(ROOT, ("clients", 1))[1] == (1,)
    assert key_at(ROOT, ("nothing",))[0] is None


@pytest.mark.parametrize(
    ("where", "meant"),
    [
        (("polcy",), "did you mean policy?"),
        (("policy", "Block-On"), "did you mean block_on?"),
        (("upstreams", 0, "modles"), "did you mean models?"),
        (("base_url",), "did you mean upstream.base_url or upstreams.base_url?"),
        (("listen", "ports"), "did you mean port?"),
        (("upstream", "upstream.base_url"), "write base_url alone"),
        (("listen", "max_pixels"), "did you mean limits.max_pixels?"),
        (("readiness", "zzz"), "the keys here are check_upstream, interval_seconds"),
    ],
)
def test_an_unknown_key_gets_the_nearest_one_here_or_elsewhere(where, meant):
    assert suggest(ROOT, where) == meant


def test_places_are_spelt_as_people_write_them():
    assert spell(("upstreams", 0, "base_url")) == "upstreams[0].base_url"


def test_a_sentence_behind_a_colon_begins_small_and_names_do_not():
    assert lowered("What requests may cost.") == "what requests may cost."
    assert lowered("OpenTelemetry traces.") == "OpenTelemetry traces."
    assert lowered("API keys.") == "API keys."
    assert lowered("") == ""
