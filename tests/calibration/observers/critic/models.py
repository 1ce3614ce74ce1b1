"""An untrained critic LMM, so that tests hold while weights change."""

from pathlib import Path

from calibration.critic.scales import SCALES
from calibration.observers.critic.architecture import build_model, build_processor

WORDS = [text for scale in SCALES.values() for text in (scale.offering, scale.opening)]


def save_untrained(folder: Path) -> None:
    processor = build_processor([*WORDS, "Describe the quality of this image."])
    build_model(processor.tokenizer, text_layers=1).save_pretrained(folder)
    processor.save_pretrained(folder)
