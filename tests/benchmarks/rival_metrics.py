"""FSIM, HaarPSI and SSIMULACRA2 on the pairs of `noticeability.py`, in an environment of their own.

piq (Apache-2.0) wants torchvision, which must not stand beside the product's torch; so a virtual
environment in a temporary folder is made, asked as a subprocess and deleted. FSIM and HaarPSI see every pair,
as it is and doubled in size; SSIMULACRA2, which is slow, the first `--slow` only. Where the environment
cannot be made, the record says why.

The last line is JSON. Takes about four minutes on one core, most of it the environment.
"""

import json
import subprocess
import tempfile
import venv
from pathlib import Path

import numpy as np
from held_out_pairs import ask_embedded, shared_options

from calibration.known_profiles import resolve_profile
from predictor.learning.dataset import PairSet
from predictor.learning.noticeability.evaluation import area_under_curve, measure_all, predict_pairs, psnr
from predictor.one_thread import use_one_thread
from predictor.predict import Predictor

PACKAGES = ("torch==2.13.0", "numpy", "scipy", "pillow", "ssimulacra2==0.3.0")
WITHOUT_DEPENDENCIES = ("piq==0.8.0",)
SCRIPT = Path(__file__).with_name("rival_metrics_piq.py")


def rival_scores(pairs: PairSet, slow: int) -> dict[str, np.ndarray]:
    """Return each metric's values, greater is more alike; SSIMULACRA2 of the first `slow` pairs.

    Raises:
        OSError, subprocess.SubprocessError: The environment could not be made, or a metric failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        python = _make_environment(Path(folder) / "environment")
        job, answer = Path(folder) / "pairs.npz", Path(folder) / "scores.npz"
        np.savez(job, references=pairs.references, distorted=pairs.distorted)
        command = [str(python), str(SCRIPT), str(job), str(answer), str(slow)]
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=1800)
        with np.load(answer, allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}


def main() -> None:
    """Run and print."""
    parser = shared_options(str(__doc__), pairs=1500, seed=20)
    parser.add_argument("--slow", type=int, default=200, help="pairs shown to SSIMULACRA2")
    options = parser.parse_args()
    use_one_thread()
    predictor, profile = Predictor.load(options.artifact), resolve_profile("embedded")
    pairs, _ = ask_embedded(options.pairs, options.seed)
    noticed = pairs.probabilities > 0.5
    ours = np.array([one.probability for one in predict_pairs(predictor, pairs, profile)])
    figures: dict[str, object] = {
        "benchmark": "rival_metrics",
        "artifact": predictor.version,
        "n_pairs": len(pairs),
        "auc": round(area_under_curve(noticed, ours), 4),
    }
    try:
        figures["rivals"] = _compare(noticed, ours, _with_psnr(pairs, rival_scores(pairs, options.slow)))
    except (OSError, subprocess.SubprocessError) as error:
        detail = getattr(error, "stderr", "") or str(error)
        figures["missing"] = f"the environment of piq and ssimulacra2 failed: {detail[-300:]}"
    print(json.dumps(figures))


def _with_psnr(pairs: PairSet, scores: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Put the best of the metrics of `noticeability.py` beside them, on the small sample too."""
    found = measure_all(pairs, psnr)
    small = min(map(len, scores.values()))
    return scores | {"psnr": found, "psnr of the small sample": found[:small]}


def _compare(noticed: np.ndarray, ours: np.ndarray, scores: dict[str, np.ndarray]) -> dict[str, object]:
    record: dict[str, object] = {}
    for name, score in scores.items():
        seen = noticed[: len(score)]
        auc = area_under_curve(seen, -score.astype(np.float64))
        margin = area_under_curve(seen, ours[: len(score)]) - auc
        record[name] = {"n": len(score), "auc": round(auc, 4), "margin": round(margin, 4)}
    return record


def _make_environment(folder: Path) -> Path:
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    install = [str(python), "-m", "pip", "install", "--quiet"]
    for packages in ((*PACKAGES,), ("--no-deps", *WITHOUT_DEPENDENCIES)):
        subprocess.run([*install, *packages], check=True, capture_output=True, text=True, timeout=600)
    return python


if __name__ == "__main__":
    main()
