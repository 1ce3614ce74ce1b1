import pytest

from gateway.compression.compressor import CompressionPlan
from gateway.estimate.totals import Outcome, Sums, Target, add_up
from gateway.providers.prices import Price

TARGET = Target("openai", "gpt-4o", Price(2.0, "a list", "2026-01-01"))


def plan(*, bytes_out: int = 400, tokens_out: int = 500, reason: str = "") -> CompressionPlan:
    return CompressionPlan("webp", 80, 10, 10, 1000, bytes_out, 1000, tokens_out, 0.01, "faithful", reason)


def test_a_picture_sent_three_times_counts_three_times_and_is_timed_once():
    totals = add_up(TARGET, [(Outcome("screen", plan(), 10.0), 3), (Outcome("chart", plan(), 30.0), 1)])

    assert totals.whole == Sums(4, 4000, 1600, 4000, 2000)
    assert totals.by_class["screen"].images == 3
    assert totals.milliseconds_p50 == 20.0


def test_classes_add_up_to_the_whole():
    kinds = ("photograph", "screen", "photograph", "animated")

    totals = add_up(
        TARGET, [(Outcome(kind, plan(bytes_out=100 * n), 1.0), n) for n, kind in enumerate(kinds, 1)]
    )

    for field in ("images", "bytes_in", "bytes_out", "tokens_in", "tokens_out"):
        assert sum(getattr(sums, field) for sums in totals.by_class.values()) == getattr(totals.whole, field)


def test_money_follows_tokens_and_is_told_for_a_thousand_images():
    money = add_up(TARGET, [(Outcome("screen", plan(), 1.0), 7)]).money

    assert money is not None
    assert (money["per_1000_images_in"], money["per_1000_images_saved"]) == (2.0, 1.0)
    assert money["source"] == "a list"


def test_without_a_price_no_money_is_told():
    assert add_up(Target("openai", "mine", None), [(Outcome("screen", plan(), 1.0), 1)]).money is None


def test_what_stays_as_it_was_is_counted_by_reason():
    left = plan(bytes_out=1000, tokens_out=1000, reason="already small")

    assert add_up(
        TARGET, [(Outcome("screen", left, 1.0), 2), (Outcome("screen", plan(), 1.0), 1)]
    ).left_alone == {"already small": 2}


def test_nothing_at_all_adds_up_to_nothing():
    totals = add_up(TARGET, [])

    assert totals.whole == Sums()
    assert totals.whole.bytes_saved_share == pytest.approx(0)
    assert totals.money is None
