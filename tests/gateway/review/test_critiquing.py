import pytest

from calibration.image_source import DecodeLimits
from gateway.review.critiquing import CannotJudgeError, Critiquing


def test_a_picture_is_judged_in_a_sentence_once(png):
    critiquing = Critiquing(None, DecodeLimits())

    first = critiquing.sentence("a", png)

    assert len(first.split()) > 3
    assert critiquing.sentence("a", b"not looked at again") == first
    with pytest.raises(CannotJudgeError):
        critiquing.sentence("b", b"no picture")
    critiquing.close()
