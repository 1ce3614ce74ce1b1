"""Large camera files: what is saved of them for five models, in what time, and whether answers hold."""

from compression_answers import say
from compression_bench import Bench, Found, mean, median
from compression_pictures import camera_files
from compression_sending import CLAUDE, GEMINI_2, GPT_4O, GPT_54, QWEN_25
from compression_watch import Watch

PART = "camera"
TARGETS = (CLAUDE, GPT_4O, GPT_54, GEMINI_2, QWEN_25)
SHRUNK = (CLAUDE, GPT_4O, GPT_54)
_NOISE_EVERY = 3  # files; what harmless handling does needs no more


def measure(bench: Bench) -> Found:
    """Send every file to every target."""
    saved: dict[str, list[float]] = {target.name: [] for target in TARGETS}
    taken: dict[str, list[float]] = {target.name: [] for target in TARGETS}
    scaled: dict[str, list[float]] = {target.name: [] for target in SHRUNK}
    groups: dict[str, list[float]] = {}
    watch = Watch(bench.panel, bench.rules)
    sender = bench.sender()
    for index, picture in enumerate(camera_files(bench.count(full=12, quick=2))):
        say(f"camera: file {index + 1}")
        for target in TARGETS:
            sent = bench.send(PART, sender, picture, target)
            saved[target.name].append(sent.saved)
            taken[target.name].append(sent.milliseconds)
            groups.setdefault(f"{target.name}, {picture.group}", []).append(sent.saved)
            watch.see(target.name, picture, sent, target)
            if index % _NOISE_EVERY == 0:
                watch.see_noise(target.name, picture, target)
            if target in SHRUNK:
                scaled[target.name].append(sender.send_uninspected(picture, target).milliseconds)
    figures = {f"camera_saved_{name}": mean(values) for name, values in saved.items()}
    figures |= {f"camera_ms_{name}": median(values) for name, values in taken.items()}
    figures |= {f"camera_scaled_decode_ms_{name}": median(values) for name, values in scaled.items()}
    rows = watch.rows() | {"saved by kind": {name: mean(values) for name, values in sorted(groups.items())}}
    return Found(figures, rows)
