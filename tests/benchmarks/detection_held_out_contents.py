"""What is shown in the applications that are held out: an administration, trials, a wiki, maps, boards, a terminal."""

DJANGO = """
import sys, django
from django.conf import settings
settings.configure(DEBUG=True, SECRET_KEY="x", ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], STATIC_URL="/static/", USE_TZ=True,
    INSTALLED_APPS=["django.contrib." + name for name in ("admin", "auth", "contenttypes", "sessions", "messages", "staticfiles")],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "clinic.db"}},
    MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware", "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware", __name__ + ".known"],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True, "OPTIONS": {"context_processors": [
        "django.template.context_processors.request", "django.contrib.auth.context_processors.auth",
        "django.contrib.messages.context_processors.messages"]}}])
def known(answer):
    def answered(request):
        from django.contrib.auth.models import User
        request.user = User.objects.get(username="nurse")
        return answer(request)
    return answered
sys.modules[settings.ROOT_URLCONF] = sys.modules["__main__"]
django.setup()
from django.contrib import admin
from django.core.management import call_command
from django.urls import path
urlpatterns = [path("admin/", admin.site.urls)]
call_command("migrate", verbosity=0)
from django.contrib.auth.models import Group, User
if not User.objects.exists():
    User.objects.create_superuser("nurse", "nurse@clinic.example", "x")
    for number in range(60):
        User.objects.create(username=f"patient{number}", first_name=["Ida", "Jon", "Kim"][number % 3], email=f"p{number}@clinic.example")
    for name in ("ward", "pharmacy", "desk"):
        Group.objects.create(name=name)
call_command("runserver", f"127.0.0.1:{sys.argv[1]}", use_reloader=False)
"""

TRIALS = """
import optuna
optuna.logging.set_verbosity(optuna.logging.ERROR)
study = optuna.create_study(storage="sqlite:///trials.db", study_name="glaze", direction="minimize")
for number in range(40):
    trial = study.ask()
    heat, hours = trial.suggest_float("heat", 700, 1300), trial.suggest_int("hours", 1, 12)
    trial.suggest_categorical("clay", ["red", "white", "black"])
    study.tell(trial, abs(heat - 1040) / 100 + (hours - 7) ** 2 / 9)
"""

SHINY = """
import time, numpy, pandas
from shiny import App, reactive, render, ui
page = ui.page_sidebar(ui.sidebar(ui.input_slider("trees", "Trees", 5, 90, 30), ui.input_text("owner", "Owner", "Nils"),
    ui.input_select("kind", "Kind", ["oak", "larch", "birch"]), ui.input_switch("old", "Only old ones"),
    ui.input_radio_buttons("unit", "Unit", ["m", "ft"]), ui.input_action_button("go", "Count")),
    ui.layout_columns(ui.value_box("Time", ui.output_text("clock")), ui.value_box("Height", ui.output_text("height"))),
    ui.navset_card_tab(ui.nav_panel("Table", ui.output_data_frame("table")), ui.nav_panel("Notes", ui.input_text_area("notes", "Notes"))),
    title="Forest")
def server(input, output, session):
    @render.text
    def clock():
        reactive.invalidate_later(1)
        return time.strftime("%H:%M:%S")
    @render.text
    def height():
        return f"{input.trees() * 0.7:.1f} {input.unit()}"
    @render.data_frame
    def table():
        rng = numpy.random.default_rng(len(input.kind()))
        return render.DataGrid(pandas.DataFrame({"tree": range(input.trees()), "height": rng.normal(20, 4, input.trees()).round(1)}), filters=True)
app = App(page, server)
"""

