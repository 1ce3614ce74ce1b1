import pytest

from gateway.configuration.keys import tree_of
from gateway.configuration.values import (
    at,
    merge,
    reference_in,
    references_in,
    resolve,
    why_no_reference,
    without,
    without_empty_blocks,
)
from gateway.settings import Settings

NO_DEFAULTS = "defaults as in ${NAME:-...} are not supported; write ${NAME}, and set the variable"


def test_a_reference_is_the_whole_value_and_nothing_less():
    assert reference_in("${OPENAI_API_KEY}") == "OPENAI_API_KEY"
    assert [reference_in(value) for value in ("a ${B}", "${}", "$B", "${A}${B}", None, 3)] == [None] * 6


def test_references_are_found_wherever_they_stand():
    values = {"a": ["${A}", {"b": "${B}"}], "c": "x", "d": "sk-${D}", "e": "${A}", "f": None}

    assert list(references_in(values)) == ["A", "B", "A"]


def test_references_are_put_in_wherever_they_stand_and_missing_ones_told():
    told = []

    found = resolve(
        {"a": ["${A}", {"b": "${B}"}], "c": "x", "d": "sk-${A}"},
        {"A": " 1\n", "B": ""},
        lambda *what: told.append(what),
    )

    assert found == {"a": ["1", {"b": None}], "c": "x", "d": "sk-${A}"}
    assert told == [
        (("a", 1, "b"), "the environment variable B is not set"),
        (("d",), "${NAME} has to be the whole value, nothing before it or after"),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("${A:-sk-hidden}", NO_DEFAULTS),
        ("${A-x}", NO_DEFAULTS),
        ("${A:?not set}", NO_DEFAULTS),
        ("$OPENAI_API_KEY", "a variable is written with braces: ${OPENAI_API_KEY}"),
        ("sk-${A}", "${NAME} has to be the whole value, nothing before it or after"),
        ("$5", ""),
        ("a $b", ""),
        ("sk-1", ""),
    ],
)
def test_other_ways_to_name_a_variable_are_told_with_the_right_one(text, message):
    assert why_no_reference(text) == message


def test_layers_meet_key_by_key_and_lists_are_replaced():
    below = {"a": {"b": 1, "c": [1]}, "d": 2}

    assert merge(below, {"a": {"c": [2]}, "e": 3}) == {"a": {"b": 1, "c": [2]}, "d": 2, "e": 3}
    assert below["a"]["c"] == [1]


def test_empty_blocks_go_and_empty_values_stay():
    values = {"policy": None, "models": None, "clients": None, "artifact": None, "listen": {"port": None}}

    assert without_empty_blocks(values, tree_of(Settings)) == {"artifact": None, "listen": {"port": None}}


def test_what_is_wrong_is_left_out_and_lists_close_up():
    values = {"a": [1, 2, {"b": 3, "c": 4}], "d": 5}

    assert without(values, [("a", 0), ("a", 2, "b"), ("d",), ("z", "y")]) == {"a": [2, {"c": 4}]}
    assert at(values, ("a", 0)) == 1
    assert at(values, ("a", 9, "b")) is None
