import pytest

from calibration.session.budget import Budget, Price, parse_budget
from calibration.trials import Stimulus, Trial


def trial(questions: int = 1, tokens_in: int = 0, tokens_out: int = 0) -> Trial:
    return Trial(
        id="0-blur-000-00000",
        series=0,
        index=0,
        stimulus=Stimulus("a.png", "blur", 1, 0),
        polarity="different",
        order="reference_first",
        prompt="?",
        noticed=True,
        probability=None,
        reply_class="correct",
        reply="Yes",
        is_first_token=False,
        seconds=0.1,
        questions=questions,
        tokens_in=tokens_in,
        tokens_out=tokens_out,
    )


def test_questions_are_counted_those_in_flight_included():
    budget = Budget(queries=10)

    for _ in range(4):
        budget.spend(trial(questions=2))

    assert budget.allows(reserved=0, wanted=2)
    assert budget.allows(reserved=1, wanted=1)
    assert not budget.allows(reserved=2, wanted=1)


def test_dollars_are_what_the_provider_billed():
    budget = parse_budget("$1", "2/10")

    budget.spend(trial(tokens_in=100_000, tokens_out=20_000))

    assert budget.spent_dollars == pytest.approx(0.4)
    assert budget.allows(reserved=0, wanted=1)  # another at .40 fits
    assert not budget.allows(reserved=1, wanted=1)


def test_without_a_bill_the_expected_tokens_are_counted():
    budget = Budget(price=Price(1, 1))

    budget.spend(trial())

    assert budget.spent_dollars == pytest.approx(830e-6)


def test_no_budget_has_no_end():
    assert Budget().allows(reserved=10**9, wanted=1)


@pytest.mark.parametrize(
    ("text", "queries", "dollars"), [("500", 500, None), ("$5", None, 5), ("2.5 usd", None, 2.5)]
)
def test_a_budget_is_questions_or_dollars(text: str, queries: int | None, dollars: float | None):
    budget = parse_budget(text, "1/2")

    assert (budget.queries, budget.dollars) == (queries, dollars)


@pytest.mark.parametrize(
    ("budget", "price"),
    [
        ("none", None),
        ("0", None),
        ("-3", None),
        ("2.5", None),
        ("$5", None),
        ("$5", "2"),
        ("$5", "x/y"),
        ("$5", "-1/2"),
        ("$5", "nan/1"),
        ("€5", "1/2"),
    ],
)
def test_what_cannot_be_understood_is_refused(budget: str, price: str | None):
    with pytest.raises(ValueError, match=r"expected|needs"):
        parse_budget(budget, price)


def test_until_a_few_were_billed_few_are_in_flight():
    budget = parse_budget("$5", "1/10")

    assert budget.allows(reserved=0, wanted=1)
    assert budget.allows(reserved=1, wanted=1)
    assert not budget.allows(reserved=2, wanted=1)
    assert budget.allows(reserved=0, wanted=3)  # a trial that needs three is not kept waiting for ever
    for _ in range(4):
        budget.spend(trial(tokens_in=700, tokens_out=100))
    assert budget.allows(reserved=100, wanted=1)


def test_questions_in_flight_reserve_as_much_as_the_dearest_so_far():
    budget = parse_budget("$1", "1/10")

    for tokens_out in (100, 100, 100, 10_000):
        budget.spend(trial(tokens_in=1, tokens_out=tokens_out))

    assert budget.dearest_question == pytest.approx(0.1, rel=1e-3)
    assert budget.allows(reserved=7, wanted=1)
    assert not budget.allows(reserved=8, wanted=1)


def test_what_a_reply_is_expected_to_take_holds_until_one_was_billed():
    budget = Budget(dollars=0.02, price=Price(0, 10), expected_out=1500)

    assert budget.allows(reserved=0, wanted=1)
    assert not budget.allows(reserved=1, wanted=1)
