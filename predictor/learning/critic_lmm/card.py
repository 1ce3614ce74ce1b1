"""Write the critic LMM's card: what it is for, what it learned from and under which licences."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

SCHEMA_VERSION = 1
_LIMITS = (
    "A tiny model that shows how a multimodal model judges quality; where a figure is wanted, the "
    "specialist of `jnd-predictor critique` is better.",
    "Learned from photographs of one source at 512 pixels; pictures are reduced to 1,024 pixels before "
    "pieces are cut out of them.",
    "It knows the prompts it was trained on: those of `jnd-calibrate critic`, how sharp, noisy, bright, rich "
    "in contrast or colourful a picture is, a description, and which of two is better; it answers others "
    "at random.",
    "Whether a picture was generated it learned at 32 pixels only, and says so of others.",
    "Brightness, noisiness and sharpness it learned from the specialist, not from people.",
)


def build_card(folder: Path, photographs: Sequence[str], recipe: Mapping[str, object]) -> dict[str, object]:
    """Return the card of the model in `folder`.

    The benchmark adds its figures (`tests/benchmarks/critic_lmm.py --note`).
    """
    weights = (folder / "model.safetensors").read_bytes()
    return {
        "schema_version": SCHEMA_VERSION,
        "name": "critic",
        "architecture": "LlavaForConditionalGeneration (DPT-hybrid tower on TextNet, Llama), no remote code",
        "intended_use": "An LMM that answers in words how good a picture looks, to be asked and calibrated "
        "without a key or a GPU.",
        "data": {
            "photos": "BIQ2021 subset 03, two thirds by hash of the name (Ahmed & Asif 2021; photographs "
            "from Unsplash; its repository has no licence)",
            "photo_names_sha256": hashlib.sha256("\n".join(sorted(photographs)).encode()).hexdigest(),
            "photographs": len(photographs),
            "opinions": "KADID-10k's means by type and level (Lin, Hosu, Saupe 2019; MIT), no picture of it",
            "tower": "the network of the specialist that ships with the package (part critic of "
            "predictor/artifact_default, whose card names its data), carried over weight by weight",
            "attributes": "brightness, noisiness and sharpness as that specialist judges them",
            "origin": "CIFAKE (Bird & Lotfi 2024; its repository has no licence), pictures of 32 x 32 pixels",
        },
        "recipe": dict(recipe),
        "size_bytes": len(weights),
        "sha256": hashlib.sha256(weights).hexdigest(),
        "limits": list(_LIMITS),
    }
