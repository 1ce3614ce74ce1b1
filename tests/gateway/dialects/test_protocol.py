"""An API more is one class and one entry of the list, however its bodies are laid out."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
import pybase64
import pytest

from calibration.image import decode
from gateway.app import DIALECTS
from gateway.dialects.data_url import Inline
from gateway.dialects.protocol import Slot
from gateway.dialects.splice import EACH, Replacement, locate, string_at
from gateway.errors import GatewayError


class Postcards:
    """A made-up API: bare base64 beside its media type, the model in the path, another header and error."""

    name = "postcards"
    credential_headers: Sequence[bytes] = (b"x-stamp",)

    def takes(self, path: str) -> bool:
        return path.startswith("/v1/postcards/")

    def may_have_images(self, body: bytes) -> bool:
        return b"front" in body

    def find(self, body: bytes) -> list[Slot]:
        fronts = (("cards", EACH, "front", "bytes"), ("cards", EACH, "front", "kind"))
        found: dict[str, dict] = {}
        for span in locate(body, fronts):
            where, _, role = span.where.rpartition(".")
            found.setdefault(where, {})[role] = span
        return [Slot(where, spans) for where, spans in found.items()]

    def model_of(self, path: str, document: Mapping[str, Any]) -> str:
        return path.rpartition("/")[2] if document else ""

    def read(self, body: bytes, slot: Slot) -> Inline:
        kind = string_at(body, slot.spans["kind"]).decode()
        return Inline(kind, pybase64.b64decode(string_at(body, slot.spans["bytes"])))

    def write(self, slot: Slot, media_type: str, data: bytes) -> Sequence[Replacement]:
        return [
            Replacement(slot.spans["kind"], orjson.dumps(media_type)),
            Replacement(slot.spans["bytes"], orjson.dumps(pybase64.b64encode(data).decode())),
        ]

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


def test_a_slot_that_cannot_be_read_or_written_is_a_failure_of_that_image_alone(gateway, upstream, postcard):
    class Smudged(Postcards):
        def read(self, body: bytes, slot: Slot) -> Inline:  # noqa: ARG002 - the seam
            raise ValueError("smudged")

    class Sealed(Postcards):
        def write(self, slot: Slot, *_: object) -> Sequence[Replacement]:  # noqa: ARG002 - the seam
            raise LookupError("sealed")

    for dialect, reason in ((Smudged(), "not_json"), (Sealed(), "internal")):
        answer = gateway(dialects=[dialect]).ask("POST", "/v1/postcards/tiny", postcard)

        assert (answer.status, answer.headers["x-jnd-reason"]) == (200, reason)
        assert upstream.last["body"] == postcard
