"""Pages of our own that are held out, in looks of their own: sheet, board, player, editor, till, article.

The same goes on as on those of `detection_styled_pages.py`, and some more, otherwise made: carets are blocks,
letters come a few at a time, cards are lifted and dragged, films are drawn, tables sorted. How, is said in
`detection_pages/local_held_out.html`. Drawn and written down before a detector saw any of them.
"""

import base64
from pathlib import Path

from skimage import data

from calibration.image import Image, encode_jpeg, fit_within

_TEMPLATE = Path(__file__).with_name("detection_pages") / "local_held_out.html"
_PHOTOGRAPHS = ("rocket", "coffee", "astronaut", "chelsea")
HELD_OUT_KINDS = (
    *("typing", "caret", "hover", "button hover", "link hover", "row hover", "scroll", "clock", "progress"),
    *(
        "spinner",
        "selection",
        "theme",
        "popup",
        "drag",
        "focus",
        "fade",
        "loading",
        "video",
        "badge",
        "tooltip",
    ),
    *("refresh", "chart", "message", "tabs", "sort", "checked"),
)


def held_out_page(number: int) -> str:
    """Draw a page; `act[kind](n)` makes a step on it."""
    page = _TEMPLATE.read_text(encoding="utf-8")
    return page.replace("/*NUMBER*/0", str(number)).replace("/*PHOTOGRAPH*/", _photograph(number))


def _photograph(number: int) -> str:
    picture = fit_within(Image(getattr(data, _PHOTOGRAPHS[number % 4])()), 500)
    return "data:image/jpeg;base64," + base64.b64encode(encode_jpeg(picture, 88)).decode()
