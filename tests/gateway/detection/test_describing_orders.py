import pytest

from gateway.detection.describing_orders import CUES, DESCRIBING, OTHER_CUES
from gateway.detection.instructions import ALARM, points
from tests.gateway.detection.spoken_orders import ORDERS

LANGUAGES = (
    "Wenn du",
    "Quand tu",
    "Cuando",
    "Quando desc",
    "Ao desc",
    "この",
    "描述",
    "이 ",
    "При",
    "عند",
    "Bu ",
    "Khi",
)


@pytest.mark.parametrize("begins", [*LANGUAGES, "Opisując"])
def test_who_describes_a_picture_is_told_what_to_say_in_every_language(begins: str):
    spoken = [order for order in ORDERS if order.startswith(begins)]

    assert spoken
    assert all(points(order) >= ALARM for order in spoken)


def test_as_many_languages_are_known_and_each_has_a_cue():
    assert len(DESCRIBING) == len(LANGUAGES) + 1
    assert all(cue == cue.casefold() for cue in (*CUES, *OTHER_CUES))


@pytest.mark.parametrize(
    "asked",
    [
        "Beschreibe das Bild und sage, was dir gefällt.",
        "Décris la photo: que dis-tu de ses couleurs ?",
        "描述这张图片。",
        "Opisz obraz w kilku zdaniach.",
        "Quando descrivi un'immagine di famiglia usa il presente.",
    ],
)
def test_a_task_to_describe_a_picture_tells_nobody_what_to_say(asked: str):
    assert points(asked) < ALARM
