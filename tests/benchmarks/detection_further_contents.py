"""What is shown in further applications: dashboards, a network, a load, editors, drawings."""

from typing import Any

DASH = """
import sys, numpy, plotly.graph_objects as go
from dash import Dash, Input, Output, dash_table, dcc, html
app = Dash(__name__, serve_locally=True)
app.layout = html.Div([html.H3("Water"), dcc.Dropdown(["North", "South", "East"], "North", id="place"),
    dcc.Slider(1, 12, 1, value=4, id="months"), dcc.Graph(id="levels"), dcc.Checklist(["rain", "wind"], ["rain"]),
    dash_table.DataTable([{"day": n, "level": round(3 + n * 7 % 11 / 4, 2)} for n in range(40)], page_size=9,
        sort_action="native", filter_action="native"), dcc.Interval(id="tick", interval=1200)])
@app.callback(Output("levels", "figure"), Input("place", "value"), Input("months", "value"), Input("tick", "n_intervals"))
def draw(place, months, tick):
    rng = numpy.random.default_rng(len(place or "x"))
    figure = go.Figure([go.Scatter(y=rng.normal(size=30 * months).cumsum(), name=place), go.Bar(y=rng.random(30 * months))])
    return figure.update_layout(height=330, title=f"Level, look {tick}", uirevision="same")
app.run(host="127.0.0.1", port=int(sys.argv[1]), debug=False)
"""

PANEL = """
import time, numpy, panel, pandas
from bokeh.plotting import figure
panel.extension("tabulator")
waves = panel.widgets.IntSlider(name="Waves", start=1, end=12, value=3)
@panel.depends(waves)
def curve(count):
    plot, x = figure(height=280, width=520), numpy.linspace(0, 10, 400)
    plot.line(x, numpy.sin(count * x))
    plot.scatter(x[::20], numpy.cos(count * x[::20]), size=8)
    return plot
clock = panel.pane.Markdown("")
def tick():
    clock.object = "## " + time.strftime("%H:%M:%S")
panel.state.add_periodic_callback(tick, 800)
table = panel.widgets.Tabulator(pandas.DataFrame({"a": range(30), "b": [n * n % 17 for n in range(30)]}), page_size=8)
panel.template.FastListTemplate(title="Waves", sidebar=[waves, panel.widgets.TextInput(name="Name"),
    panel.widgets.Checkbox(name="Log"), panel.indicators.Progress(value=40, width=200)], main=[clock, curve, table]).servable()
"""

LOCUST = """
from locust import HttpUser, constant, task
class Reader(HttpUser):
    wait_time = constant(1)
    @task
    def read(self):
        self.client.get("/orders")
"""

NETWORK: dict[str, Any] = {  # a network of Keras, as Netron reads it
    "class_name": "Sequential",
    "config": {
        "name": "digits",
        "layers": [
            {
                "class_name": kind,
                "config": {
                    "name": f"{kind.lower()}_{number}",
                    "filters": 8 * number,
                    "units": 10,
                    "kernel_size": [3, 3],
                },
            }
            for number, kind in enumerate(
                ["Conv2D", "MaxPooling2D", "Conv2D", "MaxPooling2D", "Flatten", "Dense", "Dropout", "Dense"],
                start=1,
            )
        ],
    },
}


def _page(head: str, body: str) -> str:
    return f'<!doctype html><meta charset="utf-8"><head>{head}</head><body style="margin:0">{body}</body>'


_TEXT = "".join(
    f"<h3>Part {n}</h3><p>The boat leaves at {n + 6} and comes back when the lamp on the pier is lit. Whoever "
    "waits there writes down the wind, the swell and the names of those who went.</p>"
    for n in range(1, 8)
)
_ORDERS = "[...Array(300).keys()].map(n => ({id: n, name: 'Boat ' + n, length: n * 37 % 91, crew: n % 5, state: ['out', 'in'][n % 2]}))"

