import numpy as np
import pytest

from calibration.image import Image, decode, encode_jpeg, encode_png, encode_webp
from predictor.guarantees.conformal import calibrate
from predictor.residual.strata import STRATA, Codec, codec_of

PNG = Codec(is_lossless=True)
WEBP = Codec(is_lossless=False)


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
    assert codec.stratum.startswith(f"{container},")


def test_every_stratum_is_met_by_some_file():
    image = Image(np.zeros((32, 32, 3), dtype=np.uint8))
    files = (encode_png(image), encode_jpeg(image, 95), encode_jpeg(image, 60), encode_webp(image, 80))

    met = [codec_of(decode(data).source).stratum for data in files]

    assert met == list(STRATA)


def test_p_values_are_valid_in_every_stratum_where_one_common_threshold_is_not():
    """Benign WebP scores higher: simulated calibrations, fresh benign pictures judged by each."""
    rng = np.random.default_rng(3)
    kinds = (PNG, WEBP)
    flags = {codec.stratum: [] for codec in kinds}
    common = {name: [] for name in flags}

    def draw(count):
        is_webp = rng.random(count) < 0.3
        names = [kinds[int(one)].stratum for one in is_webp]
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
    assert np.mean(np.array(common[WEBP.stratum]) <= 0.05) > 0.08
