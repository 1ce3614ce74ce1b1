"""What is shown in other people's applications: notebooks, dashboards, pages of documentation, an API."""

from typing import Any

STREAMLIT = """
import time, numpy, pandas, streamlit
streamlit.set_page_config(layout="wide")
streamlit.title("Shop")
count = streamlit.slider("Days", 10, 100, 40)
name = streamlit.text_input("Customer", "Ada")
streamlit.checkbox("Only open orders")
streamlit.selectbox("City", ["Oslo", "Lima", "Kyoto"])
left, right = streamlit.columns(2)
numbers = numpy.random.default_rng(count).normal(size=(count, 3)).cumsum(0)
left.line_chart(pandas.DataFrame(numbers, columns=["a", "b", "c"]))
right.dataframe(pandas.DataFrame(numbers.round(2)))
@streamlit.fragment(run_every=1)
def clock():
    streamlit.metric("Time", time.strftime("%H:%M:%S"))
    streamlit.progress(int(time.time()) % 20 / 20)
clock()
"""

TENSORBOARD = """
import math, sys, time
from tensorboard.compat.proto import event_pb2, summary_pb2
from tensorboard.summary.writer.event_file_writer import EventFileWriter
for run in range(3):
    writer = EventFileWriter(f"{sys.argv[1]}/run{run}")
    for step in range(200):
        values = [summary_pb2.Summary.Value(tag=f"{kind}/{name}", simple_value=math.exp(-step / 60) + (run + step * 7 % 5) / 40)
                  for kind in ("train", "valid") for name in ("loss", "error", "rate")]
        writer.add_event(event_pb2.Event(wall_time=time.time(), step=step, summary=summary_pb2.Summary(value=values)))
    writer.close()
"""

GRADIO = """
import sys, time, gradio, numpy
def blur(strength, words):
    rows, columns = numpy.mgrid[0:240, 0:320]
    shades = 128 + 60 * numpy.sin(rows / (5 + strength)) + 60 * numpy.cos(columns / (7 + strength))
    return numpy.stack([shades, shades[::-1], 255 - shades], -1).clip(0, 255).astype("uint8"), words.upper()
with gradio.Blocks() as page:
    gradio.Markdown("# Filters")
    with gradio.Row():
        strength, words = gradio.Slider(1, 40, 8, label="Strength"), gradio.Textbox("some words", label="Words")
    with gradio.Tab("Picture"):
        picture, told = gradio.Image(), gradio.Textbox(label="Told")
        gradio.Button("Run").click(blur, [strength, words], [picture, told])
    with gradio.Tab("Table"):
        gradio.Dataframe([[n, n * n, n ** 3] for n in range(12)], headers=["n", "square", "cube"])
    clock = gradio.Textbox(label="Time")
    gradio.Timer(1).tick(lambda: time.strftime("%H:%M:%S"), outputs=clock)
page.launch(server_name="127.0.0.1", server_port=int(sys.argv[1]), share=False)
"""

MARIMO = """
import marimo
app = marimo.App()
@app.cell
def _():
    import marimo as mo
    steps = mo.ui.slider(1, 50, value=12, label="steps")
    mo.vstack([mo.md("# Interest"), steps, mo.ui.text("Ada", label="name")])
    return mo, steps
@app.cell
def _(mo, steps):
    mo.ui.table([{"year": n, "balance": round(100 * 1.03**n, 2)} for n in range(steps.value)])
if __name__ == "__main__":
    app.run()
"""

NICEGUI = """
import sys, time
from nicegui import ui
with ui.header():
    ui.label("Workshop")
    ui.switch("Dark", on_change=lambda event: ui.dark_mode(event.value))
with ui.row():
    with ui.card():
        ui.input("Name", value="Ada")
        ui.button("Save", on_click=lambda: ui.notify("Saved"))
        ui.slider(min=0, max=100, value=30)
        ui.spinner(size="lg")
        bar = ui.linear_progress(0.1)
    with ui.card():
        clock = ui.label()
        ui.table(rows=[{"part": f"P{n}", "stock": n * 13 % 40} for n in range(9)])
    with ui.card():
        ui.date()
def tick():
    clock.set_text(time.strftime("%H:%M:%S"))
    bar.set_value((bar.value + 0.07) % 1)
ui.timer(0.7, tick)
ui.run(host="127.0.0.1", port=int(sys.argv[1]), show=False, reload=False, title="Workshop")
"""

