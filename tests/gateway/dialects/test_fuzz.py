"""Bodies nobody would write: whatever they are like, pictures are noticed and nothing else is touched."""

from collections.abc import Iterator
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.dialects.openai_chat import OpenAIChat
from gateway.dialects.protocol import Dialect, Slot
from gateway.dialects.reading.document import Object, children, strings
from gateway.dialects.reading.sources import BareBase64
from gateway.dialects.registry import DIALECTS
from tests.gateway.dialects.grown_bodies import GRAMMARS, Grown, grown
from tests.gateway.dialects.scrutiny import complaints


def test_every_dialect_has_a_grammar():
    assert set(GRAMMARS) == {dialect.name for dialect in DIALECTS}


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
@settings(max_examples=150, deadline=None)
@given(random=st.randoms(use_true_random=False))
def test_no_picture_is_missed_and_nothing_else_changes(dialect: Dialect, random: Random):
    body = grown(dialect.name, random)

    assert list(complaints(dialect, body)) == []


class Blind(OpenAIChat):
    """Knows no place for pictures, and takes everything for text."""

    json_keys = frozenset({"messages"})

    def slots(self, document: Object) -> Iterator[Slot]:  # noqa: ARG002 - the seam
        return iter(())


class Careless(OpenAIChat):
    """Puts pictures in the place of whatever the first message has."""

    def slots(self, document: Object) -> Iterator[Slot]:
        for where, message in children(document, "messages"):
            yield from (Slot(where, BareBase64(text)) for _, text in strings(message, "role"))


def test_a_picture_that_only_a_blind_dialect_misses_is_told_as_a_stray():
    body = grown("openai_chat", Random(3))

    assert body.planted
    assert list(complaints(Blind(), body)) == []


def test_what_is_lost_is_complained_of(monkeypatch):
    body = grown("openai_chat", Random(3))
    monkeypatch.setattr("tests.gateway.dialects.scrutiny.find_strays", lambda *_: [])

    assert "lie outside of slots" in next(complaints(Blind(), body))


def test_what_is_changed_besides_is_complained_of():
    body = Grown(b'{"messages": [{"role": "AAAA", "content": "Hello"}]}', {})

    assert list(complaints(Careless(), body)) == [
        "messages[0] reads as another picture than was sent",
        "'AAAA' became 'UklGRhAAAABXRUJQVlA4IGFub3RoZXI='",
    ]


def test_the_bodies_have_what_is_hard():
    bodies = [grown(name, Random(seed)) for name in GRAMMARS for seed in range(100)]
    joined = b"".join(body.body for body in bodies)

    assert sum(len(body.planted) for body in bodies) > 700
    for hard in (b"\\u00", b"NaN", b"\\/", b"data:;base64", b"\xed\xa0\x80", b"DATA:", b"_", b"\\r\\n"):
        assert hard in joined, hard
