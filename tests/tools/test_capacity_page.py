import pytest

from tools.capacity_page import MIXES, PAGE, Mix, processor_ms, replicas, written

COSTS = {"text": {"processor_ms": 1.0}, "a, new": {"processor_ms": 100.0}}


def test_the_page_is_what_the_measurement_says():
    assert PAGE.read_text(encoding="utf-8") == written()


def test_a_mix_costs_what_its_parts_cost():
    assert processor_ms(Mix("half", (("a, new", 0.5),)), COSTS) == pytest.approx(50.5)


@pytest.mark.parametrize(
    ("rate", "milliseconds", "needed"), [(10, 1.0, 2), (1_000, 60.0, 50), (1_000, 60.1, 51)]
)
def test_replicas_are_rounded_up_and_never_one_alone(rate: int, milliseconds: float, needed: int):
    assert replicas(rate, milliseconds) == needed


def test_no_mix_sends_more_than_it_has():
    assert all(sum(share for _, share in mix.shares) <= 1 for mix in MIXES)
