"""Colours and type shared by every figure, and the way out: SVG that follows the page's theme, or PNG."""

import io
from collections.abc import Callable
from typing import Any, cast

import matplotlib as mpl
from markupsafe import Markup
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

INK, MUTED, RULE, CARD = "#1c2330", "#6b7484", "#e3e7ee", "#fffffe"
LINE, FILL, WARM = "#2f5fd0", "#b9c9f2", "#c2571a"
OTHERS = ("#1a8f6a", "#9a4fc4", "#b8860b")  # models shown beside the one measured
CLASSES = ("#3f7f5f", "#c2571b", "#7a7f8c", "#d9a521")  # reply classes, in the order of REPLY_CLASSES

# What the page calls each colour: a dark page gives them other values.
_VARIABLES = {
    INK: "ink",
    MUTED: "muted",
    RULE: "line",
    CARD: "card",
    LINE: "accent",
    FILL: "fill",
    WARM: "warm",
    **{color: f"other-{number}" for number, color in enumerate(OTHERS, start=1)},
    **{color: f"class-{number}" for number, color in enumerate(CLASSES, start=1)},
}
_STYLE = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.7,
    "axes.unicode_minus": True,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "legend.frameon": False,
    "svg.fonttype": "path",
    "svg.hashsalt": "lmm-jnd",  # the same trials give the same bytes
}

Draw = Callable[[], Figure]


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure, in inches: about 320 px wide on a page when `width` is 4."""
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def to_svg(draw: Draw, title: str) -> Markup:
    """Draw as an SVG element whose colours are the page's variables; `title` is its text alternative."""
    buffer = io.StringIO()
    with mpl.rc_context(cast("Any", _STYLE)):
        draw().savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    svg = buffer.getvalue()[buffer.getvalue().index("<svg") :]
    for color, variable in _VARIABLES.items():
        svg = svg.replace(color, f"var(--{variable})")
    label = Markup('<svg role="img" aria-label="{}"').format(title)
    return label + Markup(svg[len("<svg") :])  # noqa: S704 - drawn here, from numbers


def to_png(draw: Draw) -> bytes:
    """Draw as a PNG on white."""
    buffer = io.BytesIO()
    with mpl.rc_context(cast("Any", _STYLE)):
        draw().savefig(buffer, format="png", dpi=160)
    return buffer.getvalue()
