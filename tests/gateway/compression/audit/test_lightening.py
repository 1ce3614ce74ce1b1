from pathlib import Path

import numpy as np
import pytest
from skimage import data

from calibration.image import Image, decode, encode_jpeg, encode_png
from gateway.compression.audit.lightening import lightener
from gateway.compression.audit.run import UnreadablePictureError

CAT = Image(np.ascontiguousarray(data.chelsea()[:160, :200]))


def test_a_picture_is_lightened_as_it_would_be_sent_and_what_is_none_is_told(tmp_path: Path):
    (tmp_path / "cat.png").write_bytes(encode_png(CAT))
    (tmp_path / "cat.jpg").write_bytes(encode_jpeg(CAT, 95))
    (tmp_path / "broken.png").write_bytes(b"no picture")
    lighten = lightener(
        tmp_path, model="embedded", provider="openai", tier="lean", max_probability=0.9, artifact=None
    )

    pair = lighten("cat.png")

    assert pair.original == (tmp_path / "cat.png").read_bytes() and pair.original_type == "image/png"
    assert len(pair.lightened) < len(pair.original) and not pair.is_left_alone
    assert decode(pair.lightened).source.media_type == pair.lightened_type
    assert (pair.picture_class, lighten("cat.jpg").picture_class) == ("photograph", "photograph")
    for name in ("broken.png", "missing.png"):
        with pytest.raises(UnreadablePictureError):
            lighten(name)