BOKEH = """
import numpy
from bokeh.io import curdoc
from bokeh.layouts import column, row
from bokeh.models import ColumnDataSource, DataTable, Select, Slider, TableColumn
from bokeh.plotting import figure
rng = numpy.random.default_rng(4)
points = ColumnDataSource({"x": rng.normal(size=200), "y": rng.normal(size=200)})
beat = ColumnDataSource({"t": [], "v": []})
cloud = figure(height=340, width=460, tools="pan,wheel_zoom,box_select,lasso_select,hover,reset", title="Cloud")
cloud.scatter("x", "y", source=points, size=7, alpha=.6)
pulse = figure(height=340, width=520, title="Pulse")
pulse.line("t", "v", source=beat)
def step():
    t = len(beat.data["t"])
    beat.stream({"t": [t], "v": [60 + 9 * numpy.sin(t / 3) + rng.normal()]}, 80)
table = DataTable(source=points, columns=[TableColumn(field=name, title=name) for name in "xy"], width=460, height=260)
curdoc().add_root(column(row(Slider(title="Ward", start=1, end=9, value=3), Select(title="Bed", options=["1", "2", "3"])),
    row(cloud, pulse), table))
curdoc().add_periodic_callback(step, 700)
"""

_HILLS = (
    "The path turns north behind the mill and climbs between two walls. In spring the lower half is wet; take the "
    "upper one, which is longer and has a bench at every bend."
)
FURO = {
    "conf.py": "project = 'Walks'\nhtml_theme = 'furo'\n",
    "index.rst": "Walks\n=====\n\n.. toctree::\n\n   hills\n   coast\n\n" + f"{_HILLS}\n\n" * 5,
    "hills.rst": "Hills\n=====\n\n"
    + "".join(
        f"Hill {n}\n------\n\n{_HILLS}\n\n.. note:: Bring {n} ropes.\n\n::\n\n   gate --open {n}\n   gate --close {n}\n\n"
        for n in range(1, 8)
    ),
    "coast.rst": "Coast\n=====\n\n.. list-table::\n\n"
    + "".join(f"   * - Bay {n}\n     - {n * 3} km\n" for n in range(1, 15)),
}

WIKI = {
    name: f"title: {name}\ntags: kitchen\n\n! {name}\n\n* [[Bread]]\n* [[Soup]]\n\n|!spoon|!gram|\n"
    + "".join(f"|{n}|{n * 15}|\n" for n in range(1, 9))
    + f"\n{_HILLS}\n"
    for name in ("Bread", "Soup", "Stew", "Cake")
}
# What opens first.
WIKI["DefaultTiddlers"] = "title: $:/DefaultTiddlers\n\n[[Bread]] [[Soup]]\n"


def _page(head: str, body: str) -> str:
    return f'<!doctype html><meta charset="utf-8"><head>{head}</head><body style="margin:0">{body}</body>'


_PLAIN = "function lamp(pier, hours) {\\n  // lit from dusk\\n  const oil = hours * 0.3;\\n  return pier.map(p => ({...p, oil}));\\n}\\n\\n"
_TASKS = "[...Array(9).keys()].map(n => ({id: 't' + n, title: 'Repair wall ' + n}))"

