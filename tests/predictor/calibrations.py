"""Make calibration folders without asking anybody: trials of a made-up model, at the sizes really shown."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from calibration.directory import SessionRecord
from calibration.image import Image, encode_png
from calibration.profile import default_profile
from calibration.session.references import References, render_pair
from calibration.stimuli.registry import DISTORTIONS
from calibration.trials import Stimulus, Trial


def write_pictures(folder: Path, pictures: dict[str, np.ndarray]) -> Path:
    """Store pictures as PNG, uint8 (H, W, 3)."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, pixels in pictures.items():
        (folder / name).write_bytes(encode_png(Image(np.ascontiguousarray(pixels))))
    return folder


def write_calibration(
    folder: Path,
    images: Path,
    *,
    count: int,
    model: str = "mine",
    input_side: int | None = None,
    stimulus_side: int | None = None,
    distortions: Sequence[str] = ("noise", "blur", "jpeg", "rescale"),
    seed: int = 0,
) -> Path:
    """Write session, trials and profile of a model that notices a mean difference above four grey levels."""
    folder.mkdir(parents=True, exist_ok=True)
    profile = replace(default_profile(model), input_side=input_side, stimulus_side=stimulus_side)
    names = sorted(path.name for path in images.iterdir())
    digests = [hashlib.sha256((images / name).read_bytes()).hexdigest() for name in names]
    rng = np.random.default_rng(seed)
    trials = []
    for index in range(count):
        name = distortions[index % len(distortions)]
        least = 0.0 if index % 8 == 7 else 1.0
        level = least * float(DISTORTIONS[name].levels * 10 ** rng.uniform(-1.7, -0.3))
        stimulus = Stimulus(names[int(rng.integers(len(names)))], name, level, int(rng.integers(1000)))
        trials.append(_trial(index, stimulus, images, stimulus_side))
    record = SessionRecord(
        "simulated",
        "difference",
        "",
        "constant",
        3,
        0,
        stimulus_side,
        names,
        hashlib.sha256("".join(digests).encode()).hexdigest(),
    )
    (folder / "session.json").write_text(json.dumps(asdict(record)))
    (folder / "profile.json").write_text(profile.to_json())
    (folder / "trials.jsonl").write_text("".join(trial.to_line() for trial in trials))
    return folder


def _trial(index: int, stimulus: Stimulus, images: Path, side: int | None) -> Trial:
    distortion = DISTORTIONS[stimulus.distortion]
    first, second = render_pair(stimulus, distortion, References(images, (), ()), side)
    alike = (second.width, second.height) == (first.width, first.height)
    far = not alike or np.abs(first.pixels.astype(int) - second.pixels).mean() > 4
    return Trial(
        id=f"t{index}",
        series=0,
        index=index,
        stimulus=stimulus,
        polarity="different",
        order="reference_first",
        prompt="Do they differ?",
        noticed=bool(far),
        probability=None,
        reply_class="correct",
        reply="Yes." if far else "No.",
        is_first_token=False,
        seconds=0.1,
    )
