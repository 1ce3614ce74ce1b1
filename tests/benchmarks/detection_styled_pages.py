"""Pages of our own in looks of their own: mail, a shop, a console, a form, a chat, a reader.

The same goes on as on those of `detection_local_pages.py`, and some more, otherwise made: carets are lines,
what is hovered changes its colour or casts a shadow, a theme is other colours. They are for development; they
were held out until what they showed was mended. Those that are: `HELD_OUT_PAGES` of
`detection_templated_pages.py`.
"""

import base64
from collections.abc import Mapping

import numpy as np
from skimage import data

from calibration.image import Image, encode_jpeg, fit_within

_PALETTES = (  # ground, panel, ink, faint ink, accent; the theme's other colours follow
    ("#fafafa", "#ffffff", "#202124", "#80868b", "#1a73e8"),
    ("#1e1e2e", "#262637", "#cdd6f4", "#7f849c", "#f38ba8"),
    ("#fdf6e3", "#eee8d5", "#586e75", "#93a1a1", "#268bd2"),
    ("#0b0f14", "#131a22", "#d8dee9", "#6b7785", "#00b894"),
    ("#ffffff", "#f6f8fa", "#24292f", "#6e7781", "#bf3989"),
)
_FONTS = ("DejaVu Serif", "Liberation Sans", "DejaVu Sans Mono", "Liberation Serif", "DejaVu Sans Condensed")
_WORDS = "kiln glaze ferry ticket window orchard ledger harvest signal bridge copper lantern meadow quarry sail".split()
_PHOTOGRAPHS = ("coffee", "astronaut", "chelsea", "rocket")
_LAYOUTS = ("mail", "shop", "console", "form", "chat", "reader")

# What each step n = 1, 2, ... does.
STYLED_ACTS: Mapping[str, str] = {
    "typing": "field.textContent += words[(n * 5) % words.length] + (n % 3 ? ' ' : ', ')",
    "caret": "caret.style.opacity = n % 2",
    "hover": "items.forEach((each, i) => each.style.boxShadow = i == n % items.length ? '0 2px 10px rgba(0,0,0,.35)' : '')",
    "button hover": "buttons.forEach((each, i) => each.style.backgroundColor = i == n % buttons.length ? 'color-mix(in srgb, var(--accent) 86%, black)' : '')",
    "row hover": "items.forEach((each, i) => each.style.backgroundColor = i == n % items.length ? 'color-mix(in srgb, var(--panel) 93%, var(--ink))' : '')",
    "scroll": "panel.scrollBy(0, [5, 33, 90, 210][n % 4])",
    "clock": "clock.textContent = [String(9 + n % 3).padStart(2, '0'), String(n * 7 % 60).padStart(2, '0'), String(n * 13 % 60).padStart(2, '0')].join(':')",
    "progress": "bar.style.width = n * 9 + '%'; share.textContent = n * 9 + ' %'",
    "spinner": "dots.forEach((each, i) => each.style.opacity = i == n % dots.length ? 1 : .25)",
    "selection": "const all = document.createRange(), of = texts[n % texts.length].firstChild; all.setStart(of, 3); all.setEnd(of, 30 + 4 * n); getSelection().removeAllRanges(); getSelection().addRange(all)",
    "theme": "document.documentElement.classList.toggle('other')",
    "popup": "menu.style.display = n % 2 ? 'block' : 'none'; menu.style.left = 40 + n * 60 + 'px'",
    "side sheet": "sheet.style.transform = `translateX(${[100, 40, 0, 0, 60][n % 5]}%)`",
    "pointer": "pointer.style.left = (n * 211) % 1000 + 90 + 'px'; pointer.style.top = (n * 131) % 560 + 70 + 'px'",
    "focus": "buttons.forEach((each, i) => each.style.boxShadow = i == n % buttons.length ? '0 0 0 3px color-mix(in srgb, var(--accent) 35%, transparent)' : '')",
    "fade": "toast.style.opacity = [0, .15, .5, .85, 1][n % 5]; toast.style.transform = `translateY(${[20, 12, 6, 0, 0][n % 5]}px)`",
    "loading": "texts.forEach((each, i) => { each.style.color = i < n ? '' : 'transparent'; each.style.backgroundColor = i < n ? '' : 'var(--faint)' })",
    "video": "photograph.style.objectPosition = `${50 + 1.5 * n}% ${50 - n}%`",
    "badge": "badge.textContent = n * 3; badge.style.transform = n % 2 ? 'scale(1.15)' : ''",
    "zoom": "panel.style.fontSize = 100 + 4 * n + '%'",
    "tooltip": "tip.style.display = n % 2 ? 'block' : 'none'; tip.style.top = 150 + n * 31 + 'px'",
    "refresh": "numbers.forEach((each, i) => each.textContent = ((n * 37 + i * 53) % 997) / 10); curve.setAttribute('d', path(n))",
    "switch": "knob.style.left = n % 2 ? '18px' : '2px'; track.style.background = n % 2 ? 'var(--accent)' : 'var(--faint)'",
    "slider": "thumb.style.left = 8 + n * 7 + '%'",
    "message": "list.insertAdjacentHTML('beforeend', `<div class=item>${words[n % words.length]} ${words[(n * 3) % words.length]}</div>`)",
    "checked": "boxes[n % boxes.length].checked = !boxes[n % boxes.length].checked",
}


