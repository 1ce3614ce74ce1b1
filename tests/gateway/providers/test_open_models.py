import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.providers.open_models import LongestEdge, NearestGrid, Pinpoints, RowsOfPatches, SmartResize
from gateway.providers.sizes import Size

SIDES = st.integers(1, 12_000)
QWEN = SmartResize(28, 3136, 12_845_056)
INTERNVL = NearestGrid(448, 12, 256)
ONEVISION = Pinpoints(384, 6, 729, 7290)
RULES = [
    QWEN,
    SmartResize(32, 65_536, 16_777_216),
    INTERNVL,
    ONEVISION,
    LongestEdge(1536, 384, 81, shown_edge=2048),
    LongestEdge(2048, 512, 64),
    RowsOfPatches(16, 1024),
    RowsOfPatches(28, 1540),
]


@given(rule=st.sampled_from(RULES), width=SIDES, height=SIDES)
def test_what_is_shown_is_no_larger_costs_no_more_and_is_shown_as_it_is(rule, width, height):
    size = Size(width, height)

    seen = rule.seen(size)

    assert seen.is_within(size)
    assert min(seen.width, seen.height) >= 1
    assert 1 <= rule.tokens(seen) <= rule.tokens(size)
    assert rule.seen(seen) == seen


@pytest.mark.parametrize("rule", [QWEN, INTERNVL, ONEVISION, LongestEdge(2048, 512, 64)])
def test_a_small_picture_that_is_enlarged_is_shown_at_its_own_size(rule):
    assert rule.seen(Size(300, 200)) == Size(300, 200)


def test_qwen_wastes_pixels_only_above_its_limit_and_then_shows_whole_cells():
    assert QWEN.seen(Size(4032, 3024)) == Size(4032, 3024)
    assert QWEN.seen(Size(1093, 1093)) == Size(1093, 1093)

    seen = QWEN.seen(Size(8000, 6000))

    assert (seen.width % 28, seen.height % 28) == (0, 0)
    assert 0.98 * 12_845_056 < seen.pixels <= 12_845_056


@pytest.mark.parametrize(
    ("size", "tokens"),
    [((448, 448), 256), ((800, 800), 256 * 5), ((1920, 1080), 256 * 9), ((4000, 1000), 256 * 5)],
)
def test_internvl_takes_the_grid_nearest_in_aspect(size, tokens):
    assert INTERNVL.tokens(Size(*size)) == tokens


def test_internvl_keeps_what_its_grid_shows():
    # 4 x 3 tiles of 448 take a picture of 4:3 whole.
    assert INTERNVL.seen(Size(4032, 3024)) == Size(1792, 1344)


@pytest.mark.parametrize(
    ("size", "tokens"), [((300, 300), 729 * 2), ((768, 768), 729 * 5), ((4000, 4000), 7290)]
)
def test_onevision_counts_canvas_and_whole_up_to_its_limit(size, tokens):
    assert ONEVISION.tokens(Size(*size)) == tokens


def test_onevision_shows_no_more_than_its_largest_canvas():
    assert ONEVISION.seen(Size(4608, 3456)) == Size(2304, 1728)


def test_smolvlm_costs_the_same_at_any_size_of_one_shape():
    rule = LongestEdge(1536, 384, 81)

    assert {rule.tokens(Size(4 * side, 3 * side)) for side in (50, 384, 1000)} == {81 * (4 * 3 + 1)}


def test_smolvlm_is_shown_the_longer_edge_where_sources_disagree():
    assert LongestEdge(1536, 384, 81, shown_edge=2048).seen(Size(4000, 3000)) == Size(2048, 1536)


def test_what_smolvlm_is_shown_costs_no_further_tile():
    rule = LongestEdge(2048, 512, 64)

    assert rule.seen(Size(4217, 1056)) == Size(2048, 512)
    assert rule.tokens(Size(2048, 512)) == rule.tokens(Size(4217, 1056)) == 64 * (4 * 1 + 1)


def test_pixtral_counts_rows_that_end_with_a_token():
    rule = RowsOfPatches(16, 1024)

    assert rule.tokens(Size(1024, 1024)) == 64 * 64 + 64
    assert rule.seen(Size(4032, 3024)) == Size(1024, 768)
