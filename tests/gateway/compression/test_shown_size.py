"""The planner for models whose input is not known, with a judge that minds quality alone."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from skimage import data as pictures
from sklearn.datasets import load_sample_image

from calibration.encoders import ENCODERS, JPEG, WEBP_LOSSLESS
from calibration.image import Image, decode, encode_jpeg, encode_png, resize
from calibration.profile import default_profile
from gateway.compression.job import Job
from gateway.compression.shown_size import STABLE, ShownSizePlanner
from gateway.providers.sizes import Size
from predictor.guarantees.margin import KeptRate, Margin
from predictor.guarantees.risk_control import RiskLimit

PHOTO = resize(Image(load_sample_image("china.jpg").copy()), 480, 320)
CAREFUL = Margin(
    [KeptRate(0.05, (RiskLimit(0.1, "expected", 0.05, None, 0.04, 100, {"photograph": 100}, "0" * 64),))]
)  # judged at .1, noticed by .05
PAGE = Image(np.repeat(pictures.page()[..., None], 3, axis=2))


@dataclass
class Judge:
    """Notices by the mean difference from the reference; forecasts one quality."""

    forecast_quality: int
    noticed: Callable[[float], float]
    compared: list[tuple[int, int]] = field(default_factory=list)
    has_thresholds: bool = True
    known_margin: Margin = field(default_factory=Margin)

    def margin(self, _profile: object, _codec: str) -> Margin:
        return self.known_margin

    def against(self, reference: Image, _profile: object) -> "Judge":
        self.reference = reference
        return self

    def excess(self, candidate: Image) -> float:
        self.compared.append((candidate.width, candidate.height))
        difference = candidate.pixels.astype(float) - self.reference.pixels
        return self.noticed(float(np.abs(difference).mean()))

    def forecast(self, _image: Image, _profile: object, _judge: object) -> "Judge":
        return self

    def knows(self, codec: str) -> bool:
        return codec in {"jpeg", "webp"}

    def quality(self, _codec: str, _short_side: int, _probability: float) -> int:
        return self.forecast_quality


def job(picture: Image, *, shown: Size | None = None, formats=("jpeg", "webp", "png"), data=None) -> Job:
    data = data or encode_png(picture)
    size = Size(picture.width, picture.height)
    return Job(
        decoded=decode(data),
        data=data,
        profile=default_profile(),
        formats=frozenset(formats),
        shown=shown or size,
        most=size,
        most_bytes=None,
        count_tokens=lambda _: 1,
        is_framed=False,
    )


def plan(judge: Judge, given: Job, formats=("jpeg",), **options):
    planner = ShownSizePlanner(judge, ENCODERS, 0.05, **({"stable": {}} | options))
    return list(planner.candidates(replace(given, formats=frozenset(formats)), given.shown))


def test_a_forecast_that_holds_is_encoded_once():
    judge = Judge(80, lambda _: 0.04)

    (found,) = plan(judge, job(PHOTO))

    assert (found.quality, found.probability) == (80, 0.04)
    assert len(judge.compared) == 1


def test_what_would_be_noticed_is_raised_twice_at_most():
    judge = Judge(60, lambda _: 0.5)

    assert plan(judge, job(PHOTO)) == []
    assert len(judge.compared) == 3


def test_where_a_little_more_quality_is_no_better_much_more_is_tried():
    chances = iter((0.06, 0.055, 0.01))
    judge = Judge(70, lambda _: next(chances))

    (found,) = plan(judge, job(PHOTO))

    assert found.quality is not None
    assert found.quality >= 77  # 70, then 72 or more, then thrice the step further
    assert found.probability == 0.01


def test_a_careful_forecast_is_lowered_as_long_as_that_is_allowed():
    judge = Judge(95, lambda difference: 0.001 if difference < 6.0 else 0.2)

    (found,) = plan(judge, job(PHOTO))

    assert found.quality < 95
    assert found.probability <= 0.05


def test_a_lower_quality_that_fails_leaves_the_one_that_passed():
    seen: list[float] = []

    def noticed(_: float) -> float:
        seen.append(0.0)
        return 0.001 if len(seen) == 1 else 0.9

    (found,) = plan(Judge(80, noticed), job(PHOTO))

    assert (found.quality, found.probability) == (80, 0.001)


def test_what_must_get_inside_is_judged_once_more_and_no_oftener():
    as_usual, brought = Judge(85, lambda _: 1.0), Judge(85, lambda _: 1.0)
    plan(as_usual, job(PHOTO))

    (found,) = plan(brought, replace(job(PHOTO), most_bytes=len(JPEG.encode(PHOTO, 50))))

    assert (found.quality, found.probability) == (50, 1.0)
    assert len(brought.compared) == len(as_usual.compared) + 1


def test_the_best_that_is_light_enough_is_taken_at_the_largest_size():
    sizes = {quality: len(JPEG.encode(PHOTO, quality)) for quality in (85, 70)}
    heavy = replace(job(PHOTO), most_bytes=sizes[70])

    (found,) = plan(Judge(85, lambda _: 1.0), heavy)

    assert (found.quality, found.size, len(found.data)) == (70, Size(480, 320), sizes[70])


def test_pairs_are_compared_at_the_size_shown():
    judge = Judge(80, lambda _: 0.04)
    shown = Size(240, 160)

    (found,) = plan(judge, job(PHOTO, shown=shown))

    assert (judge.reference.width, judge.reference.height) == (240, 160)
    assert judge.compared == [(240, 160)]
    assert (found.size, decode(found.data).image.width) == (shown, 240)


def test_photographs_are_webp_where_that_takes_little_time():
    def tried(picture: Image, formats=("jpeg", "webp"), **options) -> list[str]:
        return [found.format for found in plan(Judge(80, lambda _: 0.04), job(picture), formats, **options)]

    assert tried(PHOTO) == ["webp"]
    assert tried(resize(PHOTO, 1024, 1024)) == ["webp"]
    assert tried(PHOTO, ("jpeg",)) == ["jpeg"]
    assert tried(PHOTO, effort="fast") == ["jpeg"]
    assert tried(resize(PHOTO, 1280, 960)) == ["jpeg"]


@pytest.mark.parametrize("format_name", STABLE)
def test_no_quality_is_sent_at_which_answers_change(format_name: str):
    judge = Judge(60, lambda _: 0.0)

    (found,) = plan(judge, job(PHOTO), (format_name,), stable=STABLE)

    assert found.quality == STABLE[format_name]
    assert len(judge.compared) == 1


def test_of_very_large_pictures_eyes_alone_decide():
    (found,) = plan(Judge(60, lambda _: 0.04), job(resize(PHOTO, 2400, 1800)), stable=STABLE)

    assert found.quality == 60


def test_a_page_without_a_hue_is_webp_alone():
    given = job(PAGE, data=encode_jpeg(PAGE, 80), shown=Size(192, 96))

    found = plan(Judge(80, lambda _: 0.04), given, ("jpeg", "webp"))

    assert [(each.format, each.quality) for each in found if each.quality] == [("webp", 92)]


def test_text_keeps_its_colour_edges_and_a_high_quality():
    judge = Judge(40, lambda _: 0.0)

    (found,) = plan(judge, job(PAGE))

    assert found.format == "jpeg"
    assert found.quality >= 85
    assert decode(found.data).source.format == "jpeg"


def test_nothing_is_made_in_a_format_that_may_not_be_sent():
    assert plan(Judge(80, lambda _: 0.0), job(PHOTO), ("gif",)) == []


def test_codecs_are_those_of_the_table():
    planner = ShownSizePlanner(Judge(80, lambda _: 0.0), (JPEG, WEBP_LOSSLESS), 0.05)

    (found,) = planner.candidates(job(PHOTO), Size(480, 320))

    assert found.format == "jpeg"


@pytest.mark.parametrize("orientation", [1, 6, 8])
def test_a_turned_picture_is_encoded_as_it_is_stored(orientation: int):
    given = job(PHOTO, data=encode_jpeg(PHOTO, 95))
    source = replace(given.decoded.source, orientation=orientation)
    upright = Size(320, 480) if orientation != 1 else Size(480, 320)
    turned = replace(given, decoded=replace(given.decoded, source=source), shown=upright)

    (found,) = plan(Judge(80, lambda _: 0.04), turned)

    assert (decode(found.data).image.width, found.size) == (480, upright)


def test_a_margin_of_photographs_decides_in_place_of_the_judged_chance():
    (found,) = plan(Judge(80, lambda _: 0.09, known_margin=CAREFUL), job(PHOTO))

    assert found.quality == 80
    assert found.probability == pytest.approx(0.0447, abs=1e-4)
    assert plan(Judge(80, lambda _: 0.09), job(PHOTO)) == []


def test_a_margin_of_photographs_says_nothing_of_pages():
    assert plan(Judge(95, lambda _: 0.09, known_margin=CAREFUL), job(PAGE)) == []
