import numpy as np
import pytest
from skimage import data

from calibration.image import Image, decode, encode_jpeg, resize
from calibration.observers.human import (
    CAREFUL_SCORE,
    FALSE_ALARM,
    JND_SCORE,
    LAPSE,
    SPREAD_OF_PICTURES,
    WIDTH,
    HumanObserver,
    notice_probability,
)
from calibration.observers.protocol import LocalModel, Observer, Query
from calibration.questions import (
    DIFFERENT_PROMPT,
    DIRECT_PROMPT,
    IDENTICAL_PROMPT,
    IMPLICIT_PROMPT,
    MULTIPLE_CHOICE_PROMPT,
    VIEWPOINT_PROMPT,
)
from calibration.replies.reader import read_reply

PHOTO = Image(np.ascontiguousarray(data.astronaut()[:96, 160:288]))
RUINED = decode(encode_jpeg(PHOTO, 1)).image
PROMPTS = (
    DIRECT_PROMPT.format(distortion="blur"),
    MULTIPLE_CHOICE_PROMPT.format(distortion="blur"),
    IMPLICIT_PROMPT,
    VIEWPOINT_PROMPT,
    IDENTICAL_PROMPT,
    DIFFERENT_PROMPT,
)


def test_half_notice_at_the_lab_s_jnd_and_one_in_twenty_where_careful_people_do():
    assert notice_probability(JND_SCORE) == pytest.approx(0.5)
    assert notice_probability(CAREFUL_SCORE) == pytest.approx(0.05)
    assert notice_probability(100.0) == 0.0
    assert notice_probability(-50.0) == pytest.approx(1.0, abs=1e-6)


def test_the_curve_is_wider_than_pictures_alone_would_make_it():
    assert WIDTH * np.pi / np.sqrt(3) > SPREAD_OF_PICTURES


@pytest.mark.parametrize("prompt", PROMPTS)
@pytest.mark.parametrize("pair", [(PHOTO, RUINED), (RUINED, PHOTO), (PHOTO, PHOTO)])
def test_it_answers_every_prompt_in_its_format(prompt: str, pair: tuple[Image, Image]):
    (reply,) = HumanObserver().ask([Query(prompt, pair, key="k")])

    answer = read_reply(reply.text, prompt)
    assert answer.reply_class == "correct"
    differs = pair[0] is not pair[1]
    assert answer.flag is (differs != (prompt == IDENTICAL_PROMPT))


def test_it_states_the_chance_of_the_affirmative_answer():
    observer = HumanObserver()
    queries = [Query(prompt, (PHOTO, RUINED), key="k") for prompt in (DIFFERENT_PROMPT, IDENTICAL_PROMPT)]

    different, identical = observer.ask(queries)

    assert different.probability == pytest.approx(1 - LAPSE, abs=1e-3)
    assert identical.probability == pytest.approx(LAPSE, abs=1e-3)


def test_identical_pictures_are_told_apart_as_often_as_false_alarms_happen():
    observer = HumanObserver()
    queries = [Query(DIFFERENT_PROMPT, (PHOTO, PHOTO), key=str(number)) for number in range(3000)]

    flags = [reply.text == "Yes" for reply in observer.ask(queries)]

    assert np.mean(flags) == pytest.approx(FALSE_ALARM, abs=0.01)


def test_answers_depend_on_the_key_and_not_on_the_batch():
    version = decode(encode_jpeg(PHOTO, 70)).image
    queries = [Query(DIFFERENT_PROMPT, (PHOTO, version), key=str(number)) for number in range(40)]

    together = [reply.text for reply in HumanObserver().ask(queries)]
    alone = [HumanObserver().ask([query])[0].text for query in reversed(queries)]

    assert together == alone[::-1]
    assert len(set(together)) == 2


def test_more_damage_is_noticed_more_surely_and_the_order_does_not_matter():
    observer = HumanObserver()
    versions = [decode(encode_jpeg(PHOTO, quality)).image for quality in (95, 75, 50, 25, 10)]

    chances = [observer.probability(PHOTO, version) for version in versions]

    assert chances == sorted(chances)
    assert chances == [observer.probability(version, PHOTO) for version in versions]


def test_pictures_of_two_sizes_are_compared_at_the_larger():
    small = resize(PHOTO, PHOTO.width // 4, PHOTO.height // 4, "area")
    observer = HumanObserver()

    assert observer.probability(PHOTO, small) == observer.probability(small, PHOTO)
    assert observer.probability(PHOTO, small) > 0.5


def test_pictures_too_small_for_all_scales_of_the_metric_are_compared_enlarged():
    black, white = (Image(np.full((3, 5, 3), value, np.uint8)) for value in (0, 255))

    assert HumanObserver().probability(black, white) > 0.9


def test_it_can_be_served_and_measured():
    assert isinstance(HumanObserver(), Observer)
    assert isinstance(HumanObserver(), LocalModel)