def styled_page(number: int) -> str:
    """Draw a page; `act[kind](n)` makes a step on it."""
    rng = np.random.default_rng(26000 + number)
    layout = _LAYOUTS[number % len(_LAYOUTS)]
    first, second = rng.permutation(len(_PALETTES))[:2]
    font, size = _FONTS[int(rng.integers(len(_FONTS)))], int(rng.integers(12, 19))
    corner = int(rng.choice([0, 3, 8, 16]))
    acts = ",".join(f"{kind!r}: n => {{ {act} }}" for kind, act in STYLED_ACTS.items())
    names = "field caret panel clock bar share menu sheet pointer toast badge tip photograph curve knob track thumb list"
    found = ";".join(f"const {name} = document.getElementById({name!r})" for name in names.split())
    return f"""<!doctype html><meta charset="utf-8"><style>
:root {{ {_colours(int(first))} }} :root.other {{ {_colours(int(second))} }}
body {{ margin:0; background:var(--ground); color:var(--ink); font:{size}px {font}; height:100vh; overflow:hidden }}
.bar {{ display:flex; gap:18px; align-items:center; padding:10px 16px; background:var(--panel); border-bottom:1px solid var(--faint) }}
.item {{ padding:{int(rng.integers(6, 15))}px; border-radius:{corner}px; border-bottom:1px solid color-mix(in srgb, var(--faint) 30%, transparent) }}
button {{ font:inherit; color:#fff; background:var(--accent); border:0; border-radius:{corner}px; padding:7px 15px; margin:3px }}
p {{ line-height:{rng.uniform(1.3, 1.8):.2f} }} .faint {{ color:var(--faint) }} #panel {{ overflow:hidden; height:calc(100vh - 110px); padding:0 18px }}
#field {{ display:inline }} #caret {{ display:inline-block; width:1px; height:1.1em; background:var(--ink); vertical-align:text-bottom }}
.box {{ border:1px solid var(--faint); border-radius:{corner}px; padding:8px; background:var(--panel); margin:8px 0 }}
.dot {{ display:inline-block; width:9px; height:9px; margin:2px; border-radius:50%; background:var(--accent); opacity:.25 }}
#menu, #tip, #toast, #sheet, #pointer {{ position:fixed; background:var(--panel); border:1px solid var(--faint); border-radius:{corner}px }}
#menu {{ display:none; top:52px; padding:6px 0; box-shadow:0 6px 24px rgba(0,0,0,.3) }} #menu div {{ padding:6px 22px }}
#sheet {{ right:0; top:0; bottom:0; width:300px; transform:translateX(100%); padding:20px; box-shadow:-4px 0 30px rgba(0,0,0,.25) }}
#toast {{ left:40%; bottom:30px; padding:12px 26px; opacity:0 }} #tip {{ display:none; left:260px; padding:3px 9px; font-size:12px }}
#pointer {{ border:0; background:none; left:60px; top:60px }} #badge {{ background:var(--accent); color:#fff; border-radius:20px; padding:2px 8px }}
#track {{ position:relative; display:inline-block; width:36px; height:20px; border-radius:10px; background:var(--faint) }}
#knob {{ position:absolute; top:2px; left:2px; width:16px; height:16px; border-radius:50%; background:#fff }}
#rail {{ position:relative; height:4px; background:var(--faint); margin:16px 0 }} #thumb {{ position:absolute; top:-6px; left:8%; width:16px; height:16px;
  border-radius:50%; background:var(--accent) }} {_GRIDS[layout]}
</style><body><div class=bar><b>{_words(rng, 2).title()}</b><span id=badge>0</span><span id=clock>09:00:00</span><span class=faint>{_words(rng, 3)}</span>
<span id=track><span id=knob></span></span><span>{"<i class=dot></i>" * 5}</span><span style="flex:1"></span>{_buttons(rng, 3)}</div>
<main>{_column(layout, number, rng)}</main><div id=menu>{"".join(f"<div>{_words(rng, 2)}</div>" for _ in range(6))}</div>
<div id=sheet><h3>{_words(rng, 2).title()}</h3>{_texts(rng, 2)}{_buttons(rng, 2)}</div><div id=toast>{_words(rng, 4)}</div><div id=tip>{_words(rng, 3)}</div>
<svg id=pointer width=16 height=22><path d="M1 1v17l4-4 3 7 3-1-3-7h6z" fill="#fff" stroke="#000"/></svg>
<script>{found}; const all = what => [...document.querySelectorAll(what)], words = {_WORDS!r};
const items = all(".item"), buttons = all("button"), texts = all("p"), dots = all(".dot"), numbers = all(".number"), boxes = all("input[type=checkbox]");
const path = n => "M" + [...Array(40).keys()].map(x => `${{x * 6}} ${{40 + 20 * Math.sin((x + n) / 4) + (x * 31 + n * 17) % 9}}`).join("L");
curve.setAttribute("d", path(0)); const act = {{{acts}}}</script>"""


