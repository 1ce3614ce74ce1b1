from gateway.detection.sentences import explain
from gateway.detection.verdict import Evidence, Verdict, conclude

LOWER_LEFT = ((0, 300, 100, 400, 1.0),)


def noise(p_value, boxes=LOWER_LEFT):
    return Evidence("residual", 3.0, p_value, None, "The flat areas show strong noise.", boxes=boxes)


def test_a_flag_says_first_what_it_means_where_it_lies_and_how_sure_it_is():
    verdict = conclude([noise(0.002)], alpha=0.01)

    assert explain(verdict, 400, 400) == (
        "Noise that no camera or codec leaves, mostly at the lower left (p = .002). "
        "The flat areas show strong noise."
    )


def test_without_a_place_none_is_named():
    verdict = conclude([noise(0.002, ())], alpha=0.01)

    assert explain(verdict, 400, 400).startswith("Noise that no camera or codec leaves (p = .002). ")


def test_what_is_not_flagged_keeps_its_explanation():
    verdict = conclude([noise(0.4)], alpha=0.01)

    assert explain(verdict, 400, 400) == verdict.explanation


def test_a_rule_speaks_for_itself():
    rule = Evidence("container", 1.0, None, None, "The file is also an archive.", is_attack=True)
    verdict: Verdict = conclude([noise(0.4), rule], alpha=0.01)

    assert explain(verdict, 400, 400) == "The file is also an archive."
