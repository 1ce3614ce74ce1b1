"""Other people's applications, served on this machine, by which what flags screens is developed.

They come from PyPI and npm, each group in an environment of its own outside this repository, given by
`--applications`:

    python3 -m venv DIR/dev   && DIR/dev/bin/pip install jupyterlab tensorboard streamlit datasette
    python3 -m venv DIR/more  && DIR/more/bin/pip install gradio marimo nicegui mkdocs-material
    python3 -m venv DIR/held  && DIR/held/bin/pip install dash panel netron sqlite-web locust
    python3 -m venv DIR/fresh && DIR/fresh/bin/pip install nbclassic ipykernel "glances[web]" django \
        optuna-dashboard shiny sphinx furo bokeh pandas
    npm install --ignore-scripts --prefix DIR/npm swagger-ui-dist ace-builds chart.js monaco-editor redoc \
        reveal.js echarts node-red tabulator-tables tinymce ag-grid-community fullcalendar quill \
        plotly.js-dist-min cytoscape mermaid docsify codemirror@5 leaflet handsontable vis-network \
        vis-timeline @xterm/xterm uplot @excalidraw/excalidraw@0.17 react@18 react-dom@18 grapesjs bpmn-js \
        pdfjs-dist@3 antd@5 dayjs jkanban frappe-gantt tiddlywiki

All but the first four and three of npm were held out until what they showed was mended; which are now:
`detection_held_out_applications.py`. An application that is not there is left out, and said to be.
"""

import json
import sqlite3
import subprocess
from pathlib import Path

from detection_application import Application, npm, pypi, serve_own, write, write_all
from detection_application_contents import (
    CONTENTS,
    GRADIO,
    MARIMO,
    MKDOCS,
    NICEGUI,
    OPENAPI,
    STREAMLIT,
    TENSORBOARD,
    notebook,
)
from detection_further_contents import (
    BOKEH,
    DASH,
    DJANGO,
    FURO,
    HARBOUR,
    LOCUST,
    NETWORK,
    PANEL,
    SHINY,
    TRIALS,
    WIKI,
    lease,
)

_API = {"openapi.json": json.dumps(OPENAPI)}


def _notebooks(_applications: Path, own: Path) -> None:
    """Write three notebooks."""
    for number in range(3):
        (own / f"sales {number}.ipynb").write_text(json.dumps(notebook(number)), encoding="utf-8")


def _database(_applications: Path, own: Path) -> None:
    with sqlite3.connect(own / "shop.db") as shop:
        shop.execute("create table orders (id integer primary key, customer text, city text, total real)")
        names, cities = ("Ada", "Ben", "Cleo", "Dmitri", "Eve"), ("Oslo", "Lima", "Kyoto", "Accra")
        rows = [(names[n * 7 % 5], cities[n * 3 % 4], n * 37.5 % 911) for n in range(400)]
        shop.executemany("insert into orders (customer, city, total) values (?, ?, ?)", rows)


def _events(applications: Path, own: Path) -> None:
    subprocess.run([applications / "dev/bin/python", "-c", TENSORBOARD, str(own)], check=True)


def _trials(applications: Path, own: Path) -> None:
    subprocess.run([applications / "fresh/bin/python", "-c", TRIALS], cwd=own, check=True)


def _walks(applications: Path, own: Path) -> None:
    write_all({f"source/{name}": text for name, text in FURO.items()})(applications, own)
    build = applications / "fresh/bin/sphinx-build"
    subprocess.run([build, "-q", str(own / "source"), str(own)], check=True)


def _wiki(applications: Path, own: Path) -> None:
    tiddlywiki = applications / "npm/node_modules/tiddlywiki/tiddlywiki.js"
    subprocess.run(
        ["node", tiddlywiki, own / "wiki", "--init", "server"], check=True, stdout=subprocess.DEVNULL
    )
    write_all({f"wiki/tiddlers/{name}.tid": text for name, text in WIKI.items()})(applications, own)


