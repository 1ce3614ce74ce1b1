import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.dialects.reading.splice import Replacement, splice


@given(st.binary(max_size=60), st.lists(st.tuples(st.integers(0, 60), st.binary(max_size=5)), max_size=4))
def test_no_byte_outside_the_stretches_changes(body, places):
    bounds = sorted({min(place, len(body)) for place, _ in places})
    pairs = list(zip(bounds[::2], bounds[1::2], strict=False))
    values = [value for _, value in places]
    replacements = [
        Replacement(start, end, value) for (start, end), value in zip(pairs, values, strict=False)
    ]

    spliced = splice(body, reversed(replacements))

    # Walk both side by side: the stretches between replacements are identical.
    before = after = 0
    for replacement in replacements:
        stretch = body[before : replacement.start]
        assert spliced[after : after + len(stretch)] == stretch
        after += len(stretch)
        assert spliced[after : after + len(replacement.value)] == replacement.value
        before, after = replacement.end, after + len(replacement.value)
    assert spliced[after:] == body[before:]


def test_overlapping_replacements_are_refused():
    with pytest.raises(ValueError, match="overlap"):
        splice(b"abcdef", [Replacement(0, 3, b"x"), Replacement(2, 4, b"y")])
