import numpy as np
import pytest

from predictor.guarantees.conformal import calibrate
from predictor.residual.features import TileMeasures
from predictor.residual.strata import CONTAINERS, Codec, Strata, fit_strata

PNG = Codec(is_lossless=True)


def picture(noise):
    return TileMeasures(("noise_luma_10",), np.array([[noise]], dtype=np.float32))


def strata(lossless=(), fine=(), coarse=(), other=()):
    edges = zip(CONTAINERS, (lossless, fine, coarse, other), strict=True)
    return Strata({name: np.array(values, dtype=np.float32) for name, values in edges})


@pytest.mark.parametrize(
    ("codec", "container"),
    [
        (PNG, "lossless"),
        (Codec(is_lossless=False, jpeg_quality=95), "fine JPEG"),
        (Codec(is_lossless=False, jpeg_quality=89), "coarse JPEG"),
        (Codec(is_lossless=False), "other lossy"),
    ],
)
def test_the_container_is_read_from_the_codec(codec, container):
    assert codec.container == container


def test_noise_chooses_the_grade_within_a_container():
    three = strata(lossless=(-1.0, 1.0))

    assert [three.stratum_of(picture(noise), PNG) for noise in (-2, 0, 1, 9)] == [
        "lossless, quiet",
        "lossless, some noise",
        "lossless, noisy",
        "lossless, noisy",
    ]
    assert three.names[-1] == "other lossy, any noise"


def test_every_stratum_a_picture_can_have_is_named():
    two = strata(lossless=(-1.0, 1.0), fine=(0.0,), coarse=(0.0,))
    codecs = [PNG, *(Codec(is_lossless=False, jpeg_quality=quality) for quality in (95, 60, None))]

    met = {two.stratum_of(picture(noise), codec) for noise in np.linspace(-3, 3, 13) for codec in codecs}

    assert met == set(two.names)
    assert len(two.names) == 8


def test_fitted_grades_hold_equally_many_pictures_and_a_rare_container_is_not_cut():
    rng = np.random.default_rng(0)
    seen = [(picture(noise), PNG) for noise in rng.normal(size=900)]
    seen += [(picture(noise), Codec(is_lossless=False)) for noise in rng.normal(size=20)]

    fitted = fit_strata(seen, dict.fromkeys(CONTAINERS, 3))

    counts = np.unique([fitted.stratum_of(*one) for one in seen[:900]], return_counts=True)[1]
    assert counts == pytest.approx([300, 300, 300], abs=3)
    assert fitted.edges["other lossy"].size == 0


@pytest.mark.parametrize("edges", [(1.0, 0.0), (0.0, 1.0, 2.0)])
def test_edges_that_are_falling_or_too_many_are_refused(edges):
    with pytest.raises(ValueError, match="lossless"):
        strata(lossless=edges)


def test_missing_containers_are_refused():
    with pytest.raises(ValueError, match="fine JPEG"):
        Strata({"lossless": np.zeros(1, dtype=np.float32)})


def test_p_values_are_valid_in_every_stratum_where_one_common_threshold_is_not():
    """Benign scores rise with noise: simulated calibrations, fresh benign pictures judged by each."""
    rng = np.random.default_rng(3)
    edges = strata(lossless=(-0.4, 0.4))
    flags = {name: [] for name in edges.names[:3]}
    common = {name: [] for name in flags}

    def draw(count):
        noise = rng.normal(size=count)
        return [edges.stratum_of(picture(one), PNG) for one in noise], noise + rng.normal(size=count)

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
    assert np.mean(np.array(common["lossless, noisy"]) <= 0.05) > 0.08