FURTHER_PAGES = {
    "tinymce": _page(
        '<script src="/node_modules/tinymce/tinymce.min.js"></script>',
        f"""<textarea id="e">{_TEXT}</textarea><script>tinymce.init({{selector: "#e", height: 780, license_key: "gpl",
plugins: "lists link table code", toolbar: "undo redo | bold italic | bullist numlist | table code", promotion: false}})</script>""",
    ),
    "ag-grid": _page(
        '<script src="/node_modules/ag-grid-community/dist/ag-grid-community.min.js"></script>',
        f"""<div id="g" style="height:95vh"></div><script>agGrid.createGrid(document.getElementById("g"), {{rowData: {_ORDERS},
rowSelection: {{mode: "multiRow"}}, pagination: true, defaultColDef: {{filter: true, editable: true, flex: 1}},
columnDefs: ["id", "name", "length", "crew", "state"].map(field => ({{field}}))}})</script>""",
    ),
    "fullcalendar": _page(
        '<link rel="stylesheet" href="/node_modules/fullcalendar/skeleton.css"><script src="/node_modules/fullcalendar/all/global.js"></script>',
        """<div id="c" style="max-width:1100px;margin:10px auto"></div><script>new FullCalendar.Calendar(document.getElementById("c"),
{initialDate: "2026-03-12", editable: true, selectable: true, nowIndicator: true, height: 740,
headerToolbar: {left: "prev,next today", center: "title", right: "dayGridMonth,timeGridWeek,listWeek"},
events: [...Array(25).keys()].map(n => ({title: "Tour " + n, start: `2026-03-${String(n % 28 + 1).padStart(2, "0")}T${String(8 + n % 9).padStart(2, "0")}:00:00`}))}).render()</script>""",
    ),
    "quill": _page(
        '<link rel="stylesheet" href="/node_modules/quill/dist/quill.snow.css"><script src="/node_modules/quill/dist/quill.js"></script>',
        f"""<div id="e" style="height:700px">{_TEXT}</div><script>new Quill("#e", {{theme: "snow",
modules: {{toolbar: [[{{header: [1, 2, false]}}], ["bold", "italic", "underline"], [{{list: "ordered"}}], [{{color: []}}]]}}}}).focus()</script>""",
    ),
    "plotly": _page(
        '<script src="/node_modules/plotly.js-dist-min/plotly.min.js"></script>',
        """<div style="display:grid;grid-template-columns:1fr 1fr">
<div id="a" style="height:47vh"></div><div id="b" style="height:47vh"></div>
<div id="c" style="height:47vh"></div><div id="d" style="height:47vh"></div></div><script>
const row = n => [...Array(40).keys()].map(x => 5 * Math.sin((x + n) / 5) + (x * 31 + n * 7) % 9);
Plotly.newPlot("a", [{y: row(0)}, {y: row(9), type: "bar"}], {title: {text: "Swell"}});
Plotly.newPlot("b", [{z: [...Array(20).keys()].map(n => row(n)), type: "heatmap"}]);
Plotly.newPlot("c", [{values: [3, 5, 8], labels: ["in", "out", "lost"], type: "pie", hole: .4}]);
Plotly.newPlot("d", [{x: row(3), y: row(8), mode: "markers", type: "scatter"}], {hovermode: "closest"});
let n = 0; setInterval(() => Plotly.restyle("a", {y: [row(++n)]}, [0]), 1000)</script>""",
    ),
    "cytoscape": _page(
        '<script src="/node_modules/cytoscape/dist/cytoscape.min.js"></script>',
        """<div id="c" style="height:98vh"></div><script>const nodes = [...Array(40).keys()].map(n => ({data: {id: "n" + n}}));
const edges = [...Array(55).keys()].map(n => ({data: {source: "n" + n % 40, target: "n" + (n * 7 + 3) % 40}}));
cytoscape({container: document.getElementById("c"), elements: [...nodes, ...edges], layout: {name: "circle"},
style: [{selector: "node", style: {label: "data(id)", "background-color": "#3a7"}}, {selector: ":selected", style: {"background-color": "#c33"}}]})</script>""",
    ),
    "mermaid": _page(
        '<script src="/node_modules/mermaid/dist/mermaid.min.js"></script>',
        """<h2 style="font:20px serif;padding:10px">How a tour goes</h2><pre class="mermaid">flowchart LR
A[Ask] --> B{Wind?} --> |low| C[Go] --> D[Row] --> E[Land]
B --> |high| F[Wait] --> A
D --> G[(Log)] --> H[Report]</pre><pre class="mermaid">sequenceDiagram
Boat->>Pier: leaving
Pier-->>Boat: noted
Boat->>Pier: back</pre><details><summary>More</summary><p>The log is kept for a year.</p></details>
<input placeholder="Search"><button>Print</button><select><option>North<option>South</select><script>mermaid.initialize({startOnLoad: true})</script>""",
    ),
    "docsify": _page(
        '<link rel="stylesheet" href="/node_modules/docsify/dist/themes/core.css">',
        """<div id="app"></div><script>window.$docsify = {name: "Harbour", homepage: "harbour.md", loadSidebar: false, auto2top: true}</script>
<script src="/node_modules/docsify/dist/docsify.min.js"></script>""",
    ),
}
HARBOUR = "\n\n".join(
    f"## Pier {n}\n\nBoats of up to {n * 4} metres. The lamp is lit at dusk.\n\n```sh\nlamp --pier {n} on\n```\n\n| hour | boats |\n|---|---|\n"
    + "".join(f"| {hour} | {hour * n % 7} |\n" for hour in range(6, 12))
    for n in range(1, 7)
)
