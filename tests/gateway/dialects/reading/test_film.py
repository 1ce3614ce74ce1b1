import orjson
import pytest

from gateway.dialects.openai_chat import OpenAIChat
from gateway.dialects.reading.film import Frame
from tests.gateway.dialects.bodies import JPEG, base64, data_url, found, slots, with_every_picture

DIALECT = OpenAIChat()
FRAMES = f"data:video/jpeg;base64,{base64(JPEG)},{base64(JPEG)},{base64(JPEG)}"


def film(url: str) -> dict:
    return {"messages": [{"role": "user", "content": [{"type": "video_url", "video_url": {"url": url}}]}]}


def test_each_frame_of_a_film_is_a_picture():
    found_slots = slots(DIALECT, film(FRAMES))

    assert [slot.source.read().data for slot in found_slots] == [JPEG, JPEG, JPEG]
    assert all(isinstance(slot.source, Frame) for slot in found_slots)
    assert found_slots[2].where == "messages[0].content[0].video_url.url[2]"


def test_frames_stay_as_they_are_so_that_they_stay_alike():
    assert with_every_picture(DIALECT, film(FRAMES), "image/jpeg", b"another") == film(FRAMES)
    assert slots(DIALECT, film(FRAMES))[0].source.correct_type("image/png") == []


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("https://example.org/a.mp4", "video"),
        ("data:video/mp4;base64,AAAA", "video"),
        ("data:video/jpeg;base64,", "invalid"),
        (data_url(JPEG), "jpeg"),
    ],
)
def test_other_films_are_not_looked_into(url: str, reason: str):
    body = film(url)

    if reason == "invalid":
        assert [slot.source.read().data for slot in slots(DIALECT, body)] == [b""]
    else:
        assert list(found(DIALECT, body).values()) == [reason]


def test_frames_with_escapes_are_not_looked_into():
    body = b'{"messages": [{"content": [{"video_url": "data:video\\/jpeg;base64,AAAA,BBBB"}]}]}'

    assert found(DIALECT, body) == {"messages[0].content[0].video_url": "video"}


def test_frames_are_judged_and_sent_as_they_came(gateway, upstream, inspector, png):
    body = orjson.dumps(film(f"data:video/jpeg;base64,{base64(png)},{base64(JPEG)}"))

    answer = gateway().chat(body)

    assert answer.headers["x-jnd-verdict"] == "clean"
    assert answer.headers["x-jnd-bytes-saved"] == "0"
    assert len(inspector.tenants) == 2
    assert upstream.last["body"] == body