DEVELOPMENT = (
    pypi(
        "jupyterlab",
        "dev/bin/jupyter-lab",
        _notebooks,
        lambda own, port: [
            *(
                "--no-browser",
                "--allow-root",
                f"--port={port}",
                "--IdentityProvider.token=",
                "--port-retries=0",
            ),
            f"--ServerApp.root_dir={own}",
        ],
        "/lab/tree/sales%200.ipynb?reset",
        "/lab/tree/sales%201.ipynb?reset",
    ),
    pypi(
        "tensorboard",
        "dev/bin/tensorboard",
        _events,
        lambda own, port: [f"--logdir={own}", f"--port={port}", "--host=127.0.0.1"],
        "/#timeseries",
        "/#scalars",
    ),
    pypi(
        "streamlit",
        "dev/bin/streamlit",
        write("app.py", STREAMLIT),
        lambda own, port: [
            *("run", str(own / "app.py"), f"--server.port={port}", "--server.headless=true"),
            *("--server.address=127.0.0.1", "--browser.gatherUsageStats=false"),
        ],
        "/",
    ),
    pypi(
        "datasette",
        "dev/bin/datasette",
        _database,
        lambda own, port: [str(own / "shop.db"), "-p", str(port)],
        "/shop/orders",
        "/shop",
    ),
    npm("swagger-ui", "swagger-ui-dist", _API),
    npm("ace", "ace-builds"),
    npm("chart.js", "chart.js"),
    pypi(
        "gradio",
        "more/bin/python",
        write("app.py", GRADIO),
        lambda own, port: [str(own / "app.py"), str(port)],
        "/",
    ),
    pypi(
        "marimo",
        "more/bin/marimo",
        write("book.py", MARIMO),
        lambda own, port: [
            *(
                "edit",
                str(own / "book.py"),
                "-p",
                str(port),
                "--headless",
                "--no-token",
                "--skip-update-check",
            ),
        ],
        "/",
    ),
    pypi(
        "nicegui",
        "more/bin/python",
        write("app.py", NICEGUI),
        lambda own, port: [str(own / "app.py"), str(port)],
        "/",
    ),
    pypi(
        "mkdocs-material",
        "more/bin/mkdocs",
        write_all({"mkdocs.yml": MKDOCS, **{f"docs/{name}": text for name, text in CONTENTS.items()}}),
        lambda own, port: ["serve", "-q", "-f", str(own / "mkdocs.yml"), "-a", f"127.0.0.1:{port}"],
        "/",
        "/setting-up/",
    ),
    npm("monaco-editor", "monaco-editor"),
    npm("redoc", "redoc", _API),
    npm("reveal.js", "reveal.js"),
    npm("echarts", "echarts"),
    npm("tabulator", "tabulator-tables"),
    Application(
        "node-red",
        "npm/node_modules/node-red/red.js",
        lambda _applications, _own: None,
        lambda applications, own, port: [
            *("node", str(applications / "npm/node_modules/node-red/red.js")),
            *("-u", str(own), "-p", str(port), "-D", "uiHost=127.0.0.1"),
        ],
        ("/",),
    ),
    Application(
        "storybook",
        "storybook/node_modules/.bin/storybook",
        lambda _applications, _own: None,
        lambda applications, _own, port: [
            *(
                "sh",
                "-c",
                f"cd '{applications}/storybook' && exec node_modules/.bin/storybook dev -p {port} --ci",
            ),
        ],
        ("/?path=/story/controls-button--primary", "/?path=/story/data-table--rows"),
    ),
    pypi(
        "dash",
        "held/bin/python",
        write("app.py", DASH),
        lambda own, port: [str(own / "app.py"), str(port)],
        "/",
    ),
    pypi(
        "panel",
        "held/bin/panel",
        write("app.py", PANEL),
        lambda own, port: ["serve", str(own / "app.py"), f"--port={port}", "--address=127.0.0.1"],
        "/app",
    ),
    pypi(
        "netron",
        "held/bin/netron",
        write("net.json", json.dumps(NETWORK)),
        lambda own, port: [str(own / "net.json"), f"--port={port}", "--host=127.0.0.1"],
        "/",
    ),
    pypi(
        "sqlite-web",
        "held/bin/sqlite_web",
        _database,
        lambda own, port: [str(own / "shop.db"), "-p", str(port), "-x"],
        "/orders/content/",
        "/orders/query/",
    ),
    pypi(
        "locust",
        "held/bin/locust",
        write("locustfile.py", LOCUST),
        lambda own, port: [
            *("-f", str(own / "locustfile.py"), "--web-host=127.0.0.1", f"--web-port={port}"),
            *("--autostart", "--users=5", "--spawn-rate=1", "--host=http://127.0.0.1:9"),
        ],
        "/",
    ),
    npm("tinymce", "tinymce"),
    npm("ag-grid", "ag-grid-community"),
    npm("fullcalendar", "fullcalendar"),
    npm("quill", "quill"),
    npm("plotly", "plotly.js-dist-min"),
    npm("cytoscape", "cytoscape"),
    npm("mermaid", "mermaid"),
    npm("docsify", "docsify", {"harbour.md": HARBOUR}),
    pypi(
        "nbclassic",
        "fresh/bin/jupyter-nbclassic",
        _notebooks,
        lambda own, port: [
            *("--no-browser", "--allow-root", f"--port={port}", "--ServerApp.token=", "--port-retries=0"),
            *("--ServerApp.password=", f"--ServerApp.root_dir={own}"),
        ],
        "/notebooks/sales%200.ipynb",
        "/tree",
    ),
    pypi(
        "django-admin",
        "fresh/bin/python",
        write("app.py", DJANGO),
        lambda own, port: [str(own / "app.py"), str(port)],
        "/admin/auth/user/",
        "/admin/auth/user/5/change/",
    ),
    pypi(
        "optuna-dashboard",
        "fresh/bin/optuna-dashboard",
        _trials,
        lambda own, port: [f"sqlite:///{own}/trials.db", "--host=127.0.0.1", f"--port={port}"],
        "/dashboard/studies/1",
    ),
    pypi(
        "shiny",
        "fresh/bin/shiny",
        write("app.py", SHINY),
        lambda own, port: ["run", str(own / "app.py"), f"--port={port}", "--host=127.0.0.1"],
        "/",
    ),
    pypi(
        "glances",
        "fresh/bin/glances",
        write("readme.txt", ""),
        lambda _own, port: ["-w", "-B", "127.0.0.1", "-p", str(port), "--disable-check-update"],
        "/",
    ),
    pypi(
        "bokeh",
        "fresh/bin/bokeh",
        write("app.py", BOKEH),
        lambda own, port: ["serve", str(own / "app.py"), f"--port={port}", "--address=127.0.0.1"],
        "/app",
    ),
    Application("furo", "fresh/bin/sphinx-build", _walks, serve_own, ("/hills.html",)),
    Application(
        "tiddlywiki",
        "npm/node_modules/tiddlywiki/tiddlywiki.js",
        _wiki,
        lambda applications, own, port: [
            *("node", str(applications / "npm/node_modules/tiddlywiki/tiddlywiki.js"), str(own / "wiki")),
            *("--listen", f"port={port}", "host=127.0.0.1"),
        ],
        ("/",),
    ),
    npm("codemirror", "codemirror"),
    npm("leaflet", "leaflet"),
    npm("handsontable", "handsontable"),
    npm("vis-network", "vis-network"),
    npm("vis-timeline", "vis-timeline"),
    npm("xterm", "@xterm/xterm"),
    npm("uplot", "uplot"),
    npm("excalidraw", "@excalidraw/excalidraw"),
    npm("grapesjs", "grapesjs"),
    npm("bpmn-js", "bpmn-js"),
    npm("pdf.js", "pdfjs-dist", {"lease.pdf": lease()}),
    npm("antd", "antd"),
    npm("jkanban", "jkanban"),
    npm("frappe-gantt", "frappe-gantt"),
)
