import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from predictor.critic.xmp_properties import xmp_property
from tests.predictor.critic.files import packet


@pytest.mark.parametrize(
    "text",
    [
        packet('Iptc4xmpExt:DigitalSourceType="some &amp; value"'),
        packet("Iptc4xmpExt:DigitalSourceType = 'some &amp; value'"),
        packet("", "<Iptc4xmpExt:DigitalSourceType>some &amp; value</Iptc4xmpExt:DigitalSourceType>"),
        packet("", "<x:DigitalSourceType rdf:resource='some &amp; value'/>"),
        packet(
            "",
            "<x:DigitalSourceType><rdf:Alt><rdf:li xml:lang='x-default'>some &amp; value</rdf:li></rdf:Alt>"
            "</x:DigitalSourceType>",
        ),
        "<x:DigitalSourceType>some &amp; value</x:Digi",
    ],
)
def test_a_value_is_found_however_it_is_written(text: str):
    assert xmp_property(text, "DigitalSourceType") == "some & value"


@pytest.mark.parametrize(
    "text",
    [
        "",
        packet('x:DigitalSourceTypes="other"'),
        packet("", "<x:DigitalSourceTypeLocation>other</x:DigitalSourceTypeLocation>"),
        packet("", "<x:DigitalSourceType/>"),
    ],
)
def test_other_properties_are_not_taken_for_it(text: str):
    assert xmp_property(text, "DigitalSourceType") == ""


@pytest.mark.parametrize("piece", ["<x:Credit", "<", " Credit = ", "<x:Credit>", "<x:Credit a='"])
def test_hostile_packets_take_little_time(piece: str):
    began = time.process_time()

    xmp_property(piece * (262_144 // len(piece)), "Credit")

    assert time.process_time() - began < 2


@settings(deadline=None)
@given(st.text(alphabet="<>:/=\"' Creditx&;", max_size=200))
def test_any_text_is_read_as_one_line_of_it(text: str):
    value = xmp_property(text, "Credit")

    assert value == " ".join(value.split())
    assert len(value) <= len(text)
