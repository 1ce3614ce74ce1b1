import pytest

from calibration.replies import leads


@pytest.mark.parametrize(
    ("pattern", "before"),
    [
        (leads.TAG, "It is softer. <"),
        (leads.BOXED, "$\\boxed{\\text{"),
        (leads.LABEL, "Final answer to your question: **"),
        (leads.CONCLUDES, "It is softer, so it's a "),
        (leads.SAYS, "I'd have to say "),
        (leads.NEGATED, "I would not say "),
        (leads.TENTATIVE, "At first I thought "),
        (leads.OPENER, "Based on the edges, "),
        (leads.THOUGH, "I can't tell who it is, but "),
    ],
)
def test_what_leads_to_an_answer_is_known_where_the_answer_begins(pattern, before: str):
    assert pattern.search(before)
    assert not pattern.search(before + "that. The sky is ")


def test_an_excuse_before_an_answer_is_told_from_a_contrast():
    excuse = leads.THOUGH.search("I can't tell who it is, but ")
    contrast = leads.THOUGH.search("The sky is grey, but ")

    assert excuse is not None
    assert contrast is not None
    assert excuse["declines"]
    assert not contrast["declines"]
