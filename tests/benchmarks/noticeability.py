"""Does the shipped predictor know what the embedded model notices, better than PSNR, SSIM, MS-SSIM and GMSD?

Held-out photographs, never used for training by anyone: the last 300 of BIQ2021 and Kodak 13-16 in
../shared/data, and three of scikit-image (these alone where ../shared is missing). Every registered
distortion, levels log-uniform over 0.25 to 4 times the model's threshold, rendered at the model's input side,
so that native size and model's view are one. Metrics get their fair chance: RGB and luma, the pair as it is
and doubled in size, MS-SSIM with three scales where five do not fit; the best of them counts. A second
mixture (damage before the model's own resize, rescaling with a codec) is reported beside it, and so are the
pairs within half to twice the threshold, where the question is hard; floors are those of all pairs. The
calibration error (ece) is against the chance of one answer, the mean of what the observer states over both
polarities; beside it that against decisions, which was reported until the definition was changed. Speed is
that of one pair at one megapixel, for the embedded model and for one of unknown input, with the reference
fresh or seen before, and its ratio to one decode of the same picture by libjpeg-turbo. `zero_shot.py` asks
the same of observers the predictor never met.

The last line is JSON. Takes about three minutes on one core.
"""

import json
import time
from collections.abc import Callable, Mapping

import cv2
import numpy as np
import torch
from held_out_pairs import ask_embedded, shared_options
from skimage import data
from torchmetrics.functional.image import (
    multiscale_structural_similarity_index_measure,
    peak_signal_noise_ratio,
    structural_similarity_index_measure,
)

from calibration.image import Image, encode_jpeg
from calibration.known_profiles import resolve_profile
from calibration.profile import JndProfile
from predictor.learning.dataset import FAMILIES, PairSet
from predictor.learning.noticeability.evaluation import (
    area_under_curve,
    calibration_error,
    coverage,
    expected_brier,
    gmsd,
    predict_pairs,
)
from predictor.learning.noticeability.threshold_error import identical_pairs, threshold_errors
from predictor.one_thread import use_one_thread
from predictor.predict import Predictor

FLOOR, MARGIN, MILLISECONDS = 0.96, 0.03, 12.0
REPLICATES = 500
_LUMA = torch.tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)

