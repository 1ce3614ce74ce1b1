"""Put one picture's deliveries before the observers, beside what any harmless handling does to answers.

Every delivery is seen as its provider would show it. Beside it stand a JPEG saved once more at quality 98 and
a crop of one pixel: what they change is the noise that no compressor can stay below.
"""

import numpy as np
from compression_answers import Panel, Tally, compare
from compression_pictures import Picture
from compression_sending import Sent, Target, shown

from calibration.image import Image, decode, encode_jpeg
from gateway.providers.rules import ProviderRules

RESAVED, CROPPED = "jpeg q98 re-save", "1-pixel crop"
_RESAVE_QUALITY = 98


class Watch:
    """Rows of one part, filled picture by picture."""

    def __init__(self, panel: Panel, rules: ProviderRules) -> None:
        self.tallies: dict[str, Tally] = {}
        self._panel = panel
        self._rules = rules

    def rows(self) -> dict[str, object]:
        """Sum every row up as it is printed."""
        return {name: tally.row() for name, tally in self.tallies.items()}

    def see(self, row: str, picture: Picture, sent: Sent, target: Target) -> None:
        """Count what the product sent."""
        self.see_image(row, picture, sent.image, target, saved=sent.saved, tokens_saved=sent.tokens_saved)

    def see_noise(self, row: str, picture: Picture, target: Target) -> None:
        """Count the two harmless handlings of the same picture."""
        image = picture.decoded.image
        data = encode_jpeg(image, _RESAVE_QUALITY, progressive=False)
        saved = 1.0 - len(data) / len(picture.data)
        self.see_image(f"{row}, {RESAVED}", picture, decode(data).image, target, saved=saved)
        self.see_image(f"{row}, {CROPPED}", picture, cropped(image), target, saved=0.0)

    def see_image(
        self,
        row: str,
        picture: Picture,
        version: Image,
        target: Target,
        *,
        saved: float,
        tokens_saved: float = 0.0,
    ) -> None:
        """Count any delivery."""
        original = shown(picture.decoded.image, target, self._rules)
        frame = (original.width, original.height)
        before = self._panel.answers(original, frame)
        after = self._panel.answers(shown(version, target, self._rules), frame)
        tally = self.tallies.setdefault(row, Tally())
        tally.add(saved=saved, tokens_saved=tokens_saved, compared=compare(before, after))


def cropped(image: Image) -> Image:
    """Lose the first row and the first column."""
    return Image(np.ascontiguousarray(image.pixels[1:, 1:]))