MKDOCS = """
site_name: Handbook
theme: {name: material, font: false, features: [navigation.instant, navigation.tabs], palette: [
  {scheme: default, toggle: {icon: material/weather-sunny, name: dark}},
  {scheme: slate, toggle: {icon: material/weather-night, name: light}}]}
plugins: [search]
"""
_PARAGRAPH = (
    "The pump is set to two bar before anything else is opened. Whoever starts it reads the list first, "
    "writes the hour beside it, and waits until the needle rests. Three valves follow, from left to right.\n\n"
)
CONTENTS = {
    "index.md": "# Handbook\n\n"
    + _PARAGRAPH * 3
    + "```python\npump.open(bar=2)\npump.wait()\n```\n\n"
    + _PARAGRAPH * 4,
    "setting-up.md": "# Setting up\n\n" + "## A step\n\n".join([_PARAGRAPH * 2] * 6),
    "numbers.md": "# Numbers\n\n| valve | bar |\n|---|---|\n"
    + "".join(f"| {n} | {n * 3} |\n" for n in range(20)),
}

OPENAPI: dict[str, Any] = {
    "openapi": "3.0.0",
    "info": {"title": "Shop", "version": "1.2", "description": _PARAGRAPH},
    "paths": {
        f"/{thing}": {
            verb: {
                "summary": f"{verb} {thing}",
                "parameters": [{"name": "limit", "in": "query", "schema": {"type": "integer"}}],
                "responses": {"200": {"description": _PARAGRAPH}, "404": {"description": "None."}},
            }
            for verb in ("get", "post", "delete")
        }
        for thing in ("orders", "customers", "returns", "payments")
    },
}


def notebook(number: int) -> dict[str, Any]:
    """Write a notebook of a few cells, with what they print."""
    cells: list[dict[str, Any]] = [
        {
            "cell_type": "markdown",
            "id": f"m{number}",
            "metadata": {},
            "source": f"# Sales {number}\n\n{_PARAGRAPH}",
        }
    ]
    for index in range(4 + number):
        lines = "".join(f"{row:4d}  {(row * 37 + number) % 101:8.2f}\n" for row in range(6))
        output = {"output_type": "stream", "name": "stdout", "text": lines}
        source = f"total = sum(order.price for order in orders[{index}:])\nprint(total)\n"
        cell = {"cell_type": "code", "id": f"c{index}", "metadata": {}, "execution_count": index + 1}
        cells.append(cell | {"source": source, "outputs": [output]})
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}


def _page(head: str, body: str) -> str:
    return f'<!doctype html><meta charset="utf-8"><head>{head}</head><body style="margin:0">{body}</body>'