Metric = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def metrics() -> Mapping[str, Metric]:
    """Every metric in every variant: greater is more alike."""

    def five_scales(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        return multiscale_structural_similarity_index_measure(first, second, data_range=1.0, reduction="none")

    def three_scales(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        weights = np.array([0.0448, 0.2856, 0.3001])
        betas = tuple((weights / weights.sum()).tolist())
        return multiscale_structural_similarity_index_measure(
            first, second, data_range=1.0, kernel_size=7, sigma=1.0, betas=betas, reduction="none"
        )

    def ssim(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        return structural_similarity_index_measure(first, second, data_range=1.0, reduction="none")

    def psnr(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        return peak_signal_noise_ratio(first, second, data_range=1.0, reduction="none", dim=(1, 2, 3))

    return {
        "psnr rgb": psnr,
        "psnr luma": lambda a, b: psnr(luma(a), luma(b)),
        "ssim rgb": ssim,
        "ssim luma": lambda a, b: ssim(luma(a), luma(b)),
        "ssim rgb doubled": lambda a, b: ssim(doubled(a), doubled(b)),
        "ms_ssim rgb three scales": three_scales,
        "ms_ssim luma three scales": lambda a, b: three_scales(luma(a), luma(b)),
        "ms_ssim rgb doubled": lambda a, b: five_scales(doubled(a), doubled(b)),
        "ms_ssim luma doubled": lambda a, b: five_scales(doubled(luma(a)), doubled(luma(b))),
        "gmsd": similar_gradients,
        "gmsd doubled": lambda a, b: similar_gradients(doubled(a), doubled(b)),
    }


def luma(pictures: torch.Tensor) -> torch.Tensor:
    """Weigh the channels."""
    return (pictures * _LUMA).sum(dim=1, keepdim=True)


def doubled(pictures: torch.Tensor) -> torch.Tensor:
    """Double both sides, or more of very small pictures: five scales of MS-SSIM need 161 pixels."""
    factor = max(2, -(-161 // min(pictures.shape[2:])))
    return torch.nn.functional.interpolate(pictures, scale_factor=factor, mode="bicubic").clamp(0, 1)


def similar_gradients(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Return GMSD (Xue et al., 2014), its sign turned."""
    pictures = [(batch.permute(0, 2, 3, 1) * 255).round().byte().numpy() for batch in (first, second)]
    return torch.tensor([-gmsd(Image(one), Image(other)) for one, other in zip(*pictures, strict=True)])


def measure(pairs: PairSet, metric: Metric) -> np.ndarray:
    """Apply a metric to every pair."""
    found = []
    for start in range(0, len(pairs), 32):
        first, second = (
            torch.from_numpy(pixels[start : start + 32]).permute(0, 3, 1, 2).float() / 255
            for pixels in (pairs.references, pairs.distorted)
        )
        found.append(torch.nan_to_num(metric(first, second).flatten(), posinf=100.0))
    return torch.cat(found).numpy()


def bootstrap(photos: np.ndarray, statistic: Callable[[np.ndarray], float]) -> list[float]:
    """Return a 95 % interval, photographs drawn with replacement."""
    rng = np.random.default_rng(0)
    members = [np.flatnonzero(photos == name) for name in np.unique(photos)]
    values = []
    for _ in range(REPLICATES):
        drawn = np.concatenate([members[index] for index in rng.integers(len(members), size=len(members))])
        try:
            values.append(statistic(drawn))
        except ValueError:
            continue  # one kind of answer only
    return [round(float(value), 4) for value in np.quantile(values, [0.025, 0.975])]


def judge(predictor: Predictor, pairs: PairSet, profile: JndProfile) -> dict[str, object]:
    """Measure predictor and metrics on the same pairs."""
    found = predict_pairs(predictor, pairs, profile)
    chances = np.array([one.probability for one in found])
    answered = pairs.probabilities.astype(np.float64)
    noticed = answered > 0.5
    scores = {name: -measure(pairs, metric) for name, metric in metrics().items()}  # greater: more different
    baselines = {name: area_under_curve(noticed, score) for name, score in scores.items()}
    best = max(baselines, key=lambda name: baselines[name])
    auc = area_under_curve(noticed, chances)

    def area(drawn: np.ndarray) -> float:
        return area_under_curve(noticed[drawn], chances[drawn])

    def margin(drawn: np.ndarray) -> float:
        return area(drawn) - area_under_curve(noticed[drawn], scores[best][drawn])

    near = near_threshold(pairs, profile)
    by_distortion = {}
    for family, name in enumerate(FAMILIES):
        chosen = (pairs.families == family) & (pairs.levels > 0)
        if len(set(noticed[chosen].tolist())) == 2:
            by_distortion[name] = round(area_under_curve(noticed[chosen], chances[chosen]), 3)
    return {
        "n_pairs": len(pairs),
        "n_photographs": len(np.unique(pairs.photos)),
        "share_noticed": round(float(noticed.mean()), 3),
        "auc": round(auc, 4),
        "auc_95": bootstrap(pairs.photos, area),
        "best_baseline": best,
        "margin": round(auc - baselines[best], 4),
        "margin_95": bootstrap(pairs.photos, margin),
        "within_half_to_twice_the_threshold": hard_pairs(noticed, near, chances, scores),
        "brier": round(expected_brier(answered, chances), 4),
        "ece": round(calibration_error(answered, chances), 4),
        "ece_of_decisions": round(calibration_error(noticed.astype(float), chances), 4),
        "threshold_error_median": threshold_error(pairs, chances),
        "coverage_95": round(coverage(found, answered), 4),
        "baselines": {name: round(value, 4) for name, value in baselines.items()},
        "by_distortion": by_distortion,
    }


def threshold_error(pairs: PairSet, chances: np.ndarray) -> float | None:
    """Return the median over distortions of |ln(predicted / answered)|."""
    errors = threshold_errors(pairs, chances, FAMILIES, identical=identical_pairs(pairs))
    return round(float(np.median(np.abs(list(errors.values())))), 4) if errors else None


def near_threshold(pairs: PairSet, profile: JndProfile) -> np.ndarray:
    """Choose single distortions between half and twice the model's threshold."""
    thresholds = np.array([profile.threshold_of(name) or np.nan for name in FAMILIES])
    ratios = np.where(pairs.families >= 0, pairs.levels / thresholds[pairs.families], np.nan)
    return (ratios >= 0.5) & (ratios <= 2.0)


def hard_pairs(
    noticed: np.ndarray, near: np.ndarray, chances: np.ndarray, scores: Mapping[str, np.ndarray]
) -> dict[str, object]:
    """Compare where the question is hard."""
    if len(set(noticed[near].tolist())) < 2:
        return {"n_pairs": int(near.sum())}
    baselines = {name: area_under_curve(noticed[near], score[near]) for name, score in scores.items()}
    best = max(baselines, key=lambda name: baselines[name])
    auc = area_under_curve(noticed[near], chances[near])
    return {
        "n_pairs": int(near.sum()),
        "auc": round(auc, 4),
        "best_baseline": best,
        "margin": round(auc - baselines[best], 4),
    }


def milliseconds(work: Callable[[], object], repeats: int = 15) -> float:
    """Time on one core; the median."""
    times = []
    for _ in range(repeats):
        started = time.process_time()
        work()
        times.append(time.process_time() - started)
    return round(1000 * float(np.median(times)), 2)


def speed(predictor: Predictor, profiles: Mapping[str, JndProfile]) -> dict[str, float]:
    """Time one pair at one megapixel for each model, and one decode of the picture."""
    photo = Image(np.ascontiguousarray(np.tile(data.astronaut(), (2, 2, 1))))
    rng = np.random.default_rng(0)
    noise = rng.integers(-6, 7, photo.pixels.shape)
    noisy = Image(np.clip(photo.pixels.astype(int) + noise, 0, 255).astype(np.uint8))
    jpeg = np.frombuffer(encode_jpeg(photo, 90), np.uint8)
    decoding = milliseconds(lambda: cv2.imdecode(jpeg, cv2.IMREAD_COLOR))
    found = {"decode": decoding}
    for name, profile in profiles.items():
        found[name] = milliseconds(lambda profile=profile: predictor.notice(photo, noisy, profile))
        comparison = predictor.against(photo, profile)
        found[f"{name}, same reference"] = milliseconds(
            lambda comparison=comparison: comparison.notice_each([noisy])
        )
        found[f"{name} over decode"] = round(found[name] / decoding, 2)
    return found


def main() -> None:
    """Run and print."""
    options = shared_options(str(__doc__), pairs=3000, seed=20).parse_args()
    use_one_thread()
    predictor, profile = Predictor.load(options.artifact), resolve_profile("embedded")
    singles, others = ask_embedded(options.pairs, options.seed)
    figures = {"benchmark": "noticeability", "profile": profile.source, "artifact": predictor.version}
    figures |= judge(predictor, singles, profile)
    figures["before_the_models_resize"] = judge(predictor, others, profile)
    times = speed(predictor, {"known input": profile, "unknown input": resolve_profile("unknown")})
    figures["milliseconds_1mp"] = times
    floors = {
        "auc": float(str(figures["auc"])) >= FLOOR,
        "margin": float(str(figures["margin"])) >= MARGIN,
        "ece": float(str(figures["ece"])) <= MARGIN,
        "speed, known input": times["known input"] <= MILLISECONDS,
        "speed, unknown input": times["unknown input"] <= MILLISECONDS,
    }
    print(json.dumps(figures | {"floors": floors}))


if __name__ == "__main__":
    main()
