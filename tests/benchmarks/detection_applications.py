"""Other people's applications, served on this machine, by which what flags screens is developed.

They come from PyPI and npm, each group in an environment of its own outside this repository, given by
`--applications`:

    python3 -m venv DIR/dev  && DIR/dev/bin/pip install jupyterlab tensorboard streamlit datasette
    python3 -m venv DIR/more && DIR/more/bin/pip install gradio marimo nicegui mkdocs-material
    python3 -m venv DIR/held && DIR/held/bin/pip install dash panel netron sqlite-web locust
    npm install --prefix DIR/npm swagger-ui-dist ace-builds chart.js monaco-editor redoc reveal.js echarts \
        node-red tabulator-tables tinymce ag-grid-community fullcalendar quill plotly.js-dist-min cytoscape \
        mermaid docsify

All but the first four and three of npm were held out until what they showed was mended; which are now:
`detection_held_out_applications.py`. An application that is not there is left out, and said to be.
"""

import json
import sqlite3
import subprocess
from pathlib import Path

from detection_application import Application, npm, pypi, write, write_all
from detection_application_contents import (
    CONTENTS,
    DASHBOARD,
    GRADIO,
    MARIMO,
    MKDOCS,
    NICEGUI,
    NPM_PAGES,
    OPENAPI,
    STREAMLIT,
    TENSORBOARD,
    notebook,
)
from detection_further_contents import DASH, FURTHER_PAGES, HARBOUR, LOCUST, NETWORK, PANEL

_API = {"openapi.json": json.dumps(OPENAPI)}


def write_notebooks(_applications: Path, own: Path) -> None:
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


DEVELOPMENT = (
    pypi(
        "jupyterlab",
        "dev/bin/jupyter-lab",
        write_notebooks,
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
    npm("swagger-ui", "swagger-ui-dist", NPM_PAGES["swagger"], _API),
    npm("ace", "ace-builds", NPM_PAGES["ace"]),
    npm("chart.js", "chart.js", DASHBOARD),
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
    npm("monaco-editor", "monaco-editor", NPM_PAGES["monaco"]),
    npm("redoc", "redoc", NPM_PAGES["redoc"], _API),
    npm("reveal.js", "reveal.js", NPM_PAGES["reveal"]),
    npm("echarts", "echarts", NPM_PAGES["echarts"]),
    npm("tabulator", "tabulator-tables", NPM_PAGES["tabulator"]),
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
    npm("tinymce", "tinymce", FURTHER_PAGES["tinymce"]),
    npm("ag-grid", "ag-grid-community", FURTHER_PAGES["ag-grid"]),
    npm("fullcalendar", "fullcalendar", FURTHER_PAGES["fullcalendar"]),
    npm("quill", "quill", FURTHER_PAGES["quill"]),
    npm("plotly", "plotly.js-dist-min", FURTHER_PAGES["plotly"]),
    npm("cytoscape", "cytoscape", FURTHER_PAGES["cytoscape"]),
    npm("mermaid", "mermaid", FURTHER_PAGES["mermaid"]),
    npm("docsify", "docsify", FURTHER_PAGES["docsify"], {"harbour.md": HARBOUR}),
)
