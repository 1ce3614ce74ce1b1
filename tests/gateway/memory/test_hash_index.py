import random
import time

import pytest

from gateway.memory.hash_index import HashIndex, Key


def filled(count: int, seed: int = 0) -> tuple[HashIndex, dict[Key, None]]:
    rng, index = random.Random(seed), HashIndex()
    keys = {(rng.getrandbits(64), number.to_bytes(4, "big")): None for number in range(count)}
    for key in keys:
        index.add(key)
    return index, keys


@pytest.mark.parametrize("most_bits", [0, 3, 8, 11, 14, 64])
@pytest.mark.parametrize("count", [3, 3000])
def test_what_differs_in_few_bits_is_found_and_nothing_else(most_bits: int, count: int):
    index, keys = filled(count)
    rng = random.Random(1)
    for number in range(200):  # around one of them
        near = (next(iter(keys))[0] ^ sum(1 << bit for bit in rng.sample(range(64), number % 20)), b"")
        keys[near] = None
        index.add(near)
        asked = next(iter(keys))[0] ^ rng.getrandbits(2)

        found = index.near(asked, most_bits, keys)

        expected = [key for key in keys if (key[0] ^ asked).bit_count() <= most_bits]
        assert sorted(key for _, key in found) == sorted(expected)
        assert [bits for bits, _ in found] == sorted((key[0] ^ asked).bit_count() for key in expected)
        keys.pop(near)
        index.remove(near)


def test_nothing_of_a_removed_key_is_kept():
    index, keys = filled(500)

    for key in keys:
        index.remove(key)

    assert index._keys == {}  # what it holds is memory of a long-lived process
    with pytest.raises(KeyError):
        index.remove(next(iter(keys)))


def test_ten_thousand_hashes_are_searched_faster_by_bands_than_one_by_one():
    index, keys = filled(10_000)
    asked = [random.Random(2).getrandbits(64) for _ in range(50)]

    def seconds(most_bits: int) -> float:
        started = time.perf_counter()
        for fingerprint in asked:
            index.near(fingerprint, most_bits, keys)
        return time.perf_counter() - started

    by_bands, one_by_one = min(seconds(8) for _ in range(3)), min(seconds(12) for _ in range(3))

    assert by_bands < one_by_one / 2
    assert by_bands / len(asked) < 0.002
