import numpy as np
import pytest
from skimage import data

from calibration.image import Image, decode
from gateway.detection.heat_map import draw_heat_map, evidence_maps, heat_map_png, together
from gateway.detection.verdict import Evidence, conclude

PHOTOGRAPH = Image(data.chelsea())  # 451 x 300
LOWER_LEFT = (0, 200, 120, 300, 1.0)
UPPER_RIGHT = (330, 0, 451, 90, 0.6)


def found(kind="residual", boxes=(LOWER_LEFT,), p_value=0.001):
    return Evidence(kind, 3.0, p_value, None, "Noise.", boxes=boxes, is_attack=p_value is None)


def colourfulness(picture):
    return np.ptp(picture.pixels.astype(int), axis=2)


def test_colour_lies_where_the_evidence_does_and_the_rest_is_grey():
    shown = draw_heat_map(PHOTOGRAPH, conclude([found()], alpha=0.01))

    scale = shown.width / PHOTOGRAPH.width
    colour = colourfulness(shown)[: int(300 * scale)]
    assert colour[int(230 * scale) : int(280 * scale), : int(90 * scale)].mean() > 60
    assert colour[: int(150 * scale)].max() == 0


def test_there_is_a_map_for_each_kind_and_one_together():
    maps = evidence_maps([found(), found("alpha", (UPPER_RIGHT,), None)], 451, 300)

    assert [each.kind for each in maps] == ["residual", "alpha"]
    assert [each.weights.shape for each in maps] == [(19, 29)] * 2
    assert [each.words for each in maps] == ["mostly at the lower left", "mostly at the upper right"]
    assert together(maps, 451, 300).max() == 1.0
    assert together(maps, 451, 300)[2, 25] == pytest.approx(0.6)


def test_a_rule_about_the_file_has_no_place_and_is_named_beneath():
    verdict = conclude([found("container", (), None)], alpha=0.01)

    shown = draw_heat_map(PHOTOGRAPH, verdict)

    scale = shown.width / PHOTOGRAPH.width
    assert colourfulness(shown)[: int(300 * scale)].max() == 0
    assert shown.height > 300 * scale + 40
    assert shown.pixels[int(300 * scale) + 2 :].max() > 200  # letters


def test_only_what_was_flagged_is_painted_beside_what_was_not():
    innocent = found("near_duplicate", (UPPER_RIGHT,), 0.8)

    shown = draw_heat_map(PHOTOGRAPH, conclude([found(), innocent], alpha=0.01))

    assert colourfulness(shown)[:60, -60:].max() == 0


@pytest.mark.parametrize("shape", [(1, 1), (3, 900), (2000, 40), (48, 48)])
def test_every_shape_can_be_painted_and_read_again(shape):
    picture = Image(np.full((*shape, 3), 90, np.uint8))
    verdict = conclude([found(boxes=((0, 0, shape[1], shape[0], 1.0),))], alpha=0.01)

    again = decode(heat_map_png(picture, verdict)).image

    assert max(again.width, again.height - 200) <= 1024 + 200
