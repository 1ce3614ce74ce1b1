"""Pages of our own that an HTML file draws, another with every number: for development, and held out.

The same goes on as on those of `detection_local_pages.py` and `detection_styled_pages.py`, and more, made in
other ways. How they look and what goes on is said in `detection_pages/local_NAME.html`, whose `act` has every
kind. Those held out were drawn and written down before a detector saw any of them; once what they show has
been mended, they are for development, and others take their place.
"""

import base64
import re
from dataclasses import dataclass
from pathlib import Path

from skimage import data

from calibration.image import Image, encode_jpeg, fit_within

_FOLDER = Path(__file__).with_name("detection_pages")


@dataclass(frozen=True)
class Template:
    """An HTML file that draws pages by their number."""

    name: str
    photographs: tuple[str, ...]  # scikit-image's, one a page

    def page(self, number: int) -> str:
        """Draw a page; `act[kind](n)` makes a step on it."""
        photograph = _photograph(self.photographs[number % len(self.photographs)])
        return self._text.replace("/*NUMBER*/0", str(number)).replace("/*PHOTOGRAPH*/", photograph)

    @property
    def kinds(self) -> tuple[str, ...]:
        """Return what can go on in a page of it."""
        acts = self._text[self._text.index("const act = ") :]
        return tuple(re.findall(r'"([a-z ]+)": n => ', acts))

    @property
    def _text(self) -> str:
        return (_FOLDER / f"local_{self.name}.html").read_text(encoding="utf-8")


# Sheet, board, player, editor, till, article.
WORKSHOP = Template("workshop", ("rocket", "coffee", "astronaut", "chelsea"))
# Lists, months, programs and forms between a rail and a line of state, four of seven in dark colours.
HELD_OUT_PAGES = Template("held_out", ("retina", "immunohistochemistry", "colorwheel", "hubble_deep_field"))


def _photograph(name: str) -> str:
    picture = fit_within(Image(getattr(data, name)()), 500)
    return "data:image/jpeg;base64," + base64.b64encode(encode_jpeg(picture, 88)).decode()
