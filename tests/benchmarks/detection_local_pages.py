"""Pages of our own on which one thing goes on: typing, a caret, a clock, a popup, and so on.

Every number draws another page: colours, letters, sizes, a photograph. They are for development, as those of
`detection_styled_pages.py` are; the odd ones and those from 8 on were held out until what they showed was mended.
"""

import base64
from collections.abc import Mapping

import numpy as np
from skimage import data

from calibration.image import Image, encode_jpeg, fit_within

_FONTS = ("sans-serif", "serif", "monospace", "DejaVu Sans", "Liberation Sans")
_GROUNDS = (("#ffffff", "#1c1c1c"), ("#f4f1ea", "#3b3a36"), ("#17191d", "#dadada"), ("#0d2137", "#c7d6e5"))
_ACCENTS = ("#1769e0", "#c0392b", "#2e8b57", "#8e44ad", "#d98200", "#37474f")
_WORDS = "the parcel was opened at noon by two people who wrote down what they found in it and sent it back".split()
_PHOTOGRAPHS = ("coffee", "astronaut", "chelsea", "rocket")

# What each step n = 1, 2, ... does.
ACTS: Mapping[str, str] = {
    "typing": "field.value += words[n % words.length] + ' '",
    "caret": "caret.style.visibility = n % 2 ? 'visible' : 'hidden'",
    "hover": "buttons.forEach((each, i) => each.style.filter = i == n % buttons.length ? 'brightness(1.15)' : '')",
    "row hover": "rows.forEach((each, i) => each.style.background = i == n % rows.length ? 'rgba(128,128,128,.12)' : '')",
    "scroll": "window.scrollBy(0, [7, 40, 120, 300][n % 4])",
    "clock": "clock.textContent = new Date(1e12 + n * 61000).toISOString().slice(11, 19)",
    "progress": "bar.style.width = n * 4 + '%'",
    "spinner": "spinner.style.transform = `rotate(${n * 40}deg)`",
    "selection": "getSelection().selectAllChildren(paragraphs[n % paragraphs.length])",
    "theme": "document.documentElement.style.filter = n % 2 ? 'invert(1) hue-rotate(180deg)' : ''",
    "popup": "popup.style.display = n % 2 ? 'block' : 'none'; shade.style.opacity = n % 4 == 1 ? .4 : 0",
    "pointer": "pointer.style.left = (n * 137) % 900 + 60 + 'px'; pointer.style.top = (n * 89) % 500 + 60 + 'px'",
    "focus": "buttons.forEach((each, i) => each.style.outline = i == n % buttons.length ? '2px solid #4d90fe' : '')",
    "fade": "toast.style.opacity = [0, .3, .7, 1, .5][n % 5]",
    "loading": "paragraphs.forEach((each, i) => each.style.opacity = i < n ? 1 : .25)",
    "video": "photograph.style.objectPosition = `${n * 2}px ${n}px`",
    "badge": "badge.textContent = n",
    "zoom": "document.body.style.zoom = 1 + .03 * n",
    "tooltip": "tip.style.display = n % 2 ? 'block' : 'none'; tip.style.left = n * 50 + 'px'",
}


def page(number: int) -> str:
    """Draw a page; `act[kind](n)` makes a step on it."""
    rng = np.random.default_rng(700 + number)
    ground, ink = _GROUNDS[int(rng.integers(len(_GROUNDS)))]
    accent, other = (_ACCENTS[n] for n in rng.permutation(len(_ACCENTS))[:2])
    font, size = _FONTS[int(rng.integers(len(_FONTS)))], int(rng.integers(12, 20))
    paragraphs = [f"<p>{' '.join(rng.choice(_WORDS, 30))}.</p>" for _ in range(14)]
    rows = "".join(f"<div class=row>{' '.join(rng.choice(_WORDS, 4))}</div>" for _ in range(9))
    buttons = [f"<button>{word}</button>" for word in rng.choice(_WORDS, 5)]
    acts = ",".join(f"{kind!r}: n => {{ {act} }}" for kind, act in ACTS.items())
    names = "field caret clock bar spinner popup shade pointer toast badge tip photograph".split()
    found = ";".join(f"const {name} = document.getElementById({name!r})" for name in names)
    return f"""<!doctype html><meta charset="utf-8"><style>
body {{ margin:0; background:{ground}; color:{ink}; font:{size}px {font}; min-height:260vh }}
header {{ background:linear-gradient(90deg,{accent},{other}); color:#fff; padding:12px 20px; display:flex; gap:40px }}
main {{ display:grid; grid-template-columns:20% 1fr 26%; gap:20px; padding:20px }}
button {{ background:{accent}; color:#fff; border:0; border-radius:4px; padding:8px 16px; margin:4px; font:inherit }}
.row {{ padding:6px; border-bottom:1px solid rgba(128,128,128,.3) }} input {{ font:inherit; width:80%; padding:6px }}
#spinner {{ width:36px; height:36px; border:4px solid rgba(128,128,128,.3); border-top-color:{accent}; border-radius:50% }}
#popup {{ display:none; position:fixed; left:28%; top:22%; width:44%; padding:40px; background:{ground};
  border:1px solid #888; box-shadow:0 8px 40px rgba(0,0,0,.4); border-radius:8px }}
#shade {{ position:fixed; inset:0; background:#000; opacity:0; pointer-events:none }}
#toast {{ position:fixed; right:20px; bottom:20px; padding:14px 30px; background:{other}; color:#fff; opacity:0 }}
#pointer {{ position:fixed; left:50px; top:50px }} #bar {{ background:{accent}; height:12px; width:4% }}
#tip {{ display:none; position:fixed; top:120px; background:#333; color:#fff; padding:4px 10px; font-size:12px }}
</style><body><header><b>{" ".join(rng.choice(_WORDS, 3))}</b><span id=clock>09:00:00</span><span id=badge>0</span></header>
<main><nav>{rows}</nav><article><input id=field value="Ada "><span id=caret>|</span><div style="margin:10px 0;
background:rgba(128,128,128,.2)"><div id=bar></div></div><div>{"".join(buttons)}</div>{"".join(paragraphs)}</article>
<aside><img id=photograph src="{_photograph(number)}" style="width:100%;height:220px;object-fit:none"><div id=spinner></div>
{"".join(paragraphs[:6])}</aside></main><div id=shade></div><div id=popup><h3>Leave?</h3>{"".join(buttons[:2])}</div><div id=toast>Saved.</div>
<div id=tip>Opens a list</div><svg id=pointer width=14 height=20><path d="M0 0v17l4-4h7z" fill="#000" stroke="#fff"/></svg>
<script>{found}; const all = what => [...document.querySelectorAll(what)];
const words = {_WORDS!r}, buttons = all("article button"), rows = all(".row"), paragraphs = all("article p");
const act = {{{acts}}}</script>"""


def _photograph(number: int) -> str:
    picture = fit_within(Image(getattr(data, _PHOTOGRAPHS[number % 4])()), 420)
    return "data:image/jpeg;base64," + base64.b64encode(encode_jpeg(picture, 85)).decode()
