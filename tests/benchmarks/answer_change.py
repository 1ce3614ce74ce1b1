"""Does the shipped predictor know which compressed pictures change a model's answer? One JSON line last.

Held-out photographs (of the last 300 of BIQ2021, Kodak 13-16, four of scikit-image) delivered at sixteen
rungs: JPEG 95 ... 10, WebP 90 ... 30, half and three quarters of the size; answered by SqueezeNet, which no
part of the artifact was trained on. BIQ2021 pictures are reduced by area first, so that their own JPEG grid
is gone; every picture arrives as JPEG 95. The predictor is not told the observer's input (it judges at 224
pixels). Beside it PSNR and SSIM at native size, SSIM at 224, and the rung alone, which is given the held-out
mean of each rung. "Confident": the margin of the original's answer exceeds .2.

Floors: AUC >= .80 over all pairs, >= .86 over confident ones. Needs ../shared/data. The observer's answers
take about a second of a core per picture; `--keep FILE` keeps them.
"""

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from answer_change_pictures import OBSERVER, SHARED, HeldOut, read_or_ask
from scipy.special import expit
from scipy.stats import beta, spearmanr

from predictor.answer_change.change import AnswerModel
from predictor.artifact import default_directory, read_part
from predictor.guarantees.risk_control import LossTable, RiskLimit, control_expected, control_surely
from predictor.learning.answer_change.policy import LIMITS, losses_by_limit, sent_versions
from predictor.learning.noticeability.evaluation import area_under_curve
from predictor.one_thread import use_one_thread

FLOOR_ALL, FLOOR_CONFIDENT = 0.80, 0.86
REPLICATES, SPLITS = 300, 100
ALPHA, DELTA = 0.1, 0.1


def predict(model: AnswerModel, found: HeldOut) -> Mapping[str, np.ndarray]:
    """Return every score of a version, (P, K); greater is riskier."""
    rows = [
        model.features_of(far, np.concatenate([original[None], views]))
        for original, views, far in zip(found.originals, found.versions, found.distances, strict=True)
    ]
    rungs = found.has_changed.mean(axis=0)
    return {
        "psnr native": -found.psnr,
        "ssim native": -found.ssim,
        "ssim 224": found.distances[..., 0].astype(np.float64),
        "rung alone": np.repeat(rungs[None], len(rows), axis=0),
        "ours": np.stack([model.heads.log_odds(one) for one in rows]),
        "ours, margin known": np.stack([
            model.heads.log_odds_known(one, np.full(len(one), margin, dtype=np.float32))
            for one, margin in zip(rows, found.margin, strict=True)
        ]),
    }  # fmt: skip


def interval(values: Callable[[np.ndarray], float], pictures: int) -> list[float]:
    """Bootstrap 95 % by picture."""
    rng = np.random.default_rng(0)
    drawn = []
    for _ in range(REPLICATES):
        try:
            drawn.append(values(rng.integers(pictures, size=pictures)))
        except ValueError:  # a draw without any changed answer
            continue
    return [round(float(one), 3) for one in np.quantile(drawn, (0.025, 0.975))]


def discrimination(found: HeldOut, scores: np.ndarray) -> dict:
    """AUC over all pairs and over confident ones, Spearman with ln KL; each with its interval."""

    def all_pairs(chosen: np.ndarray) -> float:
        return area_under_curve(found.has_changed[chosen].ravel(), scores[chosen].ravel())

    def confident(chosen: np.ndarray) -> float:
        return all_pairs(chosen[found.is_confident[chosen]])

    def spearman(chosen: np.ndarray) -> float:
        return float(spearmanr(scores[chosen].ravel(), found.divergence[chosen].ravel())[0])

    everything = np.arange(len(found.margin))
    return {
        name: {
            "value": round(figure(everything), 4),
            "interval": interval(figure, len(everything)),
        }
        for name, figure in (("auc", all_pairs), ("auc_confident", confident), ("spearman_kl", spearman))
    }


def rate(changed: int, total: int) -> dict:
    """Share with its Clopper-Pearson 95 % interval."""
    low = beta.ppf(0.025, changed, total - changed + 1) if changed else 0.0
    high = beta.ppf(0.975, changed + 1, total - changed) if changed < total else 1.0
    return {"rate": round(changed / total, 4), "interval": [round(float(low), 4), round(float(high), 4)]}


def sent(found: HeldOut, scores: np.ndarray, limit: float) -> tuple[np.ndarray, np.ndarray]:
    """Return for every photograph the share of bytes saved and whether its answer changed at one limit."""
    saved, changed = [], []
    for row, sizes, source, flips in zip(
        scores, found.size_bytes, found.source_bytes, found.has_changed, strict=True
    ):
        version = int(sent_versions(row, sizes.astype(float), float(source), np.array([limit]))[0])
        saved.append(0.0 if version < 0 else 1.0 - sizes[version] / source)
        changed.append(bool(version >= 0 and flips[version]))
    return np.array(saved), np.array(changed)


def at_limit(found: HeldOut, scores: np.ndarray, limit: float) -> dict:
    """Bytes saved and answers changed at one limit."""
    saved, changed = sent(found, scores, limit)
    sure = found.is_confident
    return {
        "saved": round(float(saved.mean()), 4),
        "changed": rate(int(changed.sum()), len(changed)),
        "changed_confident": rate(int(changed[sure].sum()), int(sure.sum())),
    }


