from pathlib import Path

import numpy as np
import pytest
from skimage import data

from calibration.image import Decoded, Image, decode, encode_png
from calibration.profile import JndProfile, default_profile
from gateway.compression.audit.ledger import FACTORS, Ledger
from gateway.compression.backing_off import BackingOff, at_margin
from gateway.compression.picture_class import PictureClass, classify
from gateway.compression.plan import CompressionPlan
from gateway.providers.rules import Recipient

PHOTOGRAPH = Image(np.ascontiguousarray(data.chelsea()))
PAGE = Image(np.repeat(data.page()[..., None], 3, axis=2))


class Marking:
    """Returns the margin it was made with as the picture's new bytes."""

    def __init__(self, margin: float) -> None:
        self.margin = margin

    def compress(
        self,
        decoded: Decoded,
        data: bytes,
        profile: JndProfile,
        recipient: Recipient,
        *,
        picture_class: PictureClass,
    ) -> tuple[bytes, CompressionPlan]:
        assert decoded and profile and recipient.provider
        assert picture_class == classify(decoded)
        plan = CompressionPlan("png", None, 8, 8, len(data), 1, 1, 1, 0.0, "faithful", "")
        return str(self.margin).encode(), plan


def test_only_the_model_and_class_that_were_backed_off_get_the_stricter_margin(tmp_path: Path):
    ledger = Ledger(tmp_path)
    compressor = BackingOff(Marking, ledger)
    photograph, page = encode_png(PHOTOGRAPH), encode_png(PAGE)

    def margin(picture: bytes, model: str) -> float:
        recipient = Recipient("openai", model)
        return float(compressor.compress(decode(picture), picture, default_profile(), recipient)[0])

    before = margin(photograph, "m")
    while not ledger.record("m", ["photograph"], is_changed=True, is_noise=False, promise=0.01):
        pass

    assert (before, margin(photograph, "m")) == (1.0, FACTORS[1])
    assert margin(photograph, "other") == margin(page, "m") == 1.0


@pytest.mark.parametrize("tier", ["exact", "faithful", "lean"])
def test_each_epoch_allows_less_than_the_one_before_and_the_last_no_other_pixels(tier):
    steps = [at_margin(tier, 0.9, margin) for margin in FACTORS]

    assert steps[0] == (tier, 0.9)
    assert steps[-1][0] == "exact"
    if tier != "exact":
        allowed = [probability for _, probability in steps[:-1]]
        assert allowed == sorted(allowed, reverse=True) and len(set(allowed)) == len(allowed)


def test_the_lean_tier_starts_from_what_it_allows_at_least_and_is_called_faithful_below():
    assert at_margin("lean", 0.05, 0.5) == ("faithful", pytest.approx(0.1))
    assert at_margin("lean", 0.9, 0.25) == ("lean", pytest.approx(0.225))
