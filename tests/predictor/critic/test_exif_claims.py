import pytest

from predictor.critic.exif_claims import exif_facts, exif_texts
from tests.predictor.critic.files import exif


def test_a_camera_is_a_claim_of_a_photograph():
    block = exif(
        {0x010F: "NIKON CORPORATION", 0x0110: "NIKON D90", 0x0131: "Ver.1.00"},
        {0x829A: (1, 250), 0x829D: (56, 10), 0x8827: 200, 0x920A: (35, 1)},
    )

    camera, exposure, software = exif_facts(block)

    assert (camera.value, camera.origin, camera.trust) == ("NIKON D90", "photographed", "claimed")
    assert exposure.value == "1/250 s, f/5.6, ISO 200, 35 mm"
    assert software.value == "Ver.1.00"


@pytest.mark.parametrize(
    ("make", "model", "camera"),
    [
        ("Canon", "Canon EOS R5", "Canon EOS R5"),
        ("Google", "Pixel 9", "Google Pixel 9"),
        ("", "X-T5", "X-T5"),
    ],
)
def test_the_maker_is_named_once(make: str, model: str, camera: str):
    assert next(iter(exif_facts(exif({0x010F: make, 0x0110: model})))).value == camera


def test_a_generator_in_the_place_of_a_camera_is_no_camera():
    block = exif({0x010F: "Midjourney", 0x0131: "Midjourney"})

    assert list(exif_facts(block)) == []
    assert {text.content for text in exif_texts(block)} == {"Midjourney"}


def test_groks_signature_and_number_are_its_mark_together():
    signature, number = "Signature: " + "aB3+" * 20, "0c8d7c77-6d3f-4c39-9d86-5f0f5a2b8f11"

    (fact,) = exif_facts(exif({0x010E: signature, 0x013B: number}))

    assert (fact.topic, fact.value, fact.origin) == ("generator", "Grok", "generated")
    assert list(exif_facts(exif({0x010E: signature, 0x013B: "Ada Lovelace"}))) == []
    assert list(exif_facts(exif({0x010E: "Signature: Ada", 0x013B: number}))) == []


def test_a_damaged_block_is_told():
    (fact,) = exif_facts(b"nothing like it")

    assert fact.topic == "unreadable"


def test_no_block_says_nothing():
    assert list(exif_facts(None)) == []
    assert exif_texts(None) == ()
