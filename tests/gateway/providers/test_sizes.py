import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.providers.rules import load_rules
from gateway.providers.sizes import Crops, Fixed, PaddedPatches, Patches, Size, Tiles

SIDES = st.one_of(st.integers(1, 20_000), st.integers(1, 40), st.integers(1, 100_000))
RULES = [
    Patches(32, 1.2, 2500, 2048),
    Patches(32, 1.62, 6144, 2048),
    Patches(32, 1.2, 1536),
    Patches(32, 1.2),
    Tiles(85, 170),
    PaddedPatches(28, 1568, 1568),
    PaddedPatches(28, 4784, 2576),
    Crops(384, 768, 258),
    Fixed(85, 512),
]


@given(rule=st.sampled_from(RULES), width=SIDES, height=SIDES)
def test_what_is_shown_is_no_larger_costs_no_more_and_is_shown_as_it_is(rule, width, height):
    size = Size(width, height)

    seen = rule.seen(size)

    assert seen.is_within(size)
    assert min(seen.width, seen.height) >= 1
    assert 1 <= rule.tokens(seen) <= rule.tokens(size)
    assert rule.seen(seen) == seen


@given(rule=st.sampled_from(RULES), width=st.integers(200, 9000), height=st.integers(200, 9000))
def test_the_aspect_ratio_is_kept_to_a_pixel(rule, width, height):
    size = Size(width, height)

    seen = rule.seen(size)

    scale = seen.longest / size.longest
    assert abs(seen.width - width * scale) <= 1
    assert abs(seen.height - height * scale) <= 1


def test_a_picture_thinner_than_a_patch_is_shortened_and_not_enlarged():
    rule = Patches(32, 1.2, 1536)

    assert rule.seen(Size(20, 65_500)) == Size(15, 49_152)
    assert rule.seen(Size(65_500, 2)) == Size(49_152, 2)
    assert rule.tokens(Size(20, 65_500)) == 1844  # 1,536 patches times the factor


@pytest.mark.parametrize(
    ("rule", "size", "tokens"),
    [
        (Patches(32, 1.0, 1536), (1800, 2400), 1452),  # OpenAI's own examples
        (Patches(32, 1.2, 2500, 2048), (1600, 1600), 3000),
        (Tiles(85, 170), (1024, 1024), 765),
        (Tiles(85, 170), (2048, 4096), 1105),
        (PaddedPatches(28, 1568, 1568), (200, 200), 64),  # Anthropic's sample rows
        (PaddedPatches(28, 1568, 1568), (1000, 1000), 1296),
        (PaddedPatches(28, 1568, 1568), (1092, 1092), 1521),
        (PaddedPatches(28, 4784, 2576), (1092, 1092), 1521),
        (Crops(384, 768, 258), (384, 384), 258),  # Gemini's
        (Crops(384, 768, 258), (960, 540), 1548),
    ],
)
def test_published_examples_come_out_exactly(rule, size, tokens):
    assert rule.tokens(Size(*size)) == tokens


# Tokens that the APIs returned for one image, less the 65 or 77 of the prompt for Claude; its rows above 2000
# pixels fit a client that shrinks first, and are left out.
MEASURED = {
    (256, 256): (77, 77, 77, 100, 100),
    (512, 512): (308, 308, 308, 361, 361),
    (768, 768): (692, 692, 692, 784, 784),
    (1024, 1024): (1229, 1229, 1229, 1369, 1369),
    (1280, 720): (1104, 1104, 1104, 1196, 1196),
    (1920, 1080): (2448, 2448, 2448, 2691, 1560),
    (1080, 1920): (2448, 2448, 2448, 2691, 1560),
    (2560, 1440): (4320, 2931, 4320, None, None),
    (3840, 2160): (9792, 2931, 9792, None, None),
    (4032, 3024): (14_364, 2942, 11_868, None, None),
}
ASKED = [
    ("openai", "gpt-6-astra", "auto"),
    ("openai", "gpt-6-astra", "high"),
    ("openai", "gpt-5.5", "auto"),
    ("anthropic", "claude-opus-5.5", ""),
    ("anthropic", "claude-haiku-4-5", ""),
]


@pytest.mark.parametrize("size", MEASURED)
def test_tokens_are_those_that_apis_were_measured_to_charge(size):
    rules = load_rules()

    for (provider, model, detail), tokens in zip(ASKED, MEASURED[size], strict=True):
        if tokens is not None:
            assert rules.of(provider).rule(model, detail).tokens(Size(*size)) == tokens, model
