"""Draw the dashboards as a live gateway fills them: `python -m tools.panel_pictures [SECONDS]`.

Grafana is not needed: the panels' own queries are asked of a real Prometheus that watches a gateway under
traffic, with an attack in its second half, and drawn. Needs the program `prometheus`.
"""

import io
import itertools
import json
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import PIL.Image
from matplotlib.figure import Figure

from calibration.image import Image, encode_png
from gateway.demo.pictures import edit_locally
from tests.walkthrough.deployment import DASHBOARDS, substitute
from tests.walkthrough.monitored import Monitoring, running_gateway, running_prometheus
from tests.walkthrough.traffic import (
    KEY,
    OTHER_KEY,
    STREAM,
    one_round,
    one_soft_picture,
    photographs,
    running_upstream,
    send,
    send_jpeg,
)
from tools.everyday_pictures import Pixels, make_file
from tools.panel_forms import BACK, INK, LINE, PANEL, Drawn, draw_bars, draw_lines, draw_number, draw_table

FOLDER = Path(__file__).parents[1] / "deploy" / "grafana" / "pictures"
_ROWS_SHOWN = 36  # of the grid: what a screen holds
_UNIT_INCHES = 0.30  # height of a row of the grid
_WIDTH_INCHES = 15.0
_INTERVAL = "15s"


def main(seconds: float) -> None:
    """Run traffic for so long, and draw."""
    mpl.rcParams.update({"font.family": "DejaVu Sans", "text.color": INK, "font.size": 8})
    with (
        tempfile.TemporaryDirectory(prefix="jnd-pictures-") as scratch,
        running_upstream() as upstream,
        running_gateway(Path(scratch), upstream) as gateway,
        running_prometheus(Path(scratch), gateway.port) as prometheus,
    ):
        began = time.time()
        _traffic(gateway.port, seconds)
        time.sleep(3)
        window = int(time.time() - began)
        FOLDER.mkdir(exist_ok=True)
        for file in DASHBOARDS:
            dashboard = json.loads(file.read_text(encoding="utf-8"))
            picture = _draw(dashboard, Monitoring(prometheus), window)
            (FOLDER / f"{file.stem}.png").write_bytes(picture)


def _traffic(port: int, seconds: float) -> None:
    """Two clients at work; in the second half one of them hides edits in a known picture."""
    began, rng = time.monotonic(), np.random.default_rng(1)
    originals = [photograph.pixels for photograph in itertools.islice(photographs(), 2)]
    known = next(photographs())
    send(port, picture=encode_png(known))
    for turn in itertools.count():
        passed = time.monotonic() - began
        if passed > seconds:
            return
        send_jpeg(port, make_file(originals, "fine JPEG", rng), key=KEY if turn % 3 else OTHER_KEY)
        if turn % 8 == 4:
            one_soft_picture(port, _cut(originals, rng), key=OTHER_KEY)
        if turn % 5 == 0:
            send(port, text=STREAM)
        if turn == 20:
            one_round(port, known)
        if passed > seconds / 2:
            edited = edit_locally(known, strength=5, center=(0.2 + 0.015 * (turn % 40), 0.5), radius=0.12)
            send(port, picture=encode_png(edited), key=OTHER_KEY)


def _cut(originals: Sequence[Pixels], rng: np.random.Generator) -> Image:
    pixels = originals[rng.integers(len(originals))]
    top, left = rng.integers(0, (pixels.shape[0] - 200, pixels.shape[1] - 250))
    return Image(np.ascontiguousarray(pixels[top : top + 200, left : left + 250]))


