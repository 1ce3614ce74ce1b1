import pytest

from predictor.critic.source_type import SOURCE_TYPES, source_type
from tests.predictor.critic.files import PLACE


@pytest.mark.parametrize(
    "written",
    [
        PLACE + "trainedAlgorithmicMedia",
        "https://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia/",
        "digsrctype:trainedAlgorithmicMedia",
        " trainedalgorithmicmedia ",
    ],
)
def test_a_term_is_known_however_it_is_written(written: str):
    term = source_type(written)

    assert term is not None
    assert (term.code, term.origin) == ("trainedAlgorithmicMedia", "generated")


@pytest.mark.parametrize(
    ("code", "origin"),
    [
        ("digitalCapture", "photographed"),
        ("compositeWithTrainedAlgorithmicMedia", "partly generated"),
        ("algorithmicMedia", "drawn or computed"),
        ("minorHumanEdits", None),
    ],
)
def test_a_term_tells_where_a_picture_comes_from(code: str, origin: str | None):
    assert SOURCE_TYPES[code.casefold()].origin == origin


@pytest.mark.parametrize("written", ["", "photo", "http://evil.example/digitalCapture", PLACE])
def test_what_nobody_defined_is_no_term(written: str):
    assert source_type(written) is None
