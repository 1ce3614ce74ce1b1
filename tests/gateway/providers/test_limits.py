import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.providers.limits import LAST_STEP, NO_LIMITS, STEP_BYTES, Limits
from gateway.providers.rules import load_rules
from gateway.providers.sizes import Size

MEBIBYTE = 1024 * 1024
CLAUDE = load_rules().of("anthropic").limits("claude-sonnet-4-5")
GPT = load_rules().of("openai").limits("gpt-5.6")
SIDES = st.integers(1, 70_000)


@pytest.mark.parametrize(
    ("size", "images", "exceeded"),
    [
        ((8000, 8000), 1, []),
        ((8100, 1000), 1, ["side"]),
        ((1280, 8500), 1, ["side"]),
        ((2000, 2000), 21, []),
        ((2001, 900), 20, []),
        ((2001, 900), 21, ["side_of_many"]),
        ((900, 8100), 21, ["side", "side_of_many"]),
        ((100, 100), 101, ["images"]),
    ],
)
def test_claude_refuses_sides_and_fewer_pixels_above_twenty_images(size, images, exceeded):
    assert CLAUDE.exceeded(Size(*size), size_bytes=1000, images=images) == exceeded


def test_bytes_are_counted_as_base64_where_the_provider_does():
    most = CLAUDE.image_bytes()

    assert most is not None
    assert most < 4 * MEBIBYTE
    assert CLAUDE.exceeded(Size(9, 9), size_bytes=most) == []
    assert CLAUDE.exceeded(Size(9, 9), size_bytes=most + 1) == ["image_bytes"]
    assert CLAUDE.exceeded(Size(9, 9), size_bytes=25 * MEBIBYTE) == ["image_bytes", "request_bytes"]
    assert Limits(max_image_bytes=5).exceeded(Size(9, 9), size_bytes=5) == []


def test_a_step_bounds_pictures_further_but_never_less():
    tight = Limits(max_image_bytes=3 * MEBIBYTE // 4)

    assert (LAST_STEP, STEP_BYTES[0], STEP_BYTES[-1]) == (8, 2 * MEBIBYTE, 16 * 1024)
    assert [NO_LIMITS.image_bytes(step=step) for step in range(1, 9)] == list(STEP_BYTES)
    assert NO_LIMITS.image_bytes(step=0) is None
    assert [tight.image_bytes(step=step) for step in (0, 1, 2, 3)] == [786_432, 786_432, 786_432, 524_288]


def test_patches_and_aspect_are_limits_too():
    assert GPT.exceeded(Size(5536, 5536), size_bytes=1) == []
    assert GPT.exceeded(Size(5600, 5536), size_bytes=1) == ["patches"]
    assert load_rules().of("qwen").limits("qwen3-vl").exceeded(Size(2010, 10), size_bytes=1) == ["aspect"]


@given(limits=st.sampled_from([CLAUDE, GPT, NO_LIMITS]), width=SIDES, height=SIDES, images=st.integers(1, 50))
def test_what_is_fitted_is_inside_no_larger_and_left_alone_when_inside(limits, width, height, images):
    size = Size(width, height)

    fitted = limits.fitted(size, images=images)

    assert limits.exceeded(fitted, size_bytes=1, images=images) == []
    assert fitted.is_within(size)
    if limits.exceeded(size, size_bytes=1, images=images) == []:
        assert fitted == size


def test_fitting_keeps_the_aspect_and_as_much_as_it_may():
    assert CLAUDE.fitted(Size(16_000, 12_000)) == Size(8000, 6000)
    assert CLAUDE.fitted(Size(4000, 3000), images=21) == Size(2000, 1500)

    fitted = GPT.fitted(Size(8000, 6000))

    assert fitted.width / fitted.height == pytest.approx(4 / 3, abs=0.001)
    assert fitted.pixels > 0.99 * 30_000 * 32 * 32


def test_an_aspect_that_is_refused_cannot_be_brought_inside():
    qwen = Limits(max_aspect=200)

    assert qwen.fitted(Size(2010, 10)) == Size(2010, 10)


def test_a_request_crosses_one_step_and_counts_alike_on_either_side():
    assert [CLAUDE.step(images) for images in (1, 20, 21, 500)] == [0, 0, 1, 1]
    assert [CLAUDE.settled(images) for images in (1, 20, 21, 500)] == [1, 1, 21, 21]
    assert NO_LIMITS.settled(500) == 1


def test_the_stricter_of_two_limits_holds():
    one = Limits(max_side=8000, max_image_bytes=5_000_000, is_base64_counted=True, refused=frozenset({"gif"}))
    other = Limits(max_side=9000, max_image_bytes=4_000_000, max_patches=9, patch=16)

    for both in (one.stricter(other), other.stricter(one)):
        assert both.max_side == 8000
        assert both.image_bytes() == 3_750_000
        assert (both.max_patches, both.patch) == (9, 16)
        assert both.refused == {"gif"}


def test_an_animated_gif_is_refused_where_a_still_one_is_not():
    limits = load_rules().of("openai").limits("gpt-4o")

    assert limits.refuses("gif", frames=2)
    assert not limits.refuses("gif")
    assert not limits.refuses("webp", frames=2)
    assert load_rules().of("gemini").limits("gemini-3-pro").refuses("gif")
    assert load_rules().of("gemini").limits("nobody-knows").refuses("gif")
