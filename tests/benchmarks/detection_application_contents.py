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
