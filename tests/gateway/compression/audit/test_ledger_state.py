import itertools

import pytest

from gateway.compression.audit.ledger_state import Entry, LedgerError, LedgerState, pack_state, parse_state

ENTRIES = [Entry(), Entry(0, 9, 2, 1), Entry(0, 12, 1, 0), Entry(1), Entry(1, 3, 0, 0), Entry(2, 1, 1, 0)]


def state(entry: Entry, day: str = "2026-11-30", spent: int = 3) -> LedgerState:
    return LedgerState(day, spent, (("m", "photograph", entry),))


def test_what_is_written_is_read():
    assert parse_state(pack_state(state(ENTRIES[1])), "a file") == state(ENTRIES[1])


@pytest.mark.parametrize(("one", "other"), itertools.product(ENTRIES, ENTRIES))
def test_joining_keeps_the_stricter_in_whatever_order(one: Entry, other: Entry):
    joined = state(one).joined(state(other))

    assert joined == state(other).joined(state(one)) == joined.joined(state(one))
    assert joined.entry("m", "photograph").epoch == max(one.epoch, other.epoch)


def test_what_one_alone_knows_is_kept_and_the_later_day_counts():
    joined = state(Entry(1), "2026-11-29", 90).joined(
        LedgerState("2026-11-30", 2, (("n", "screen", Entry(2)),))
    )

    assert (joined.day, joined.spent) == ("2026-11-30", 2)
    assert (joined.entry("m", "photograph"), joined.entry("n", "screen")) == (Entry(1), Entry(2))


@pytest.mark.parametrize("text", [b"", b"[]", b"{}", b'{"version": 0, "day": "", "spent": 0, "entries": []}'])
def test_what_is_something_else_is_refused_by_name(text: bytes):
    with pytest.raises(LedgerError, match="a file is not what the shadow audit wrote"):
        parse_state(text, "a file")
