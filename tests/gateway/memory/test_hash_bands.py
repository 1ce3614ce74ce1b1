import random

import pytest

from gateway.memory.hash_bands import bands_near


def bands(fingerprint: int, most_bits: int) -> list[bytes]:
    listed = bands_near(fingerprint, most_bits)
    return [listed[start : start + 2] for start in range(0, len(listed), 2)]


@pytest.mark.parametrize("most_bits", range(18))
def test_what_differs_in_few_bits_has_one_of_its_own_bands_among_those_listed(most_bits: int):
    rng = random.Random(most_bits)
    for _ in range(50):
        fingerprint = rng.getrandbits(64)
        other = fingerprint ^ sum(1 << bit for bit in rng.sample(range(64), most_bits))

        assert set(bands(other, 0)) & set(bands(fingerprint, most_bits))


def test_a_hash_lies_in_six_bands_all_of_them_different():
    assert len(set(bands(0, 0))) == len(set(bands((1 << 64) - 1, 0))) == 6
    assert not set(bands(0, 0)) & set(bands((1 << 64) - 1, 0))


def test_a_flipped_bit_is_looked_for_once_and_exact_bands_first():
    listed = bands(0x0123456789ABCDEF, 8)

    assert len(listed) == len(set(listed)) == 6 + 64
    assert listed[:6] == bands(0x0123456789ABCDEF, 0)


def test_where_lookups_would_be_too_many_all_have_to_be_gone_through():
    assert bands_near(1, 18) == b""
