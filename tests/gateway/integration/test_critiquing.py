"""`POST /v1/jnd/critique` as a client meets it; the judge of quality alone is stood in for."""

import time

import numpy as np
import orjson
import pybase64
import pytest

from calibration.image import Decoded, Image, encode_png
from gateway.looks import Looks
from predictor.critic.critique import Critique
from predictor.critic.file_critic import FileCritic
from predictor.critic.provenance import ProvenanceReader
from tests.predictor.critic.files import PLACE, packet
from tests.predictor.critic.files import png as with_metadata
from tests.predictor.critic.stand_in import StandInCritic

CRITIQUE = "/v1/jnd/critique"
JSON = {"content-type": "application/json"}
PARTS = {"looks": Looks(FileCritic(StandInCritic(), ProvenanceReader()))}


class SlowCritic(StandInCritic):
    def critique(self, decoded: Decoded) -> Critique:
        time.sleep(1.0)
        return super().critique(decoded)


@pytest.fixture
def server(gateway):
    return gateway(parts=PARTS)


def asked(server, image: bytes, **fields: object):
    url = f"data:image/png;base64,{pybase64.b64encode(image).decode()}"
    return server.ask("POST", CRITIQUE, orjson.dumps({"image": url} | fields), JSON)


def test_a_critique_tells_numbers_words_and_origin(server, upstream, inspector):
    image = with_metadata(xmp=packet(f'x:DigitalSourceType="{PLACE}trainedAlgorithmicMedia"'))

    answer = asked(server, image)

    fields = orjson.loads(answer.body)
    assert answer.status == 200
    assert fields["low"] <= fields["mos"] <= fields["high"]
    assert fields["worst_place"] == "upper left"
    assert "The upper left is " in fields["description"]
    assert "its file claims that it was generated" in fields["description"].lower()
    assert (fields["provenance"]["origin"], fields["provenance"]["trust"]) == ("generated", "claimed")
    assert fields["generated_probability"] is None
    assert (upstream.requests, inspector.tenants) == ([], [])


def test_an_image_may_come_as_it_is(server, png):
    answer = server.ask("POST", CRITIQUE, png, {"content-type": "image/png"})

    assert answer.status == 200
    assert 0 < orjson.loads(answer.body)["mos"] < 100


def test_the_answer_has_the_fields_that_are_described(server, png):
    description = orjson.loads(server.ask("GET", "/v1/jnd/openapi.json").body)

    fields = orjson.loads(asked(server, png).body)

    assert set(fields) == set(description["components"]["schemas"]["CritiqueAnswer"]["properties"])
    taken = description["paths"][CRITIQUE]["post"]
    assert taken["parameters"] == []
    assert "image/webp" in taken["requestBody"]["content"]


@pytest.mark.parametrize(
    "policy", [{"mode": "block"}, {"mode": "sanitize", "sanitize_when": "always"}, {"inspection": "off"}]
)
def test_the_image_is_judged_as_it_came_whatever_the_policy(gateway, inspector, png, policy):
    inspector.outcome = "imperceptible_edit"

    answers = [asked(gateway(parts=PARTS, policy=chosen), png) for chosen in ({}, policy)]

    plain, under_policy = (orjson.loads(answer.body) for answer in answers)
    assert plain["mos"] == under_policy["mos"]
    assert plain["description"] == under_policy["description"]


def test_an_artifact_without_a_judge_is_told(gateway, png):
    answer = asked(gateway(), png)

    assert (answer.status, answer.error["code"]) == (400, "no_critic")


@pytest.mark.parametrize(
    ("image", "code"),
    [
        (encode_png(Image(np.zeros((2, 2, 3), np.uint8))), "not_judged"),
        (b"\x89PNG\r\n\x1a\n nothing", "damaged"),
        (b"nothing", "unknown_format"),
        (b"", "empty"),
    ],
)
def test_what_cannot_be_judged_is_an_error_of_the_image(server, image, code):
    answer = asked(server, image)

    assert (answer.status, answer.error["code"], answer.error["param"]) == (400, code, "image")


def test_a_huge_image_is_refused_by_the_limits_of_the_proxy(gateway, png):
    answer = asked(gateway(parts=PARTS, limits={"max_pixels": 100}), png)

    assert (answer.status, answer.error["code"]) == (413, "too_many_pixels")


def test_a_judge_that_takes_too_long_is_not_waited_for(gateway, png):
    slow = {"looks": Looks(FileCritic(SlowCritic(), ProvenanceReader()))}

    answer = asked(gateway(parts=slow, limits={"image_seconds": 0.2}), png)

    assert (answer.status, answer.error["code"]) == (400, "timed_out")


def test_only_known_clients_may_ask_where_the_settings_say_so(gateway, png):
    server = gateway(parts=PARTS, clients=[{"name": "acme", "key": "k1"}], only_known_clients=True)

    assert asked(server, png).status == 401


def test_requests_are_counted(server, png):
    asked(server, png)

    assert server.settles_at('jnd_requests_total{dialect="jnd_critique",model="other",status="200"}', 1)
