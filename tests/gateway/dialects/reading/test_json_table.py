import sys
import threading
import time
from collections.abc import Iterator

import pytest

from gateway.dialects.reading.json_table import read_table
from gateway.dialects.reading.json_text import NotJsonError

EIGHT_MIB = 8 * 1024 * 1024


def test_every_value_knows_what_it_lies_in():
    table = read_table(b' {"a": [1, {"b": "c"}], "d": {}} ', max_values=10)

    shown = [table.body[start : start + 1] for start in table.starts]
    assert shown == [b"{", b'"', b"[", b"1", b"{", b'"', b'"', b'"', b"{"]
    assert list(table.parents) == [-1, 0, 0, 2, 2, 4, 4, 0, 0]
    assert [table.is_key(entry) for entry in range(9)] == [
        False,
        True,
        *[False] * 3,
        True,
        False,
        True,
        False,
    ]
    assert table.path(6) == "a[1].b"
    assert table.keys_around(6) == ["b", "a"]
    assert table.after(2) == 7


def test_paths_of_very_deep_values_are_cut_and_their_keys_not_told():
    table = read_table(b'{"a":' * 100 + b"1" + b"}" * 100, max_values=1000)

    last = len(table.starts) - 1
    assert table.path(last) == ".".join("a" * 64)
    assert table.keys_around(last) is None


NO_JSON = [
    b"",
    b"{",
    b'{"a"',
    b'{"a":',
    b'{"a":1',
    b'{"a":1,',
    b'{"a":1,}',
    b"{,}",
    b'{"a" 1}',
    b"{1:1}",
    b"[1 2]",
    b"[1,]",
    b"[}",
    b"]",
    b"{} {}",
    b"{}x",
    b'"a',
    b'"a\\',
    b'"\\u00"',
    b"01",
    b"1.",
    b"-",
    b"+1",
    b"1e",
    b"nul",
    b"nan",
    b"'a'",
    b"\xff\xfe{\0}\0",
]


@pytest.mark.parametrize("body", NO_JSON)
def test_what_is_no_json_is_refused(body):
    with pytest.raises(NotJsonError):
        read_table(body, max_values=100)


@pytest.mark.parametrize(
    "body",
    [b"NaN", b"[-Infinity, Infinity]", b'"\x01\n"', b'"\\ud800"', b"\xef\xbb\xbf[]", b'"\xff"', b"1e5"],
)
def test_what_some_reader_takes_is_taken(body):
    assert read_table(body, max_values=100).starts


HEAVY = {
    "empty arrays": b"[" + b"[]," * (EIGHT_MIB // 3) + b"1]",
    "small objects": b"[" + b'{"a":1},' * (EIGHT_MIB // 8) + b"1]",
    "escaped quotes": b'"' + b'\\"' * (EIGHT_MIB // 2) + b'"',
    "one escape": b'"\\u0041' + b"A" * EIGHT_MIB + b'"',
    "escaped surrogates": b'"' + b"\\ud83d\\ude00" * (EIGHT_MIB // 12) + b'"',
    "white space": b"[" + b" " * EIGHT_MIB + b"]",
    "one number": b"1" * EIGHT_MIB,
    "open arrays": b"[" * EIGHT_MIB,
    "backslashes": b'"' + b"\\\\" * (EIGHT_MIB // 2) + b'"',
    "a plain string": b'"' + b"A" * EIGHT_MIB + b'"',
}


@pytest.fixture
def quick_switches() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(0.001)  # as the gateway's processes do
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("quick_switches")
@pytest.mark.parametrize("body", HEAVY.values(), ids=HEAVY)
def test_other_threads_go_on_whatever_the_body_is(body):
    gaps: list[float] = []
    done = threading.Event()

    def tick() -> None:
        last = time.perf_counter()
        while not done.is_set():
            time.sleep(0.001)
            now = time.perf_counter()
            gaps.append(now - last)
            last = now

    ticking = threading.Thread(target=tick)
    ticking.start()
    try:
        read_table(body, max_values=100_000)
    except ValueError as error:
        assert str(error)
    finally:
        done.set()
        ticking.join()
    # Some milliseconds on a quiet machine. A single expression over all of it would take a hundred and more.
    assert sorted(gaps)[-3:][0] < 0.08
