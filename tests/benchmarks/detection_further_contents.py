"""What is shown in further applications: dashboards, a network, an administration, trials, a wiki, a lease."""

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

HARBOUR = "\n\n".join(
    f"## Pier {n}\n\nBoats of up to {n * 4} metres. The lamp is lit at dusk.\n\n```sh\nlamp --pier {n} on\n```\n\n| hour | boats |\n|---|---|\n"
    + "".join(f"| {hour} | {hour * n % 7} |\n" for hour in range(6, 12))
    for n in range(1, 7)
)

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