def _draw(dashboard: Mapping[str, Any], monitoring: Monitoring, window: int) -> bytes:
    panels = [p for p in dashboard["panels"] if p["gridPos"]["y"] + p["gridPos"]["h"] <= _ROWS_SHOWN]
    rows = max(p["gridPos"]["y"] + p["gridPos"]["h"] for p in panels)
    figure = Figure(figsize=(_WIDTH_INCHES, rows * _UNIT_INCHES + 0.5), dpi=100, facecolor=BACK)
    total = rows + 0.5 / _UNIT_INCHES
    figure.text(0.008, 1 - 0.3 / (total * _UNIT_INCHES), dashboard["title"], fontsize=13, weight="bold")
    for panel in panels:
        place = panel["gridPos"]
        left, width = place["x"] / 24, place["w"] / 24
        bottom, height = (rows - place["y"] - place["h"]) / total, place["h"] / total
        frame = figure.add_axes(
            (left + 0.003, bottom + 0.004, width - 0.006, height - 0.008), facecolor=PANEL
        )
        frame.set(xticks=[], yticks=[])
        for spine in frame.spines.values():
            spine.set_color(LINE)
        frame.text(
            0.012, 1 - 0.28 / place["h"], panel["title"], transform=frame.transAxes, va="top", weight="bold"
        )
        _fill(figure, panel, monitoring, window, (left, bottom, width, height))
    return _small_png(figure)


def _small_png(figure: Figure) -> bytes:
    whole, small = io.BytesIO(), io.BytesIO()
    figure.savefig(whole, format="png", facecolor=BACK)
    PIL.Image.open(whole).convert("RGB").quantize(160).save(small, format="png", optimize=True)
    return small.getvalue()


def _fill(
    figure: Figure,
    panel: Mapping[str, Any],
    monitoring: Monitoring,
    window: int,
    place: tuple[float, float, float, float],
) -> None:
    left, bottom, width, height = place
    series = [
        drawn for target in panel["targets"] for drawn in _ask(target, panel["type"], monitoring, window)
    ]
    if panel["type"] == "timeseries":
        axes = figure.add_axes(
            (left + 0.035, bottom + height * 0.29, width - 0.045, height * 0.57), facecolor=PANEL
        )
        draw_lines(axes, series, panel, _alerts(monitoring, window))
        return
    axes = figure.add_axes((left + 0.008, bottom + height * 0.05, width - 0.016, height * 0.76))
    axes.set_axis_off()
    axes.set_navigate(False)
    {"stat": draw_number, "bargauge": draw_bars, "table": draw_table}[panel["type"]](axes, series, panel)


def _alerts(monitoring: Monitoring, window: int) -> list[float]:
    """Return when alerts began to fire, in minutes from now, as Grafana marks them."""
    now = time.time()
    asked = {"start": f"{now - window}", "end": f"{now}", "step": "1"}
    firing = monitoring.api("query_range", query='ALERTS{alertname=~"Jnd.*",alertstate="firing"}', **asked)
    return [(float(each["values"][0][0]) - now) / 60 for each in firing["result"]]


def _ask(target: Mapping[str, Any], kind: str, monitoring: Monitoring, window: int) -> list[Drawn]:
    expression = substitute(target["expr"], interval=_INTERVAL, window=f"{window}s")
    if kind != "timeseries":
        found = monitoring.api("query", query=expression)["result"]
        return [_drawn(each["metric"], [each["value"]], target) for each in found]
    now = time.time()
    step = max(1, window // 240)
    parameters = {"start": f"{now - window + 15}", "end": f"{now}", "step": f"{step}"}
    found = monitoring.api("query_range", query=expression, **parameters)["result"]
    return [_drawn(each["metric"], each["values"], target) for each in found]


def _drawn(labels: Mapping[str, str], samples: Sequence[Sequence[Any]], target: Mapping[str, Any]) -> Drawn:
    name = target["legendFormat"]
    if name == "__auto":
        name = ", ".join(value for key, value in labels.items() if key != "__name__")
    for key, value in labels.items():
        name = name.replace(f"{{{{{key}}}}}", value)
    name = name.replace("{{", "").replace("}}", "") if labels else name.split("{{")[0].strip(" :(")
    return Drawn(
        name,
        [float(t) for t, _ in samples],
        [float(v) for _, v in samples],
        labels | {"ref": target["refId"]},
    )


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 240.0)
