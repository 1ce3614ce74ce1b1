import math
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image as PillowImage
from PIL import ImageDraw, ImageFont
from sklearn.datasets import load_sample_image

from calibration.image import Image, decode, encode_png, resize
from calibration.profile import default_profile
from gateway.compression.job import Job
from gateway.compression.letters import letter_height
from gateway.compression.resolution_ladder import (
    LEAST_LETTER,
    LEAST_SCALE,
    LEAST_SIDE,
    MOST_CHANGED,
    at_least_size,
    rungs,
)
from gateway.providers.rules import load_rules
from gateway.providers.sizes import Size
from predictor.answer_change.fine_detail import change_probabilities

PHOTO = resize(Image(load_sample_image("china.jpg").copy()), 600, 400)
SOFT = resize(resize(PHOTO, 150, 100), 600, 400)
NOISE = Image(np.random.default_rng(3).integers(0, 256, (400, 600, 3), dtype=np.uint8))
PATCHES = [("anthropic", "claude-sonnet-4-5"), ("openai", "gpt-5.4"), ("qwen", "qwen2.5-vl-72b")]
SIZES = [Size(460, 460), Size(768, 512), Size(1000, 700), Size(4000, 3000), Size(300, 1400)]


def cells(size: Size) -> int:
    """Count patches of 28 pixels, as Claude does."""
    return math.ceil(size.width / 28) * math.ceil(size.height / 28)


def job(picture: Image, **changes: object) -> Job:
    data = encode_png(picture)
    size = Size(picture.width, picture.height)
    made = Job(
        decoded=decode(data),
        data=data,
        profile=default_profile(),
        formats=frozenset({"jpeg", "png"}),
        shown=size,
        most=size,
        most_bytes=None,
        count_tokens=cells,
        is_framed=False,
    )
    return replace(made, **changes)


def page(size: int) -> Image:
    sheet = PillowImage.new("RGB", (800, 1100), "white")
    pen = ImageDraw.Draw(sheet)
    for line in range(int(1000 / (1.6 * size))):
        words = "more courses on assurance " * 3
        pen.text((30, 20 + 1.6 * size * line), words, fill=(20, 20, 20), font=ImageFont.load_default(size))
    return Image(np.asarray(sheet))


@pytest.mark.parametrize(("provider", "model"), PATCHES)
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_every_rung_costs_less_than_all_that_is_larger(provider: str, model: str, size: Size):
    rule = load_rules().of(provider).rule(model)
    shown = rule.seen(size)

    found = rungs(shown, rule.tokens)

    costs = [rule.tokens(each) for each in (shown, *found)]
    assert len(found) > 5
    assert costs == sorted(set(costs), reverse=True)
    assert all(each.is_within(shown) for each in found)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_shapes_stay_and_nothing_falls_below_half_or_below_the_least_side(size: Size):
    for each in rungs(size, cells):
        across, down = each.width / size.width, each.height / size.height

        rounding = 1 / min(each.width, each.height)
        assert across / down == pytest.approx(1, abs=0.01 + rounding)
        assert max(across, down) >= LEAST_SCALE - 0.001
        assert min(each.width, each.height) >= LEAST_SIDE * 0.99


def test_a_square_ends_on_the_grid_without_padding():
    found = rungs(Size(460, 460), cells)

    assert Size(448, 448) in found  # 16 patches across and down, where 460 pay for 17
    assert Size(392, 392) in found


def test_where_sizes_cost_the_same_there_is_no_ladder():
    assert rungs(Size(1000, 700), lambda _: 258) == []
    assert at_least_size(job(SOFT, count_tokens=lambda _: 258), Size(600, 400)) is None


@pytest.mark.parametrize(("cost", "is_taken"), [(86, False), (84, True)])
def test_a_picture_is_not_resampled_for_a_few_tokens(cost: int, is_taken: bool):
    found = at_least_size(
        job(SOFT, count_tokens=lambda size: 100 if size.width == 600 else cost), Size(600, 400)
    )

    assert (found is not None) is is_taken


def test_a_soft_photograph_goes_further_down_than_a_sharp_one_and_noise_stays():
    soft, sharp, noise = (at_least_size(job(each), Size(600, 400)) for each in (SOFT, PHOTO, NOISE))

    assert soft is not None
    assert noise is None
    assert soft.shown.pixels < (Size(600, 400) if sharp is None else sharp.shown).pixels


def test_the_size_chosen_is_the_smallest_at_which_answers_are_predicted_to_stay():
    given = rungs(Size(600, 400), cells)

    least = at_least_size(job(SOFT), Size(600, 400))

    chances = change_probabilities(SOFT, [min(each.width / 600, each.height / 400) for each in given])
    stay = [each for each, chance in zip(given, chances, strict=True) if chance <= MOST_CHANGED]
    assert least is not None
    assert least.shown == stay[-1]


def test_a_frame_that_coordinates_are_told_of_stays():
    assert at_least_size(job(SOFT, is_framed=True), Size(600, 400)) is None


def test_letters_are_kept_tall_enough_and_small_ones_as_they_are():
    tall, small = page(60), page(16)
    height = letter_height(tall)

    least = at_least_size(job(tall), Size(800, 1100))

    assert height is not None
    assert least is not None
    assert height * least.shown.height / 1100 >= LEAST_LETTER * 0.98
    assert at_least_size(job(small), Size(800, 1100)) is None


def test_what_is_reduced_is_what_would_be_shown_by_lanczos_kernel():
    least = at_least_size(job(SOFT, shown=Size(500, 333)), Size(500, 333))

    assert least is not None
    found = least.stored_at(least.shown)
    expected = resize(job(SOFT).stored_at(Size(500, 333)), least.shown.width, least.shown.height, "lanczos")
    assert np.array_equal(found.pixels, expected.pixels)


def test_a_picture_on_its_side_is_reduced_the_way_it_is_stored():
    turned = job(SOFT)
    source = replace(turned.decoded.source, orientation=6)
    turned = replace(turned, decoded=replace(turned.decoded, source=source))

    least = at_least_size(turned, Size(400, 600))

    assert least is not None
    found = least.stored_at(least.shown)
    assert (found.width, found.height) == (least.shown.height, least.shown.width)