_CODE = "".join(
    f"def step_{n}(orders):\\n    return [each * {n} for each in orders if each]\\n\\n" for n in range(30)
)
DASHBOARD = _page(
    '<script src="/node_modules/chart.js/dist/chart.umd.js"></script>',
    """<h2 style="font:20px sans-serif;padding:10px">Requests <span id=t></span></h2>
<div style="display:grid;grid-template-columns:1fr 1fr"><div><canvas id=a></canvas></div><div><canvas id=b></canvas></div></div>
<script>const row = n => [...Array(30).keys()].map(x => 50 + 30 * Math.sin((x + n) / 4) + (x * 37 + n * 11) % 17);
const make = (id, type) => new Chart(document.getElementById(id), {type, data: {labels: [...Array(30).keys()],
  datasets: [{label: "in", data: row(0)}, {label: "out", data: row(9)}]}});
const charts = [make("a", "line"), make("b", "bar")]; let n = 0;
setInterval(() => { n++; document.getElementById("t").textContent = new Date().toLocaleTimeString();
  for (const chart of charts) { chart.data.datasets.forEach((set, i) => set.data = row(n + 9 * i)); chart.update(); } }, 900);
</script>""",
)
NPM_PAGES = {
    "swagger": _page(
        '<link rel="stylesheet" href="/node_modules/swagger-ui-dist/swagger-ui.css">'
        '<script src="/node_modules/swagger-ui-dist/swagger-ui-bundle.js"></script>',
        '<div id="ui"></div><script>SwaggerUIBundle({url: "/openapi.json", dom_id: "#ui"})</script>',
    ),
    "redoc": _page(
        "",
        '<redoc spec-url="/openapi.json"></redoc><script src="/node_modules/redoc/bundles/redoc.standalone.js"></script>',
    ),
    "ace": _page(
        '<script src="/node_modules/ace-builds/src-min/ace.js"></script>',
        f"""<div id="e" style="height:100vh"></div><script>ace.config.set("basePath", "/node_modules/ace-builds/src-min");
const editor = ace.edit("e"); editor.setValue("{_CODE}", -1); editor.session.setMode("ace/mode/python");
editor.setTheme("ace/theme/monokai"); editor.focus()</script>""",
    ),
    "monaco": _page(
        '<script src="/node_modules/monaco-editor/min/vs/loader.js"></script>',
        f"""<div id="e" style="height:100vh"></div><script>require.config({{paths: {{vs: "/node_modules/monaco-editor/min/vs"}}}});
require(["vs/editor/editor.main"], () => monaco.editor.create(document.getElementById("e"),
  {{value: "{_CODE}", language: "python"}}).focus())</script>""",
    ),
    "reveal": _page(
        '<link rel="stylesheet" href="/node_modules/reveal.js/dist/reveal.css">'
        '<link rel="stylesheet" href="/node_modules/reveal.js/dist/theme/black.css">',
        '<div class="reveal"><div class="slides">'
        + "".join(
            f"<section><h2>Step {n}</h2><ul><li>open valve {n}<li>wait</ul></section>" for n in range(12)
        )
        + '</div></div><script src="/node_modules/reveal.js/dist/reveal.js"></script><script>Reveal.initialize()</script>',
    ),
    "echarts": _page(
        '<script src="/node_modules/echarts/dist/echarts.min.js"></script>',
        """<div style="display:grid;grid-template-columns:1fr 1fr"><div id="a" style="height:48vh"></div>
<div id="b" style="height:48vh"></div><div id="c" style="height:48vh"></div><div id="d" style="height:48vh"></div></div><script>
const row = n => [...Array(24).keys()].map(x => Math.round(60 + 40 * Math.cos((x + n) / 3) + (x * 31 + n * 7) % 23));
const made = ["line", "bar", "scatter", "line"].map((type, i) => [echarts.init(document.getElementById("abcd"[i]),
  i == 3 ? "dark" : null), type]); let n = 0;
const draw = () => { n++; made.forEach(([chart, type], i) => chart.setOption({title: {text: type + " " + n}, tooltip: {trigger: "axis"},
  xAxis: {data: [...Array(24).keys()]}, yAxis: {}, series: [{type, data: row(n + 5 * i), areaStyle: i == 3 ? {} : null}]})); };
draw(); setInterval(draw, 1200)</script>""",
    ),
    "tabulator": _page(
        '<link rel="stylesheet" href="/node_modules/tabulator-tables/dist/css/tabulator.min.css">'
        '<script src="/node_modules/tabulator-tables/dist/js/tabulator.min.js"></script>',
        """<div id="t"></div><script>new Tabulator("#t", {height: "90vh", layout: "fitColumns", selectableRows: true, pagination: true,
data: [...Array(200).keys()].map(n => ({id: n, name: "Order " + n, price: n * 37 % 911, done: n * 13 % 100, state: ["open", "paid"][n % 2]})),
columns: [{title: "Nr", field: "id"}, {title: "Name", field: "name", editor: "input"}, {title: "Price", field: "price"},
{title: "Done", field: "done", formatter: "progress"}, {title: "State", field: "state", editor: "list", editorParams: {values: ["open", "paid"]}}]})</script>""",
    ),
}
