"""Pages of our own that an HTML file draws, another with every number: for development, and held out.

The same goes on as on those of `detection_local_pages.py` and `detection_styled_pages.py`, and more, made in
other ways. How they look and what goes on is said in `detection_pages/local_NAME.html`, whose `act` has every
kind. Where each page of a file is unlike the others, it has kinds of its own too, behind a line `// Page N`.
Those held out were drawn and written down before a detector saw any of them; once what they show has been
mended, they are for development, and others take their place.
"""

import base64
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from skimage import data

from calibration.image import Image, encode_jpeg, fit_within

_FOLDER = Path(__file__).with_name("detection_pages")
_PAGE = re.compile(r"^// Page \d+", re.MULTILINE)
_KIND = re.compile(r'"([a-z ]+)": n => ')


@dataclass(frozen=True)
class Template:
    """An HTML file that draws pages by their number."""

    name: str
    photographs: tuple[str, ...]  # scikit-image's, one a page

    def page(self, number: int) -> str:
        """Draw a page; `act[kind](n)` makes a step on it."""
        photograph = _photograph(self.photographs[number % len(self.photographs)])
        return self._text.replace("/*NUMBER*/0", str(number)).replace("/*PHOTOGRAPH*/", photograph)

    def kinds(self, number: int) -> tuple[str, ...]:
        """Return what can go on in a page of it."""
        everywhere, *own = _PAGE.split(self._text[self._text.index("const act = ") :])
        acts = everywhere + (own[number] if own else "")
        return tuple(dict.fromkeys(_KIND.findall(acts)))  # a page may do in its own way what all do

    @property
    def _text(self) -> str:
        return (_FOLDER / f"local_{self.name}.html").read_text(encoding="utf-8")


# Sheet, board, player, editor, till, article.
WORKSHOP = Template("workshop", ("rocket", "coffee", "astronaut", "chelsea"))
# Lists, months, programs and forms between a rail and a line of state, four of seven in dark colours.
DESK = Template("desk", ("retina", "immunohistochemistry", "colorwheel", "hubble_deep_field"))
# Cards, a wall of photographs, a talk, gauges, a review of code, a map, settings, an invoice; two are dark.
HELD_OUT_PAGES = Template(
    "held_out", ("coins", "stereo_motorcycle", "moon", "camera", "cell", "grass", "brick", "text")
)


def _photograph(name: str) -> str:
    found = getattr(data, name)()
    pixels = np.asarray(found[0] if isinstance(found, tuple) else found)  # of a stereo pair the left one
    colours = pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=2)
    picture = fit_within(Image(colours), 500)
    return "data:image/jpeg;base64," + base64.b64encode(encode_jpeg(picture, 88)).decode()
