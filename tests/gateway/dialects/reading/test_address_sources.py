import orjson
import pytest

from gateway.dialects.anthropic import Anthropic
from gateway.dialects.gemini import Gemini
from gateway.dialects.reading.address_sources import FileUri, SourceUrl
from gateway.dialects.reading.data_url import NotInlineError
from gateway.dialects.reading.splice import splice
from tests.gateway.dialects.bodies import JPEG, base64, slots


@pytest.mark.parametrize("spelling", [b'"url":"%s"', b'"url" :\n "%s"', b'"\\u0075rl": "%s"'])
def test_an_address_of_anthropic_becomes_data_however_its_key_is_spelt(spelling: bytes):
    source = b'{"type": "url", %s}' % (spelling % b"https://example.org/cat.png")
    body = b'{"messages": [{"content": [{"type": "image", "source": %s}]}]}' % source
    (slot,) = slots(Anthropic(), body)

    changed = orjson.loads(splice(body, slot.source.write("image/jpeg", JPEG)))

    assert isinstance(slot.source, SourceUrl)
    assert slot.source.url == "https://example.org/cat.png"
    assert changed["messages"][0]["content"][0]["source"] == {
        "type": "base64",
        "media_type": "image/jpeg",
        "data": base64(JPEG),
    }


@pytest.mark.parametrize(
    "spelling",
    [
        b'"fileData": {"mimeType": "image/png", "fileUri": "%s"}',
        b'"fileData" : {"fileUri": "%s"}',
        b'"file\\u0044ata":{"fileUri" :"%s" , "mimeType":"image/png"}',
    ],
)
def test_an_address_of_gemini_becomes_data_however_its_key_is_spelt(spelling: bytes):
    part = b'{"thought": false, %s}' % (spelling % b"https://example.org/cat.png")
    body = b'{"contents": [{"parts": [%s]}]}' % part
    (slot,) = slots(Gemini(), body)

    changed = orjson.loads(splice(body, slot.source.write("image/jpeg", JPEG)))

    assert isinstance(slot.source, FileUri)
    assert changed["contents"][0]["parts"][0] == {
        "thought": False,
        "inlineData": {"mimeType": "image/jpeg", "data": base64(JPEG)},
    }


def test_an_address_is_no_picture_until_it_is_fetched():
    (slot,) = slots(
        Gemini(), {"contents": [{"parts": [{"fileData": {"fileUri": "https://example.org/a.png"}}]}]}
    )

    with pytest.raises(NotInlineError) as caught:
        slot.source.read()

    assert caught.value.reason == "url"
