"""Flagged images of live requests: kept as they came, told in headers, log and numbers."""

import hashlib
import json
import logging

import numpy as np
import orjson
import pytest

from calibration.image import encode_png
from gateway.review.filters import Filter
from gateway.review.store import ReviewStore


@pytest.fixture
def reviewed(gateway, inspector, tmp_path):
    """A gateway that flags everything and keeps it."""

    def start(**sections):
        inspector.outcome = "imperceptible_edit"
        review = {"store": "pictures", "directory": tmp_path / "review"} | sections.pop("review", {})
        return gateway(review=review, **sections)

    return start


def flags_in(folder) -> list:
    store = ReviewStore.open(folder / "review")
    found = store.find(Filter(), 99)
    store.close()
    return found


def test_a_flagged_image_is_kept_as_it_came_with_the_facts_of_its_request(
    reviewed, upstream, png, chat_body, tmp_path
):
    clients = [{"name": "shop", "key": "k" * 24}]
    server = reviewed(clients=clients)

    answer = server.chat(chat_body(png), authorization="Bearer " + "k" * 24, x_request_id="r-1")

    assert server.settles_at('jnd_review_flags_total{fate="kept"}', 1)
    (flag,) = flags_in(tmp_path)
    assert answer.headers["x-jnd-flag-id"] == flag.id
    assert answer.headers["x-jnd-flag-state"] in ("kept", "pending")
    assert flag.digest == hashlib.sha256(png).hexdigest()
    assert (flag.request.client, flag.request.model, flag.request.upstream) == ("shop", "m", "default")
    assert (flag.request.dialect, flag.request.request_id) == ("openai_chat", "r-1")
    assert (flag.kinds, flag.jnd_ratio, flag.explanation) == (("residual",), 0.5, "because the test says so")
    assert (flag.width, flag.height, flag.artifact, flag.action) == (128, 96, "a1", "monitor")
    assert orjson.loads(upstream.last["body"]), "what is sent on is lightened as ever"


def test_no_file_of_the_store_holds_a_key(reviewed, png, chat_body, tmp_path):
    server = reviewed()

    server.chat(chat_body(png), authorization="Bearer sk-very-secret")

    assert server.settles_at('jnd_review_flags_total{fate="kept"}', 1)
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert files and not [file for file in files if b"sk-very-secret" in file.read_bytes()]


def test_an_image_that_is_blocked_is_kept_and_its_id_told(reviewed, png, chat_body, tmp_path):
    server = reviewed(policy={"mode": "block"})

    answer = server.chat(chat_body(png))

    assert answer.status == 400
    assert server.settles_at('jnd_review_flags_total{fate="kept"}', 1)
    (flag,) = flags_in(tmp_path)
    assert (answer.headers["x-jnd-flag-id"], flag.action) == (flag.id, "block")
    assert "x-jnd-flags" not in answer.headers


def test_an_image_that_comes_again_is_another_flag_of_the_same_picture(reviewed, png, chat_body, tmp_path):
    server = reviewed()

    for _ in range(2):
        server.chat(chat_body(png))

    assert server.settles_at('jnd_review_flags_total{fate="kept"}', 2)
    first, second = flags_in(tmp_path)
    assert first.id != second.id and first.digest == second.digest


def test_of_several_images_each_flagged_one_has_an_id(reviewed, png, picture, chat_body, tmp_path):
    other = encode_png(type(picture)(np.ascontiguousarray(picture.pixels[::-1])))
    server = reviewed()

    answer = server.chat(chat_body(png, other))

    assert server.settles_at('jnd_review_flags_total{fate="kept"}', 2)
    assert set(answer.headers["x-jnd-flag-id"].split(",")) == {flag.id for flag in flags_in(tmp_path)}


def test_the_id_is_in_the_line_of_the_log(reviewed, png, chat_body, caplog):
    server = reviewed()

    with caplog.at_level(logging.INFO, "gateway.access"):
        answer = server.chat(chat_body(png))
        assert server.settles_at('jnd_review_flags_total{fate="kept"}', 1)

    lines = [json.loads(record.message) for record in caplog.records if record.name == "gateway.access"]
    assert lines[-1]["flag_ids"] == [answer.headers["x-jnd-flag-id"]]


def test_what_is_not_flagged_and_what_is_not_kept_has_no_id(gateway, inspector, png, chat_body, tmp_path):
    server = gateway(review={"store": "pictures", "directory": tmp_path / "review"})
    assert "x-jnd-flag-id" not in server.chat(chat_body(png)).headers
    inspector.outcome = "imperceptible_edit"

    answer = gateway().chat(chat_body(png))

    assert answer.headers["x-jnd-flags"] == "residual" and "x-jnd-flag-id" not in answer.headers
    assert flags_in(tmp_path) == []
