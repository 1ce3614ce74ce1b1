import re
from html import unescape

import numpy as np
import pytest
from skimage import data as pictures

from calibration.image import Image, encode_jpeg, encode_png
from gateway.compression.compressor import CompressionPlan
from gateway.estimate.estimator import Estimate, Sample, new_estimate
from gateway.estimate.page import difference_map, render_page
from gateway.estimate.totals import Outcome, Target
from gateway.providers.prices import Price

CAT = Image(np.ascontiguousarray(pictures.chelsea()[:200, :300]))
DEAR = Target("openai", "gpt-4o", Price(2.5, "a list", "2026-01-01"))
FREE = Target("other", "<mine>", None)


@pytest.fixture
def estimate() -> Estimate:
    original, sent = encode_png(CAT), encode_jpeg(CAT, 60)
    plan = CompressionPlan("jpeg", 60, 300, 200, len(original), len(sent), 400, 200, 0.01, "faithful", "")
    left = CompressionPlan("png", None, 9, 9, 100, 100, 70, 70, 0.0, "exact", "would lose <animation>")
    made = new_estimate((DEAR, FREE), "faithful")
    for target in made.targets:
        made.outcomes[target] = {b"a": Outcome("photograph", plan, 5.0), b"b": Outcome("animated", left, 1.0)}
    made.times.update({b"a": 3, b"b": 1})
    made.verdicts.update({b"a": "clean", b"b": "unchecked"})
    made.unreadable["url"] = 2
    made.keep(Sample("a <b> cat.png", "photograph", original, sent, plan))
    return made


def words(page: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", page)))


def test_the_page_tells_what_is_saved_by_model_and_class_and_what_is_left_alone(estimate: Estimate):
    told = words(render_page(estimate))

    assert "4 pictures (2 of them different)" in told
    assert "1,270 → 670" in told  # tokens: three times 400 → 200, once 70
    assert "price unknown" in told
    assert "would lose <animation>" in told
    assert "behind an address" in told
    assert "flagged 0 pictures as edited and could not judge 1" in told


def test_a_thousand_images_are_told_in_money(estimate: Estimate):
    assert "$0.79 $0.38" in words(render_page(estimate))  # 317.5 tokens each, of which 150 are saved


def test_the_page_loads_nothing_and_names_cannot_break_it(estimate: Estimate):
    page = render_page(estimate)

    assert set(re.findall(r'(?:src|href)="(\w+:)', page)) == {"data:"}
    assert "<script" not in page
    assert "<mine>" not in page
    assert "a &lt;b&gt; cat.png" in page


def test_a_picture_is_shown_as_it_came_as_it_is_sent_and_as_their_difference(estimate: Estimate):
    assert render_page(estimate).count("<img ") == 3


def test_only_the_most_telling_pictures_of_a_class_are_kept(estimate: Estimate):
    cat = estimate.samples["photograph"][0]
    for number in range(9):
        smaller = CompressionPlan("jpeg", 60, 1, 1, 1000, 999 - number, 1, 1, 0.0, "faithful", "")
        estimate.keep(Sample(f"{number}", "photograph", cat.original, cat.sent, smaller))

    assert [sample.name for sample in estimate.samples["photograph"]] == [cat.name, "8", "7"]


def test_the_map_is_black_where_nothing_changed_and_bright_where_much_did():
    changed = CAT.pixels.copy()
    changed[50:80, 60:90] = 255 - changed[50:80, 60:90]

    shown = difference_map(CAT, Image(changed)).pixels

    assert shown[:50].max() == 0
    assert shown[50:80, 60:90].mean() > 200


def test_a_smaller_picture_is_compared_at_its_own_size():
    half = Image(np.ascontiguousarray(CAT.pixels[::2, ::2]))

    assert difference_map(CAT, half).pixels.shape == half.pixels.shape
