import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import BadPathError
from gateway.relay.paths import keeping_short, read_target


@pytest.mark.parametrize(
    ("raw", "wire"),
    [
        (b"/v1/chat/completions", b"/v1/chat/completions"),
        (b"/v%31%2F@HOST:PORT/path", b"/v1%2F@HOST:PORT/path"),
        (b"/v1/../../admin", b"/admin"),
        (b"/v1/%2e%2e/%2E/admin", b"/admin"),
        (b"/%761/models", b"/v1/models"),
        (b"/v1/models/a%2fb", b"/v1/models/a%2Fb"),
        (b"/v1/models/org%2Fname%3Alatest", b"/v1/models/org%2Fname%3Alatest"),
        (b"//evil.example/v1/models", b"/evil.example/v1/models"),
        (b"///evil.example", b"/evil.example"),
        (b"http://evil.example:99/v1/models", b"/v1/models"),
        (b"HTTPS://user@evil.example", b"/"),
        (b"/v1/caf\xc3\xa9", b"/v1/caf%C3%A9"),
        (b"/v1/a/./b/", b"/v1/a/b/"),
        (b"/v1/a/..", b"/v1/"),
        (b"/v1//chat", b"/v1//chat"),
    ],
)
def test_the_path_sent_on_is_normal(raw, wire):
    assert read_target(raw).wire == wire


@pytest.mark.parametrize(
    ("raw", "plain"),
    [
        (b"/v1/chat%2Fcompletions", "/v1/chat/completions"),
        (b"/v1//chat/completions/", "/v1/chat/completions"),
        (b"/v1/chat%252Fcompletions", "/v1/chat/completions"),
        (b"/v1/chat;a=1/completions;b", "/v1/chat/completions"),
        (b"/v1beta/models/gemini-2%3AgenerateContent", "/v1beta/models/gemini-2:generateContent"),
        (b"/", "/"),
    ],
)
def test_every_spelling_is_compared_as_the_same_path(raw, plain):
    assert read_target(raw).plain == plain


@pytest.mark.parametrize(
    "raw",
    [
        b"/v1/..%2fadmin",
        b"/v1/%252e%252e/admin",
        b"/v1/..;/admin",
        b"/v1\\admin",
        b"/v1/%5c..%5cadmin",
        b"/v1/a%00b",
        b"/v1/a%0d%0aHost:%20evil",
        b"/v1/%",
        b"/v1/%4",
        b"/v1/%zz",
        b"/v1/%25252525252e",
        b"v1/models",
        b"evil.example:443",
        b"@evil.example/",
        b"*",
        b"",
        b"/" + b"a" * 2048,
        b"/a" * 65,
        b"/" + b"%2Fa" * 65,
    ],
)
def test_paths_that_readers_disagree_on_are_refused(raw):
    with pytest.raises(BadPathError):
        read_target(raw)


@given(st.binary(max_size=40).map(lambda rest: b"/" + rest))
def test_whatever_passes_is_normal_already_and_names_no_host(raw):
    try:
        target = read_target(raw)
    except BadPathError:
        return

    assert read_target(target.wire) == target
    assert target.wire[:1] == b"/" and target.wire[1:2] != b"/"
    assert not {b".", b".."} & set(target.wire.split(b"/"))
    assert not any(byte < 0x21 or byte > 0x7E for byte in target.wire)


def test_paths_up_to_the_bounds_pass():
    assert read_target(b"/" + b"a" * 2047).plain == "/" + "a" * 2047
    assert read_target(b"/a" * 64).plain == "/a" * 64


def test_only_short_paths_are_remembered():
    asked = []
    find = keeping_short(lambda path: asked.append(path) or len(path))

    assert [find(b"/short"), find(b"/short"), find(b"/" * 513), find(b"/" * 513)] == [6, 6, 513, 513]
    assert asked == [b"/short", b"/" * 513, b"/" * 513]
