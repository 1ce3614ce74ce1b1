from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.detection.verdict import Evidence, conclude, unchecked


def evidence(p_value, jnd_ratio=None, kind="residual"):
    return Evidence(kind, 1.0, p_value, jnd_ratio, f"{kind} says {p_value}.")


def test_an_improbable_finding_without_reference_is_an_imperceptible_edit():
    verdict = conclude([evidence(0.004)], alpha=0.01)

    assert verdict.outcome == "imperceptible_edit"
    assert verdict.p_value == pytest.approx(0.004)
    assert verdict.jnd_ratio is None
    assert verdict.explanation == "residual says 0.004."


def test_a_change_of_one_jnd_or_more_is_a_noticeable_edit():
    assert conclude([evidence(0.001, 0.99)], alpha=0.01).outcome == "imperceptible_edit"
    assert conclude([evidence(0.001, 1.0)], alpha=0.01).outcome == "noticeable_edit"


def test_two_detectors_share_the_false_alarm_rate():
    assert conclude([evidence(0.006), evidence(0.9)], alpha=0.01).outcome == "clean"
    assert conclude([evidence(0.006), evidence(0.009)], alpha=0.01).outcome == "clean"
    assert conclude([evidence(0.005), evidence(0.9)], alpha=0.01).outcome == "imperceptible_edit"


def test_only_detectors_that_flag_speak_and_measure():
    verdict = conclude([evidence(0.5), evidence(0.001, 0.3, "near_duplicate")], alpha=0.01)

    assert verdict.jnd_ratio == 0.3
    assert verdict.explanation == "near_duplicate says 0.001."
    assert len(verdict.evidence) == 2


def test_evidence_without_p_value_informs_but_cannot_flag():
    verdict = conclude([evidence(None, 3.0)], alpha=0.01)

    assert verdict.outcome == "clean"
    assert verdict.jnd_ratio == 3.0


def test_no_evidence_is_unchecked_not_clean():
    assert conclude([], alpha=0.01).outcome == "unchecked"
    assert unchecked("too small").explanation == "too small"


@given(st.lists(st.floats(0.0001, 1.0), min_size=1, max_size=6), st.floats(0.001, 0.2))
def test_an_image_is_flagged_exactly_when_its_combined_p_value_is_at_most_alpha(p_values, alpha):
    verdict = conclude([evidence(p_value) for p_value in p_values], alpha=alpha)

    assert verdict.p_value == pytest.approx(min(1.0, min(p_values) * len(p_values)))
    assert (verdict.outcome != "clean") == (verdict.p_value <= alpha)


@pytest.mark.parametrize("alpha", [0.0, 1.0, -1.0])
def test_a_meaningless_alpha_is_refused(alpha):
    with pytest.raises(ValueError, match="alpha"):
        conclude([evidence(0.5)], alpha=alpha)


def test_only_hidden_edits_raise_a_flag():
    hidden = conclude([evidence(0.001, 0.5, "near_duplicate")], alpha=0.01)
    noticed = conclude([evidence(0.001, 3.0, "near_duplicate")], alpha=0.01)
    seen = conclude([replace(evidence(0.001, 0.5, "near_duplicate"), is_visible=True)], alpha=0.01)

    assert (hidden.outcome, hidden.flags) == ("imperceptible_edit", ("near_duplicate",))
    assert (noticed.outcome, noticed.flags) == ("noticeable_edit", ())
    assert (seen.outcome, seen.flags) == ("noticeable_edit", ())


def test_what_is_built_like_an_attack_raises_one_however_visible():
    attack = replace(evidence(0.001, 3.0, "near_duplicate"), is_attack=True)

    assert conclude([attack], alpha=0.01).flags == ("near_duplicate",)
    assert conclude([replace(attack, p_value=0.5)], alpha=0.01).flags == ()


def test_a_rule_flags_without_a_p_value_and_leaves_that_of_the_others():
    rule = replace(evidence(None, kind="container"), is_attack=True)

    verdict = conclude([evidence(0.4), rule], alpha=0.01)

    assert (verdict.outcome, verdict.flags, verdict.p_value) == ("imperceptible_edit", ("container",), 0.4)
    assert verdict.explanation == "container says None."


def test_a_visible_change_excuses_nothing_else():
    verdict = conclude([evidence(0.001), evidence(0.001, 3.0, "near_duplicate")], alpha=0.01)

    assert (verdict.outcome, verdict.flags) == ("noticeable_edit", ("residual",))