_GRIDS: Mapping[str, str] = {
    "mail": "main { display:grid; grid-template-columns:260px 1fr 240px }",
    "shop": "main { display:grid; grid-template-columns:1fr 330px } #list { display:grid; grid-template-columns:repeat(3, 1fr); gap:10px; padding:12px }",
    "console": "main { display:grid; grid-template-columns:200px 1fr 1fr } p { font-family:'DejaVu Sans Mono'; font-size:12px }",
    "form": "main { display:grid; grid-template-columns:190px 1fr 210px; max-width:1000px; margin:auto }",
    "chat": "main { display:flex; flex-direction:row-reverse } #panel { flex:1 } #list { width:300px }",
    "reader": "main { columns:2; column-gap:60px; padding:0 8% } #panel { break-inside:avoid }",
}


def _column(layout: str, number: int, rng: np.random.Generator) -> str:
    items = "".join(
        f"<div class=item><b>{_words(rng, 2)}</b> <span class=number>{rng.uniform(0, 99):.1f}</span>"
        f"<div class=faint>{_words(rng, 3)}</div></div>"
        for _ in range(8 if layout != "shop" else 9)
    )
    boxes = "".join(f"<label><input type=checkbox> {_words(rng, 2)}</label><br>" for _ in range(5))
    written = f"<div class=box><span id=field>{_words(rng, 3)} </span><span id=caret></span></div>"
    done = "<div class=box style='padding:0'><div id=bar style='height:8px;width:4%;background:linear-gradient(90deg,var(--accent),var(--faint))'></div></div><span id=share>0 %</span>"
    panel = f"<section id=panel>{written}{done}{_buttons(rng, 3)}{_texts(rng, 16)}</section>"
    beside = f"""<aside><img id=photograph src="{_photograph(number)}" style="width:100%;height:{int(rng.integers(150, 260))}px;object-fit:cover">
<svg viewBox="0 0 240 80" style="width:100%"><path id=curve fill=none stroke="var(--accent)" stroke-width=1.5 /></svg><div id=rail><div id=thumb></div></div>{boxes}</aside>"""
    return f"<nav id=list>{items}</nav>{panel}{beside}"


def _colours(palette: int) -> str:
    names = ("ground", "panel", "ink", "faint", "accent")
    return ";".join(f"--{name}:{value}" for name, value in zip(names, _PALETTES[palette], strict=True))


def _words(rng: np.random.Generator, count: int) -> str:
    return " ".join(rng.choice(_WORDS, count))


def _texts(rng: np.random.Generator, count: int) -> str:
    return "".join(f"<p>{_words(rng, 26).capitalize()}.</p>" for _ in range(count))


def _buttons(rng: np.random.Generator, count: int) -> str:
    return "".join(f"<button>{_words(rng, 1)}</button>" for _ in range(count))


def _photograph(number: int) -> str:
    picture = fit_within(Image(getattr(data, _PHOTOGRAPHS[number // 2 % 4])()), 420)
    return "data:image/jpeg;base64," + base64.b64encode(encode_jpeg(picture, 85)).decode()
