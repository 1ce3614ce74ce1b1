"""psignifit and questplus on the same observers, in an environment of their own made for the occasion.

Both are under the GPL, so they are never installed beside the product: a virtual environment in a temporary
folder is made, asked as a subprocess and deleted. Where that cannot be done, the comparison is left out and
says why.
"""

import json
import subprocess
import tempfile
import venv
from pathlib import Path

import numpy as np
from recovery_observers import STRONGEST, ask_all, fit_all, summarise

from calibration.psychometric import PsychometricFunction

PACKAGES = ("psignifit==4.3", "questplus==2023.1")
SCRIPT = Path(__file__).with_name("recovery_rivals_gpl.py")
SECONDS = 56.0  # for one observer, both rivals together; what they finish counts


def compare(
    observers: dict[str, PsychometricFunction], runs: int, queries: int, seed: int
) -> dict[str, object]:
    """Return errors by observer and method, or why there are none."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            python = _make_environment(Path(folder))
            return {name: _compare_one(python, f, runs, queries, seed) for name, f in observers.items()}
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            detail = getattr(error, "stderr", "") or str(error)
            return {"missing": f"the environment of psignifit and questplus failed: {detail[-300:]}"}


def _make_environment(folder: Path) -> Path:
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    command = [str(python), "-m", "pip", "install", "--quiet", *PACKAGES]
    subprocess.run(command, check=True, capture_output=True, text=True, timeout=240)
    return python


def _compare_one(
    python: Path, function: PsychometricFunction, runs: int, queries: int, seed: int
) -> dict[str, object]:
    levels, said = ask_all(function, runs, queries, seed)
    job = {
        "seconds": SECONDS,
        "strongest": STRONGEST,
        "queries": queries,
        "seed": seed,
        "observer": {
            "threshold": function.threshold,
            "slope": function.slope,
            "guess_rate": function.guess_rate,
            "lapse_rate": function.lapse_rate,
        },
        "trials": [
            {"levels": at.tolist(), "said": [bool(yes) for yes in answers]}
            for at, answers in zip(levels, said, strict=True)
        ],
    }
    done = subprocess.run(
        [str(python), str(SCRIPT)],
        input=json.dumps(job),
        check=True,
        capture_output=True,
        text=True,
        timeout=4 * SECONDS,
    )
    answer = json.loads(done.stdout)
    fitted, placed = np.array(answer["psignifit"]), np.array(answer["questplus"])
    ours = [fit.function.threshold for fit in fit_all(levels, said)]
    covered = (fitted[:, 1] <= function.threshold) & (function.threshold <= fitted[:, 2])
    return {
        "ours": _error(np.array(ours), function.threshold),
        "psignifit_on_our_trials": {
            **_error(fitted[:, 0], function.threshold),
            "coverage": round(float(covered.mean()), 3),
        },
        "ours_on_the_same": summarise(function, fit_all(levels[: len(fitted)], said[: len(fitted)])).record(),
        "questplus": _error(placed, function.threshold),
    }


def _error(found: np.ndarray, threshold: float) -> dict[str, float]:
    ratio = found / threshold
    rmse = float(np.sqrt(np.mean((ratio - 1) ** 2)))
    return {"rmse": round(rmse, 4), "bias": round(float(ratio.mean() - 1), 4), "runs": len(found)}
