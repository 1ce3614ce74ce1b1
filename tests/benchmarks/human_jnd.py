"""Where does the predictor, asked for a careful person, put the JND of JPEG? Against KonJND-1k's ranges.

Lin et al. (2022), six quiz references in ../shared/data: the range of quality factors within which a careful
person's JND was accepted. Nothing was trained on them. Predicted twice: by pairs, the highest quality at
which the human-level-safe profile's jnd_ratio reaches 1, and by the threshold predicted in one pass; the
constant of that profile stands beside them, because six references can say little. Where the JPEG range of a
reference is not given it is left out.

The last line is JSON. Takes a minute on one core.
"""

import argparse
import csv
import json
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr

from calibration.image import decode, encode_jpeg, load
from calibration.profile import default_profile
from predictor.one_thread import use_one_thread
from predictor.predict import Predictor

FOLDER = Path(__file__).parents[3] / "shared" / "data" / "photos" / "konjnd"
QUALITIES = tuple(range(97, 4, -4))


def predicted_quality(predictor: Predictor, path: Path) -> float:
    """Return the highest quality tried whose difference is at least one JND, between two tried."""
    reference = load(path)
    comparison = predictor.against(reference, default_profile())
    above = QUALITIES[0]
    for quality in QUALITIES:
        candidate = decode(encode_jpeg(reference, quality)).image
        if comparison.notice_each([candidate])[0].jnd_ratio >= 1.0:
            return (above + quality) / 2
        above = quality
    return float(QUALITIES[-1])


def forecast_quality(predictor: Predictor, path: Path) -> float:
    """Return the quality at the person's threshold as predicted in one pass, without trying any."""
    return float(predictor.thresholds(load(path), default_profile())["jpeg"].unit_value)


def agreement(found: np.ndarray, low: np.ndarray, high: np.ndarray) -> dict[str, object]:
    """Compare predicted qualities with the accepted ranges and their middles."""
    middle = (low + high) / 2
    ranks = spearmanr(found, middle).statistic if len(found) > 2 and np.ptp(found) else None
    return {
        "quality": found.round(1).tolist(),
        "inside": int(((low <= found) & (found <= high)).sum()),
        "spearman": None if ranks is None else round(float(ranks), 3),
        "error_median": round(float(np.median(np.abs(found - middle))), 1),
    }


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--artifact", type=Path)
    options = parser.parse_args()
    use_one_thread()
    predictor = Predictor.load(options.artifact)
    with (FOLDER / "human_jnd.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["codec"] == "JPEG"]
    low, high = (np.array([float(row[f"level_{end}"]) for row in rows]) for end in ("lo", "hi"))
    found = np.array([predicted_quality(predictor, FOLDER / row["reference"]) for row in rows])
    usual = 100.0 - float(default_profile().threshold_of("jpeg") or 0.0)
    middle = (low + high) / 2
    at_once = np.array([forecast_quality(predictor, FOLDER / row["reference"]) for row in rows])
    figures = {
        "benchmark": "human_jnd",
        "artifact": predictor.version,
        "n": len(rows),
        "references": [row["reference"] for row in rows],
        "accepted_quality": [[float(one), float(other)] for one, other in zip(low, high, strict=True)],
        "by_pairs": agreement(found, low, high),
        "by_thresholds": agreement(at_once, low, high),
        "error_median_of_the_constant": round(float(np.median(np.abs(usual - middle))), 1),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
