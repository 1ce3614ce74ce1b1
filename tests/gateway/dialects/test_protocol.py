"""An API more is one class and one entry of the list, however its bodies are laid out."""

from collections.abc import Iterator, Sequence

import orjson
import pybase64
import pytest

from calibration.image import decode
from gateway.dialects.protocol import Slot
from gateway.dialects.reading.data_url import Inline
from gateway.dialects.reading.document import Fields, Object, Text, children, strings
from gateway.dialects.reading.sources import TypedBase64
from gateway.dialects.reading.splice import Replacement
from gateway.dialects.registry import DIALECTS
from gateway.errors import GatewayError


class Postcards:
    """A made-up API: bare base64 beside its media type, the model in the path, another header and error."""

    name = "postcards"
    credential_headers: Sequence[bytes] = (b"x-stamp",)
    markers: Sequence[bytes] = (b'"front"',)
    text_keys = frozenset({"back"})
    json_keys: frozenset[str] = frozenset()

    def takes(self, path: str) -> bool:
        return path.startswith("/v1/postcards/")

    def slots(self, document: Object) -> Iterator[Slot]:
        for where, card in children(document, "cards"):
            for at, front in children(card, "front", where):
                kinds = [text for _, text in strings(front, "kind", at)]
                yield from (Slot(at, self.source(kinds[0], data)) for _, data in strings(front, "bytes", at))

    def source(self, kind: Text, data: Text) -> TypedBase64:
        return TypedBase64(kind, data)

    def model_of(self, path: str, document: Fields) -> str:
        return path.rpartition("/")[2] if document.get("cards") else ""

    def error_body(self, error: GatewayError) -> bytes:
        return orjson.dumps({"returned_to_sender": error.message, "where": error.param})


@pytest.fixture
def postcard(png: bytes) -> bytes:
    front = {"bytes": pybase64.b64encode(png).decode(), "kind": "image/png"}
    return orjson.dumps({"cards": [{"front": front, "back": "Grüße"}, {"back": "no picture"}]})


def test_its_images_are_looked_into_and_every_string_of_a_slot_is_written(gateway, upstream, postcard):
    server = gateway(dialects=[Postcards()], models={"tiny": "embedded"})

    answer = server.ask("POST", "/v1/postcards/tiny", postcard)

    front = orjson.loads(upstream.last["body"])["cards"][0]["front"]
    assert answer.headers["x-jnd-verdict"] == "clean"
    assert front["kind"] == "image/jpeg" == decode(pybase64.b64decode(front["bytes"])).source.media_type
    assert server.settles_at('jnd_requests_total{dialect="postcards",model="tiny",status="200"}', 1)


def test_its_callers_are_told_apart_by_its_own_header(gateway, inspector, postcard):
    server = gateway(dialects=[Postcards()])

    for stamp in ("one", "two", "one"):
        server.ask("POST", "/v1/postcards/tiny", postcard, {"x-stamp": stamp, "authorization": "same"})

    assert len(set(inspector.tenants)) == 2


def test_its_errors_are_its_own(gateway, inspector, postcard):
    inspector.outcome = "imperceptible_edit"
    server = gateway(dialects=[Postcards()], policy={"mode": "block"})

    answer = server.ask("POST", "/v1/postcards/tiny", postcard)

    assert answer.status == 400
    assert orjson.loads(answer.body)["where"] == "cards[0].front"
    assert "blocks this image" in orjson.loads(answer.body)["returned_to_sender"]


def test_other_dialects_beside_it_are_looked_into_as_before(gateway, upstream, png, chat_body):
    server = gateway(dialects=[*DIALECTS, Postcards()])

    answer = server.chat(chat_body(png))

    assert answer.headers["x-jnd-verdict"] == "clean"
    assert b"data:image/jpeg" in upstream.last["body"]


@pytest.mark.parametrize(
    "target", ["/v1/postcards/large", "/v1/postcards//large/", "/v1/x/../postcards/large"]
)
def test_the_model_may_stand_in_the_path_however_that_is_spelt(gateway, postcard, target: str):
    server = gateway(dialects=[Postcards()], models={"large": "embedded"})

    answer = server.ask("POST", target, postcard)

    assert answer.headers["x-jnd-verdict"] == "clean"
    assert server.settles_at('jnd_requests_total{dialect="postcards",model="large",status="200"}', 1)


class Smudged(TypedBase64):
    def read(self) -> Inline:
        raise ValueError("smudged")


class Sealed(TypedBase64):
    def write(self, media_type: str, data: bytes) -> Sequence[Replacement]:  # noqa: ARG002 - the seam
        raise LookupError("sealed")


class Overwritten(TypedBase64):
    def write(self, media_type: str, data: bytes) -> Sequence[Replacement]:
        return [*super().write(media_type, data), *super().write(media_type, data)]


@pytest.mark.parametrize(
    ("kind", "reason"), [(Smudged, "not_json"), (Sealed, "internal"), (Overwritten, "internal")]
)
def test_a_slot_that_cannot_be_read_or_written_is_a_failure_of_that_image_alone(
    gateway, upstream, postcard, kind, reason
):
    class Strange(Postcards):
        def source(self, kind_text: Text, data: Text) -> TypedBase64:
            return kind(kind_text, data)

    answer = gateway(dialects=[Strange()]).ask("POST", "/v1/postcards/tiny", postcard)

    assert (answer.status, answer.headers["x-jnd-reason"]) == (200, reason)
    assert upstream.last["body"] == postcard


def test_pictures_it_does_not_know_of_are_told(gateway, upstream, png):
    server = gateway(dialects=[Postcards()], policy={"on_failure": "refuse"})
    picture = pybase64.b64encode(png).decode()

    told = server.ask("POST", "/v1/postcards/tiny", orjson.dumps({"cards": [{"back": picture}]}))
    refused = server.ask("POST", "/v1/postcards/tiny", orjson.dumps({"cards": [{"side": picture}]}))

    assert (told.status, told.headers["x-jnd-unchecked"]) == (200, "image_in_text")
    assert (refused.status, orjson.loads(refused.body)["where"]) == (400, "cards[0].side")
    assert len(upstream.requests) == 1
