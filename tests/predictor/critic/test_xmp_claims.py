import pytest

from predictor.critic.xmp_claims import xmp_facts, xmp_texts
from tests.predictor.critic.files import PLACE, packet


def test_a_digital_source_type_is_a_claim():
    (fact,) = xmp_facts(packet(f'Iptc4xmpExt:DigitalSourceType="{PLACE}trainedAlgorithmicMedia"'))

    assert (fact.topic, fact.origin, fact.trust) == ("source_type", "generated", "claimed")


def test_a_term_nobody_defined_tells_of_no_origin():
    (fact,) = xmp_facts(packet('Iptc4xmpExt:DigitalSourceType="magic"'))

    assert (fact.value, fact.origin) == ("a term nobody defined: magic", None)


def test_a_manifest_kept_elsewhere_is_told_by_its_host():
    (fact,) = xmp_facts(packet('dcterms:provenance="https://manifests.example/a?b=c"'))

    assert "manifests.example" in fact.value
    assert "not fetched" in fact.value


def test_iptcs_fields_of_ai_name_system_and_prompt():
    generator, prompt = xmp_facts(
        packet('Iptc4xmpExt:AISystemUsed="Painter" Iptc4xmpExt:AIPromptInformation="a cat"')
    )

    assert (generator.value, generator.origin) == ("Painter", "generated")
    assert prompt.value == "a cat"


@pytest.mark.parametrize(("label", "origin"), [("1", "generated"), ("2", None), ("3", None)])
def test_chinas_label_is_read(label: str, origin: str | None):
    (fact,) = xmp_facts(packet(f"TC260:AIGC='{{&quot;Label&quot;:&quot;{label}&quot;}}'"))

    assert fact.topic == "generator"
    assert fact.origin == origin


def test_editors_are_programs_and_generators_are_left_to_their_marks():
    (fact,) = xmp_facts(packet('xmp:CreatorTool="Adobe Photoshop 25.0"'))
    text = packet('xmp:CreatorTool="Draw Things"')

    assert fact.topic == "software"
    assert list(xmp_facts(text)) == []
    assert xmp_texts(text)[0].content == "Draw Things"


def test_an_empty_packet_says_nothing():
    assert list(xmp_facts("")) == []
    assert xmp_texts("") == ()