def tuned_on_half(found: HeldOut, scores: np.ndarray, target: float) -> dict:
    """Tune the limit to a confident change rate on half the photographs, report the other half; mean."""
    limits = np.quantile(scores, np.linspace(0, 1, 60))
    table = [sent(found, scores, limit) for limit in limits]
    saved, changed = np.stack([one[0] for one in table]), np.stack([one[1] for one in table])  # (L, P)
    rng = np.random.default_rng(1)
    results = []
    for _ in range(SPLITS):
        half = rng.permutation(len(found.margin)) < len(found.margin) // 2
        tuned, tested = half & found.is_confident, ~half & found.is_confident
        kept = np.flatnonzero(changed[:, tuned].mean(axis=1) <= target)
        if kept.size:
            best = kept[saved[kept][:, half].mean(axis=1).argmax()]
            results.append((saved[best, ~half].mean(), changed[best, tested].mean()))
        else:
            results.append((0.0, 0.0))
    means = np.mean(results, axis=0)
    return {"saved": round(float(means[0]), 4), "changed_confident": round(float(means[1]), 4)}


def realised_risk(found: HeldOut, scores: np.ndarray) -> dict:
    """Calibrate promises on half the photographs, measure on the other half; over many splits."""
    chances = expit(scores)
    losses = np.stack([
        losses_by_limit(row, flips, sizes.astype(float), float(source))
        for row, flips, sizes, source in zip(
            chances, found.has_changed, found.size_bytes, found.source_bytes, strict=True
        )
    ])  # fmt: skip
    rng = np.random.default_rng(2)
    risks: dict[str, list[float]] = {"expected": [], "surely": []}
    for _ in range(SPLITS):
        half = rng.permutation(len(losses)) < len(losses) // 2
        table = LossTable(LIMITS, losses[half])
        for name, limit in (
            ("expected", control_expected(table, ALPHA)),
            ("surely", control_surely(table, ALPHA, DELTA)),
        ):
            at = None if limit.knob is None else int(np.searchsorted(LIMITS, limit.knob))
            risks[name].append(0.0 if at is None else float(losses[~half, at].mean()))
    return {
        "alpha": ALPHA,
        "delta": DELTA,
        "splits": SPLITS,
        "mean_risk": {name: round(float(np.mean(values)), 4) for name, values in risks.items()},
        "share_above_alpha": {
            name: round(float(np.mean(np.array(values) > ALPHA)), 3) for name, values in risks.items()
        },
    }


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=150, help="Of BIQ2021.")
    parser.add_argument("--keep", type=Path, help="File for the observer's answers.")
    parser.add_argument("--artifact", type=Path, default=default_directory())
    options = parser.parse_args()
    if not SHARED.exists():
        print(json.dumps({"benchmark": "answer_change", "skipped": "the data ../shared/data is missing"}))
        return 0
    use_one_thread()
    part = read_part(options.artifact, "answer_change")
    if any(OBSERVER in name for name in part.card["training"]["observers"]):
        raise SystemExit(f"expected an artifact trained without {OBSERVER}")
    found = read_or_ask(options.pictures, options.keep)
    scores = predict(AnswerModel.from_part(part), found)
    figures = {name: discrimination(found, one) for name, one in scores.items()}
    for name, one in figures.items():
        print(f"{name}: {one}", file=sys.stderr)
    ours = expit(scores["ours"])
    similar = {f"ssim 224 >= {limit}": at_limit(found, scores["ssim 224"], np.log(1 - limit + 1e-6))
               for limit in (0.995, 0.991, 0.98)}  # fmt: skip
    shipped = {}
    for card in part.card["risk_limits"]:
        limit = RiskLimit.from_card(card)
        name = f"shipped, {limit.promise} {limit.alpha:g}"
        shipped[name] = at_limit(found, ours, -1.0 if limit.knob is None else limit.knob)
    tuned = {name: tuned_on_half(found, scores[name], 0.01) for name in scores}
    best = figures["ours"]
    known = figures["ours, margin known"]
    floors = {
        "auc": best["auc"]["value"] >= FLOOR_ALL,
        "auc_confident": best["auc_confident"]["value"] >= FLOOR_CONFIDENT,
        "auc, margin known": known["auc"]["value"] >= FLOOR_ALL,
        "auc_confident, margin known": known["auc_confident"]["value"] >= FLOOR_CONFIDENT,
    }
    print(json.dumps({
        "benchmark": "answer_change", "observer": OBSERVER, "photographs": len(found.margin),
        "pairs": int(found.has_changed.size), "changed": round(float(found.has_changed.mean()), 4),
        "confident": round(float(found.is_confident.mean()), 4), "figures": figures,
        "sent": similar | shipped, "tuned_on_half_confident_1_percent": tuned,
        "risk_control": realised_risk(found, scores["ours"]), "floors": floors,
    }))  # fmt: skip
    return 0 if floors["auc"] and floors["auc_confident"] else 1


if __name__ == "__main__":
    sys.exit(main())
