import numpy as np
import pytest
from PIL import Image as PillowImage
from skimage import data

from calibration.image import Image, decode, encode_jpeg, encode_png, encode_webp, quantize_palette
from predictor.guarantees.conformal import calibrate
from predictor.residual.features import choose_tiles
from predictor.residual.strata import STRATA, Codec, codec_of, has_few_colours, stratum_of

PNG = Codec(is_lossless=True)
WEBP = Codec(is_lossless=False)
PHOTOGRAPH = data.astronaut()[None, :96, :96]


@pytest.mark.parametrize(
    ("codec", "container"),
    [
        (PNG, "lossless"),
        (Codec(is_lossless=False, jpeg_quality=90), "fine JPEG"),
        (Codec(is_lossless=False, jpeg_quality=89), "coarse JPEG"),
        (WEBP, "other lossy"),
    ],
)
def test_the_container_is_read_from_the_codec(codec, container):
    assert codec.container == container
    assert stratum_of(codec, PHOTOGRAPH) == container


def test_every_stratum_is_met_by_some_file():
    image = Image(data.astronaut())
    jpegs = [encode_jpeg(image, quality) for quality in (95, 60)]
    few = encode_png(quantize_palette(image, 64))
    files = (encode_png(image), *jpegs, encode_webp(image, 80), few)

    decoded = [decode(file) for file in files]
    met = [stratum_of(codec_of(one.source), choose_tiles(one.image)) for one in decoded]

    assert met == list(STRATA)


def test_dither_has_few_colours_and_a_grey_photograph_has_not():
    picture = PillowImage.fromarray(data.astronaut())
    grey, one_bit, web = (np.asarray(picture.convert(mode).convert("RGB"))[None] for mode in "L1P")

    assert [has_few_colours(tiles) for tiles in (grey, one_bit, web)] == [False, True, True]


@pytest.mark.parametrize("quality", [60, 95])
def test_colours_sort_lossless_files_alone(quality):
    flat = np.zeros((1, 96, 96, 3), dtype=np.uint8)

    assert stratum_of(PNG, flat) == "few colours"
    assert stratum_of(Codec(False, quality), flat) != "few colours"


def test_p_values_are_valid_in_every_stratum_where_one_common_threshold_is_not():
    """Benign WebP scores higher: simulated calibrations, fresh benign pictures judged by each."""
    rng = np.random.default_rng(3)
    kinds = (PNG, WEBP)
    flags = {codec.container: [] for codec in kinds}
    common = {name: [] for name in flags}

    def draw(count):
        is_webp = rng.random(count) < 0.3
        names = [kinds[int(one)].container for one in is_webp]
        return names, is_webp + rng.normal(size=count)

    for _ in range(60):
        names, scores = draw(900)
        own = calibrate({name: scores[np.array(names) == name] for name in flags})
        pooled = calibrate({"all": scores})
        for name, score in zip(*draw(300), strict=True):
            flags[name].append(own.assured_p_value(score, name, 0.8))
            common[name].append(pooled.p_value(score, "all"))

    for alpha in (0.01, 0.05, 0.2):  # super-uniform: never above alpha, but for chance
        for p_values in flags.values():
            assert np.mean(np.array(p_values) <= alpha) <= alpha + 2.6 * np.sqrt(alpha / len(p_values))
    assert np.mean(np.array(common[WEBP.container]) <= 0.05) > 0.08
