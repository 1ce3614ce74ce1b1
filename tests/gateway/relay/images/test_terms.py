import json

import pytest

from gateway.dialects.openai_chat import OpenAIChat
from gateway.dialects.protocol import Slot
from gateway.dialects.reading.document import read_document
from gateway.dialects.reading.sources import Unseen
from gateway.pipeline import Asked
from gateway.policy import PLAIN
from gateway.providers.rules import Recipient
from gateway.relay.images.terms import Terms, untouched

ASKED = Asked(Recipient("openai", "gpt-4o"), "t", PLAIN)


def slots(*parts):
    body = json.dumps({"messages": [{"role": "user", "content": list(parts)}]}).encode()
    return list(OpenAIChat().slots(read_document(body, max_values=1000)))


def picture(url="data:image/png;base64,AAAA"):
    return {"type": "image_url", "image_url": {"url": url}}


def test_an_image_is_asked_about_as_its_place_in_the_request_says():
    (slot,) = slots(picture())
    slot = Slot(slot.where, slot.source, detail="low", is_framed=True)

    asked = Terms(ASKED, "pass").asked_of(slot)

    assert asked.recipient == Recipient("openai", "gpt-4o", "low", images=1, is_framed=True)
    assert (asked.tenant, asked.policy) == (ASKED.tenant, ASKED.policy)


def test_images_are_counted_as_the_provider_counts_them():
    kept, document = Slot("a", Unseen("file_id")), Slot("b", Unseen("document"))

    beside = Terms(ASKED, "pass").beside([*slots(picture(), picture()), kept, document])

    assert beside.most_images == 3
    assert beside.asked_of(kept).recipient.images == 3


def test_images_of_a_batch_are_counted_by_its_requests():
    places = ["requests[0].params.messages[0]", "requests[1].params.a", "requests[1].params.b"]
    batch = [Slot(place, Unseen("file_id")) for place in places]

    beside = Terms(ASKED, "pass").beside(batch)

    assert [beside.asked_of(slot).recipient.images for slot in batch] == [1, 2, 2]
    assert (beside.most_images, beside.is_batch) == (2, True)
    assert not Terms(ASKED, "pass").beside([Slot("messages[0]", Unseen("file_id"))]).is_batch


def test_frames_of_a_film_are_judged_and_left_alone():
    film = {"type": "video_url", "video_url": {"url": "data:video/jpeg;base64,AAAA,BBBB"}}

    asked = Terms(ASKED, "pass").asked_of(slots(film)[0])

    assert asked == untouched(ASKED)
    assert asked.policy.compression == "off"


@pytest.mark.parametrize(
    ("urls", "address"),
    [("pass", None), ("fetch-check-pass", "http://a/b"), ("fetch-check-inline", "http://a/b")],
)
def test_an_address_is_fetched_where_that_is_wanted(urls, address):
    (slot,) = slots(picture("http://a/b"))

    assert Terms(ASKED, urls).address(slot) == address
