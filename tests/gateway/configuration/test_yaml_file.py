import os

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.configuration.problems import Place
from gateway.configuration.yaml_file import UnreadableFileError, parse_document, read_document


def parse(text):
    return parse_document(text if isinstance(text, bytes) else text.encode(), "f")


def messages(document):
    return [str(problem) for problem in document.problems]


@pytest.mark.parametrize(
    "written", ["on", "no", "0123", "12:30", "1_000", "2026-11-29", "0x1f", "1e6", ".inf"]
)
def test_a_plain_value_is_the_text_that_stands_there(written):
    assert parse(f"key: {written}").values == {"key": written}


@pytest.mark.parametrize("written", ["", "~", "null"])
def test_nothing_after_the_colon_is_nothing(written):
    assert parse(f"key: {written}").values == {"key": None}
    assert parse('key: "null"').values == {"key": "null"}


def test_every_key_and_entry_knows_its_line():
    document = parse("a:\n  b: 1\nc:\n  - x\n  - d: 2\n")

    assert document.places["a", "b"] == Place("f", 2)
    assert document.places["c", 0] == Place("f", 4)
    assert document.places["c", 1, "d"] == Place("f", 5)


def test_a_key_that_stands_twice_is_told_with_both_lines():
    assert messages(parse("a: {b: 1}\nc: 2\na: 3\n")) == ["f:3: a: stands here and at line 1; keep one"]


def test_anchors_aliases_and_merges_work_and_x_keys_may_hold_them():
    document = parse("x-own: &own {a: 1, b: 2}\nk:\n  <<: *own\n  b: 3\nm: *own\n")

    assert document.values == {"k": {"a": "1", "b": "3"}, "m": {"a": "1", "b": "2"}}
    assert not document.problems


def test_of_several_merged_maps_the_first_wins_as_yaml_says():
    text = "x-a: &a {k: 1}\nx-b: &b {k: 2, l: 3}\nm:\n  <<: [*a, *b]\n"

    assert (
        parse(text).values
        == {"m": {"k": "1", "l": "3"}}
        == {"m": yaml.safe_load(text.replace("1", "'1'").replace("3", "'3'"))["m"]}
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a:\n\tb: 1", "f:2: a tab; YAML indents with spaces"),
        ("a: b: c", "f:1: a second `: ` on the line"),
        ("a: 1\n b: 2", "f:2: "),
        ("a: [1, 2", "f:1: a bracket is opened and not closed"),
        ("a: {b: 1", "f:1: a bracket is opened and not closed"),
        ('a: "b', "f:1: quotes are opened and not closed"),
        ("a: *b", "f:1: `*name` is used, but no `&name` stands before it"),
        ("\na: {b: ${C}}", "f:2: between { and } a ${NAME} needs quotes"),
        ("a: @b", "f:1: text that begins with a special character needs quotes"),
        ("a: 1\n---\nb: 2", "f:2: `---` begins a second document"),
        ("a: 1\nb: \x07", "f:2: a character that cannot stand in a text file"),
        ("a: !vault x", "f:1: a: the tag !vault means nothing here"),
        ("- a\n- b", "f:1: expected keys and values such as `listen:` and `upstream:`, got a list"),
        ("upstream", "f:1: expected keys and values such as `listen:` and `upstream:`, got a text"),
        ("? [a, b]\n: c", "f:1: a key is a word"),
        ("a: &x [*x]", "f:1: `*name` stands inside its own `&name`"),
        ("a:\n  <<: 3", "f:2: `<<` takes in keys and values"),
        ('a: "\\ud800"', "f:1: a: an escape that names half a character"),
        ('"\\ud800": a', "f:1: an escape that names half a character"),
        ('a: "\\Uffffffff"', "f: an escape that names no character"),
        (b"a: 1\nb: \xff", "f:2: not UTF-8 text"),
        ("a: 1".encode("utf-16"), "f:1: this is UTF-16; save it as UTF-8"),
        ("[" * 5000, "nested too deeply"),
        (b"a" * 1024 * 1025, "f: more than a megabyte"),
    ],
)
def test_damage_is_told_in_plain_words_with_its_line(text, told):
    document = parse(text)

    assert any(told in message for message in messages(document)), messages(document)
    assert all(problem.severity == "error" for problem in document.problems)


def test_aliases_that_grow_without_end_are_refused():
    lines = ["x-0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"x-{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]

    assert "too many values" in messages(parse("\n".join(lines)))[-1]


@pytest.mark.parametrize("text", ["", "# only a comment\n", "\ufeff"])
def test_an_empty_file_is_warned_of(text):
    document = parse(text)

    assert document.values == {}
    assert [problem.severity for problem in document.problems] == ["warning"]


def test_a_byte_order_mark_does_not_matter():
    assert parse("\ufeffa: 1").values == {"a": "1"}


def test_what_cannot_be_opened_is_said(tmp_path):
    closed = tmp_path / "closed.yaml"
    closed.write_text("a: 1")
    closed.chmod(0)

    with pytest.raises(UnreadableFileError, match="is a folder"):
        read_document(tmp_path)
    with pytest.raises(UnreadableFileError, match=r"none\.yaml: no such file"):
        read_document(tmp_path / "none.yaml")
    if os.geteuid() != 0:
        with pytest.raises(UnreadableFileError, match="permission denied"):
            read_document(closed)


def test_a_file_is_private_when_nobody_else_may_read_it(tmp_path):
    path = tmp_path / "f.yaml"
    path.write_text("a: 1")

    path.chmod(0o644)
    assert not read_document(path).is_private
    path.chmod(0o600)
    assert read_document(path).is_private


_PLAIN = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=8)
_TREES = st.recursive(
    _PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_PLAIN, inner, max_size=3)
)


@given(
    st.dictionaries(_PLAIN.filter(lambda key: not key.startswith("x-") and key != "<<"), _TREES, min_size=1)
)
@settings(max_examples=200)
def test_what_yaml_writes_is_read_back(tree):
    assert parse(yaml.safe_dump(tree, allow_unicode=True)).values == tree