HELD_OUT_PAGES = {
    "codemirror": _page(
        '<link rel="stylesheet" href="/node_modules/codemirror/lib/codemirror.css"><link rel="stylesheet" href="/node_modules/codemirror/theme/dracula.css">'
        '<script src="/node_modules/codemirror/lib/codemirror.js"></script><script src="/node_modules/codemirror/mode/javascript/javascript.js"></script>'
        '<script src="/node_modules/codemirror/addon/selection/active-line.js"></script><style>.CodeMirror { height: 100vh; font-size: 15px }</style>',
        f"""<script>CodeMirror(document.body, {{value: "{_PLAIN * 8}", mode: "javascript", lineNumbers: true, styleActiveLine: true,
theme: innerWidth > 1500 ? "dracula" : "default"}}).focus()</script>""",
    ),
    "leaflet": _page(
        '<link rel="stylesheet" href="/node_modules/leaflet/dist/leaflet.css"><script src="/node_modules/leaflet/dist/leaflet.js"></script>',
        """<div id="m" style="height:100vh"></div><script>const map = L.map("m").setView([47.1, 8.3], 12);
const Tiles = L.GridLayer.extend({createTile(at) { const tile = document.createElement("canvas"); tile.width = tile.height = 256;
const pen = tile.getContext("2d"); pen.fillStyle = `hsl(${90 + (at.x * 37 + at.y * 91) % 50} 40% 84%)`; pen.fillRect(0, 0, 256, 256);
for (let n = 0; n < 9; n++) { pen.strokeStyle = ["#fff", "#f3c16f", "#9ab"][n % 3]; pen.lineWidth = 1 + n % 4; pen.beginPath();
pen.moveTo(0, (n * 53 + at.y * 17) % 256); pen.bezierCurveTo(90, n * 20, 160, 250 - n * 20, 256, (n * 71 + at.x * 29) % 256); pen.stroke(); }
pen.fillStyle = "#567"; pen.font = "11px sans-serif"; pen.fillText("Farm " + (at.x + at.y) % 97, 70, 120); return tile }});
new Tiles().addTo(map); for (let n = 0; n < 12; n++) L.circleMarker([47.05 + n % 4 * .03, 8.2 + n % 5 * .04], {radius: 9}).bindPopup("Well " + n).addTo(map);
L.polygon([[47.08, 8.25], [47.13, 8.27], [47.11, 8.36]], {color: "#a33"}).bindTooltip("Field").addTo(map); L.control.scale().addTo(map)</script>""",
    ),
    "handsontable": _page(
        '<link rel="stylesheet" href="/node_modules/handsontable/dist/handsontable.full.min.css">'
        '<script src="/node_modules/handsontable/dist/handsontable.full.min.js"></script>',
        """<div id="s"></div><script>new Handsontable(document.getElementById("s"), {licenseKey: "non-commercial-and-evaluation", height: 760,
data: [...Array(120).keys()].map(n => ["Hive " + n, n * 17 % 43, (n * 7.3 % 11).toFixed(1), n % 3 == 0, ["calm", "busy"][n % 2]]),
colHeaders: ["Hive", "Frames", "Honey", "Fed", "Mood"], rowHeaders: true, contextMenu: true, dropdownMenu: true, filters: true, columnSorting: true,
columns: [{}, {type: "numeric"}, {}, {type: "checkbox"}, {type: "dropdown", source: ["calm", "busy"]}], colWidths: 170})</script>""",
    ),
    "vis-network": _page(
        '<script src="/node_modules/vis-network/standalone/umd/vis-network.min.js"></script>',
        """<div id="n" style="height:98vh"></div><script>new vis.Network(document.getElementById("n"), {
nodes: [...Array(30).keys()].map(id => ({id, label: "Stop " + id, group: id % 4, shape: ["dot", "box", "ellipse", "diamond"][id % 4]})),
edges: [...Array(38).keys()].map(n => ({from: n % 30, to: (n * 11 + 4) % 30, arrows: "to"}))}, {interaction: {hover: true, navigationButtons: true}})</script>""",
    ),
    "vis-timeline": _page(
        '<link rel="stylesheet" href="/node_modules/vis-timeline/styles/vis-timeline-graph2d.min.css">'
        '<script src="/node_modules/vis-timeline/standalone/umd/vis-timeline-graph2d.min.js"></script>',
        """<h2 style="font:22px serif;padding:10px">Excavation</h2><div id="t"></div><script>new vis.Timeline(document.getElementById("t"),
[...Array(40).keys()].map(n => ({id: n, group: n % 5, content: "Layer " + n, start: new Date(2026, n % 9, 1 + n % 27), end: new Date(2026, n % 9, 9 + n % 27 + n % 8)})),
[...Array(5).keys()].map(id => ({id, content: "Trench " + id})), {editable: true, height: 680})</script>""",
    ),
    "xterm": _page(
        '<link rel="stylesheet" href="/node_modules/@xterm/xterm/css/xterm.css"><script src="/node_modules/@xterm/xterm/lib/xterm.js"></script>',
        """<div id="t" style="height:100vh"></div><script>const term = new Terminal({rows: 44, cols: 140, cursorBlink: true}); term.open(document.getElementById("t"));
term.write("\\x1b[1;32mkeeper@lamp\\x1b[0m:~$ ls -l\\r\\n"); for (let n = 0; n < 24; n++)
term.write(`-rw-r--r-- 1 keeper keeper ${String(n * 977 % 90000).padStart(6)} Mar ${n + 1} \\x1b[3${n % 7 + 1}mlog-${n}.txt\\x1b[0m\\r\\n`);
term.write("$ "); term.onData(text => term.write(text.replace(/\\r/g, "\\r\\n$ "))); term.focus();
let n = 0; setInterval(() => { if (++n % 4 == 0) term.write(`\\r\\n[${n}] lamp ${n * 37 % 100} % oil\\r\\n$ `) }, 700)</script>""",
    ),
    "uplot": _page(
        '<link rel="stylesheet" href="/node_modules/uplot/dist/uPlot.min.css"><script src="/node_modules/uplot/dist/uPlot.iife.min.js"></script>'
        "<style>body { background: #111217; color: #ccccdc; font: 13px sans-serif } .p { background: #181b1f; border: 1px solid #2c2f36; margin: 6px; padding: 8px }</style>",
        """<div style="display:flex;gap:12px;padding:8px"><b>Turbine hall</b><select><option>Last 5 minutes<option>Last hour</select><button>Refresh</button>
<span id="age"></span></div><div id="g" style="display:grid;grid-template-columns:1fr 1fr 1fr"></div><script>
const names = ["Load", "Heat", "Flow", "Noise", "Errors", "Pressure"], width = innerWidth / 3 - 40, height = innerHeight / 2 - 130; let n = 0;
const row = i => [...Array(90).keys()].map(x => 50 + 30 * Math.sin((x + n + i * 9) / (7 + i)) + ((x + n) * 7919 + i * 31) % 13);
const data = i => [[...Array(90).keys()].map(x => x + n), row(i), row(i + 3)];
const axis = {stroke: "#ccccdc", grid: {stroke: "#2c2f36", width: 1}};
const made = names.map((name, i) => { const own = document.createElement("div"); own.className = "p"; own.innerHTML = `<b>${name}</b><div class="v">0</div>`;
document.getElementById("g").append(own); return [new uPlot({width, height, scales: {x: {time: false}}, axes: [axis, axis],
series: [{}, {label: "a", stroke: "#73bf69", fill: i % 2 ? "#73bf6922" : undefined}, {label: "b", stroke: "#f2cc0c"}]}, data(i), own), own.querySelector(".v")]; });
setInterval(() => { n++; age.textContent = n + " s"; made.forEach(([plot, value], i) => { plot.setData(data(i)); value.textContent = row(i)[89].toFixed(1) }) }, 1000)</script>""",
    ),
    "excalidraw": _page(
        '<script>window.EXCALIDRAW_ASSET_PATH = "/node_modules/@excalidraw/excalidraw/dist/"</script><script src="/node_modules/react/umd/react.production.min.js"></script>'
        '<script src="/node_modules/react-dom/umd/react-dom.production.min.js"></script>'
        '<script src="/node_modules/@excalidraw/excalidraw/dist/excalidraw.production.min.js"></script>',
        """<div id="x" style="height:100vh"></div><script>const shape = (n, type, more) => ({type, x: 260 + n % 4 * 190, y: 140 + (n / 4 | 0) * 150, width: 130, height: 80, ...more});
ReactDOM.createRoot(document.getElementById("x")).render(React.createElement(ExcalidrawLib.Excalidraw, {initialData: {elements:
ExcalidrawLib.convertToExcalidrawElements([...Array(12).keys()].map(n => shape(n, ["rectangle", "ellipse", "diamond"][n % 3],
{backgroundColor: ["#ffc9c9", "#b2f2bb", "transparent"][n % 3], label: {text: "Step " + n}})))}}))</script>""",
    ),
    "grapesjs": _page(
        '<link rel="stylesheet" href="/node_modules/grapesjs/dist/css/grapes.min.css"><script src="/node_modules/grapesjs/dist/grapes.min.js"></script>',
        f"""<div id="g"><h1>Village hall</h1><p>{_HILLS}</p><div style="display:flex;gap:12px"><div style="background:#eef;padding:20px">Dance</div>
<div style="background:#fee;padding:20px">Choir</div></div><p>{_HILLS}</p></div><script>const editor = grapesjs.init({{container: "#g", fromElement: true,
height: "98vh", storageManager: false}}); ["Text", "Picture", "Columns", "Button"].forEach(label => editor.BlockManager.add(label, {{label, content: `<div>${{label}}</div>`}}))</script>""",
    ),
    "bpmn": _page(
        '<link rel="stylesheet" href="/node_modules/bpmn-js/dist/assets/diagram-js.css"><link rel="stylesheet" href="/node_modules/bpmn-js/dist/assets/bpmn-js.css">'
        '<link rel="stylesheet" href="/node_modules/bpmn-js/dist/assets/bpmn-font/css/bpmn.css"><script src="/node_modules/bpmn-js/dist/bpmn-modeler.production.min.js"></script>',
        """<div id="b" style="height:98vh"></div><script>const m = new BpmnJS({container: "#b"}); m.createDiagram().then(() => {
const factory = m.get("elementFactory"), modeling = m.get("modeling"), root = m.get("canvas").getRootElement(); let last = null;
for (let n = 0; n < 7; n++) { const made = modeling.createShape(factory.createShape({type: ["bpmn:Task", "bpmn:ExclusiveGateway", "bpmn:UserTask"][n % 3]}),
{x: 300 + n % 4 * 190, y: 200 + (n / 4 | 0) * 190}, root); modeling.updateLabel(made, "Weigh " + n); if (last) modeling.connect(last, made); last = made } })</script>""",
    ),
    "pdf.js": _page(
        '<script src="/node_modules/pdfjs-dist/legacy/build/pdf.js"></script>'
        "<style>body { background: #525659 } canvas { display: block; margin: 14px auto } #h { position: sticky; top: 0; background: #323639; color: #fff; padding: 8px; font: 14px sans-serif }</style>",
        """<div id="h"><button onclick="zoom(.9)">-</button><button onclick="zoom(1.1)">+</button><input value="1" size="3"> of 4 <button>Print</button></div><div id="d"></div><script>
pdfjsLib.GlobalWorkerOptions.workerSrc = "/node_modules/pdfjs-dist/legacy/build/pdf.worker.js"; let size = 1.2, book = null;
const draw = async () => { d.textContent = ""; for (let n = 1; n <= book.numPages; n++) { const page = await book.getPage(n), view = page.getViewport({scale: size});
const canvas = document.createElement("canvas"); canvas.width = view.width; canvas.height = view.height; d.append(canvas);
await page.render({canvasContext: canvas.getContext("2d"), viewport: view}).promise } };
const zoom = by => { size *= by; draw() }; pdfjsLib.getDocument("/lease.pdf").promise.then(read => { book = read; draw() })</script>""",
    ),
    "antd": _page(
        '<link rel="stylesheet" href="/node_modules/antd/dist/reset.css"><script src="/node_modules/react/umd/react.production.min.js"></script>'
        '<script src="/node_modules/react-dom/umd/react-dom.production.min.js"></script><script src="/node_modules/dayjs/dayjs.min.js"></script>'
        '<script src="/node_modules/antd/dist/antd.min.js"></script>',
        """<div id="a"></div><script>const e = React.createElement, {Button, Card, DatePicker, Input, Menu, Progress, Rate, Select, Slider, Spin, Switch, Table, Tabs} = antd;
const Page = () => { const [n, step] = React.useState(0); React.useEffect(() => { const t = setInterval(() => step(k => k + 1), 900); return () => clearInterval(t) }, []);
return e("div", {style: {display: "flex"}}, e(Menu, {style: {width: 200, height: "100vh"}, mode: "inline", items: ["Herd", "Milk", "Feed", "Vet"].map(key => ({key, label: key}))}),
e("div", {style: {padding: 20, flex: 1}}, e(Tabs, {items: ["Today", "Week", "Year"].map(key => ({key, label: key}))}), e("div", {style: {display: "flex", gap: 12, marginBottom: 12}},
e(Input, {placeholder: "Cow"}), e(DatePicker), e(Select, {style: {width: 160}, defaultValue: "a", options: ["a", "b", "c"].map(value => ({value, label: "Barn " + value}))}), e(Switch), e(Rate), e(Spin), e(Button, {type: "primary"}, "Milk")),
e(Slider, {defaultValue: 30}), e(Progress, {percent: n * 3 % 100}), e(Card, {title: "Liters"}, e(Table, {size: "small", pagination: {pageSize: 7}, rowSelection: {},
columns: ["cow", "liters", "barn"].map(key => ({title: key, dataIndex: key, sorter: true})), dataSource: [...Array(40).keys()].map(k => ({key: k, cow: "Cow " + k, liters: k * 13 % 31, barn: "abc"[k % 3]}))})))) };
ReactDOM.createRoot(document.getElementById("a")).render(e(Page))</script>""",
    ),
    "jkanban": _page(
        '<link rel="stylesheet" href="/node_modules/jkanban/dist/jkanban.min.css"><script src="/node_modules/jkanban/dist/jkanban.min.js"></script>'
        "<style>body { background: #f4f5f7; font: 14px sans-serif } .kanban-item:hover { background: #ebecf0 }</style>",
        f"""<h2 style="padding:12px">Walls</h2><input placeholder="Filter"><button>Mine</button><div id="k"></div><script>const tasks = {_TASKS};
new jKanban({{element: "#k", gutter: "14px", itemAddOptions: {{enabled: true, content: "Add", class: "a", footer: true}},
boards: ["Waiting", "Doing", "Dry", "Done"].map((title, i) => ({{id: "b" + i, title, item: tasks.slice(i, i + 5 - i).map(each => ({{...each, id: each.id + i}}))}}))}})</script>""",
    ),
    "frappe-gantt": _page(
        '<link rel="stylesheet" href="/node_modules/frappe-gantt/dist/frappe-gantt.css"><script src="/node_modules/frappe-gantt/dist/frappe-gantt.umd.js"></script>',
        """<h2 style="font:22px sans-serif;padding:10px">Bridge</h2><button onclick="chart.change_view_mode('Week')">Week</button><button onclick="chart.change_view_mode('Day')">Day</button>
<svg id="g"></svg><div id="h"></div><script>const chart = new Gantt("#h", [...Array(14).keys()].map(n => ({id: "p" + n, name: "Pier " + n, progress: n * 17 % 100,
start: `2026-03-${String(n + 1).padStart(2, "0")}`, end: `2026-03-${String(n + 6).padStart(2, "0")}`, dependencies: n % 3 ? "p" + (n - 1) : ""})), {view_mode: "Day", scroll_to: "start"})</script>""",
    ),
}


def _lease(page: int) -> str:
    lines = [
        f"Lease, part {page}",
        *(f"{page}.{n} {_HILLS[n * 5 % 60 : n * 5 % 60 + 74]}" for n in range(1, 34)),
    ]
    return "BT /F1 12 Tf 60 740 Td 20 TL " + "".join(f"({line}) Tj T* " for line in lines) + "ET"


def lease() -> str:
    """Write a PDF of four pages of text."""
    numbers = range(4)
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in numbers)
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(numbers)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Times-Roman >>",
    ]
    for n in numbers:
        stream = _lease(n + 1)
        objects += [
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 800] /Contents {5 + 2 * n} 0 R"
            " /Resources << /Font << /F1 3 0 R >> >> >>",
            f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream",
        ]
    text, offsets = "%PDF-1.4\n", []
    for number, each in enumerate(objects, start=1):
        offsets.append(len(text))
        text += f"{number} 0 obj\n{each}\nendobj\n"
    table = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    trailer = f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(text)}\n%%EOF\n"
    return f"{text}xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}{trailer}"
