"""Where does the predictor, asked for a careful person, put the JND of JPEG? Against KonJND-1k's ranges.

Lin et al. (2022), six quiz references in ../shared/data: the range of quality factors within which a careful
person's JND was accepted. Nothing was trained on them. The predicted JND is the highest quality at which the
human-level-safe profile's jnd_ratio reaches 1; the constant of that profile stands beside it, because six
references can say little. Where the JPEG range of a reference is not given it is left out.

The last line is JSON. Takes a minute on one core.
"""

import argparse
import csv
import json
from pathlib import Path

import numpy as np
import torch
from scipy.stats import spearmanr

from calibration.image import decode, encode_jpeg, load
from calibration.profile import default_profile
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


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--artifact", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    predictor = Predictor.load(options.artifact)
    with (FOLDER / "human_jnd.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["codec"] == "JPEG"]
    low, high = (np.array([float(row[f"level_{end}"]) for row in rows]) for end in ("lo", "hi"))
    found = np.array([predicted_quality(predictor, FOLDER / row["reference"]) for row in rows])
    usual = 100.0 - float(default_profile().threshold_of("jpeg") or 0.0)
    middle = (low + high) / 2
    ranks = spearmanr(found, middle).statistic if len(rows) > 2 and np.ptp(found) else None
    figures = {
        "benchmark": "human_jnd",
        "artifact": predictor.version,
        "n": len(rows),
        "references": [row["reference"] for row in rows],
        "accepted_quality": [[float(one), float(other)] for one, other in zip(low, high, strict=True)],
        "predicted_quality": found.tolist(),
        "inside": int(((low <= found) & (found <= high)).sum()),
        "spearman": None if ranks is None else round(float(ranks), 3),
        "error_median": round(float(np.median(np.abs(found - middle))), 1),
        "error_median_of_the_constant": round(float(np.median(np.abs(usual - middle))), 1),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
