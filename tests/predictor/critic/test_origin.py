import pytest

from predictor.critic.origin import Fact, Origin, Provenance, Trust, one_line


def fact(origin: Origin | None, trust: Trust) -> Fact:
    return Fact("source_type", "x", "XMP", trust, origin)


def test_what_is_signed_outweighs_what_is_claimed():
    provenance = Provenance(
        (fact("photographed", "claimed"), fact("generated", "signed")), ("they contradict each other",)
    )

    assert provenance.told == ("generated", "signed")


def test_claims_that_contradict_each_other_tell_nothing():
    facts = (fact("photographed", "claimed"), fact("generated", "claimed"))

    assert Provenance(facts, ("they contradict each other",)).told is None


@pytest.mark.parametrize("facts", [(), (fact("generated", "broken"),), (fact(None, "signed"),)])
def test_nothing_is_told_by_nothing_and_by_what_does_not_verify(facts: tuple[Fact, ...]):
    assert Provenance(facts).told is None


def test_a_line_is_one_line_printable_and_short():
    assert one_line(" a\n b\0\u202ec\t") == "a bc"
    assert one_line("x" * 500) == "x" * 199 + "…"
