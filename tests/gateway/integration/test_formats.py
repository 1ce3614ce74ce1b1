import pytest

from gateway.dialects.reading.document import read_document
from gateway.integration.formats import LiteLLMGuardrail, OneImage, are_strings, images_of, string_in


def document(body: bytes):
    return read_document(body, max_values=1000)


def test_one_image_stands_under_its_key():
    found = OneImage("jnd_inspect").slots(document(b'{"image": "data:,", "other": "data:,"}'))

    assert [slot.where for slot in found] == ["image"]


def test_images_of_a_guardrail_are_told_apart_by_their_place():
    body = document(b'{"texts": ["a"], "images": ["data:,x", "https://y"]}')

    assert [slot.where for slot in LiteLLMGuardrail().slots(body)] == ["images[0]", "images[1]"]
    assert images_of(body) == ["data:,x", "https://y"]


@pytest.mark.parametrize(
    ("body", "model"),
    [
        (b'{"model": "a", "additional_provider_specific_params": {"model": "b"}}', "a"),
        (b'{"model": null, "additional_provider_specific_params": {"model": "b"}}', "b"),
        (b'{"additional_provider_specific_params": null}', ""),
    ],
)
def test_the_model_is_the_requests_else_the_guardrails_own(body, model):
    assert LiteLLMGuardrail().model_of("", document(body)) == model


@pytest.mark.parametrize(
    ("body", "are"),
    [
        (b"{}", True),
        (b'{"images": null}', True),
        (b'{"images": ["a", "b"]}', True),
        (b'{"images": ["a", 7]}', False),
        (b'{"images": "a"}', False),
        (b'{"images": {"a": "b"}}', False),
        (b'{"images": [], "images": [{}]}', False),
    ],
)
def test_only_strings_are_images(body, are):
    assert are_strings(document(body), "images") is are


def test_a_field_that_is_no_string_is_none():
    assert [string_in(document(body), "a") for body in (b'{"a": "b"}', b'{"a": 1}', b"{}")] == ["b", "", ""]


def test_no_path_of_an_api_is_theirs():
    assert not OneImage("x").takes("/v1/jnd/inspect") and not LiteLLMGuardrail().takes("/v1/chat/completions")
