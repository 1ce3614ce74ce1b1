"""A reader of text in pictures, and how many of the words it once read it still reads.

rapidocr with the models inside its wheel, on one core. It is held against its own reading of the original:
what it cannot read there nobody asked it for.
"""

from collections import Counter
from collections.abc import Sequence

from rapidocr import RapidOCR

from calibration.image import Image

_OPTIONS = {
    "Global.log_level": "critical",
    "Global.use_cls": False,  # which looks for upside-down lines
    "EngineConfig.onnxruntime.intra_op_num_threads": 1,
    "EngineConfig.onnxruntime.inter_op_num_threads": 1,
}


class Reader:
    """Reads words."""

    def __init__(self) -> None:
        self._engine = RapidOCR(params=_OPTIONS)

    def words(self, image: Image) -> Counter[str]:
        """Read every word, as often as it stands there."""
        found = self._engine(image.pixels[..., ::-1])  # it takes BGR
        return words_of(found.txts or ())


def words_of(lines: Sequence[str]) -> Counter[str]:
    return Counter(word for line in lines for word in line.split())


def unchanged(original: Counter[str], version: Counter[str]) -> tuple[int, int]:
    """Return how many of the original's words are still read, and how many there were."""
    return (original & version).total(), original.total()
