"""Other people's applications, served on this machine: what is shown in them, and how they are started.

Development and held-out ones are parted here by name, before any result of either was looked at. They come
from PyPI and npm, each group in an environment of its own outside this repository, given by `--applications`:

    python3 -m venv DIR/dev  && DIR/dev/bin/pip install jupyterlab tensorboard streamlit datasette
    python3 -m venv DIR/more && DIR/more/bin/pip install gradio marimo nicegui mkdocs-material
    python3 -m venv DIR/held && DIR/held/bin/pip install dash panel netron sqlite-web locust mlflow
    npm install --prefix DIR/npm swagger-ui-dist ace-builds chart.js monaco-editor redoc reveal.js echarts \
        node-red tabulator-tables tinymce ag-grid-community fullcalendar quill plotly.js-dist-min cytoscape \
        mermaid docsify

Those in `more`, and of npm those up to `tabulator-tables`, were held out until what they showed was mended.

An application that is not there is left out, and said to be.
"""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

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
from detection_held_out_contents import DASH, HARBOUR, HELD_OUT_PAGES, LOCUST, NETWORK, PANEL


@dataclass(frozen=True)
class Application:
    """One that can be started."""

    name: str
    program: str  # below the folder of applications; without it, it cannot be started
    prepare: Callable[[Path, Path], None]  # (folder of applications, own folder) -> writes what is shown
    command: Callable[[Path, Path, int], list[str]]  # ... and port -> its command line
    paths: tuple[str, ...]  # below the address, each a session's start


def _write(name: str, text: str) -> Callable[[Path, Path], None]:
    def prepare(_applications: Path, own: Path) -> None:
        (own / name).parent.mkdir(parents=True, exist_ok=True)
        (own / name).write_text(text, encoding="utf-8")

    return prepare


def _notebooks(_applications: Path, own: Path) -> None:
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


def _network(_applications: Path, own: Path) -> None:
    (own / "net.json").write_text(json.dumps(NETWORK), encoding="utf-8")


def _site(_applications: Path, own: Path) -> None:
    (own / "docs").mkdir(exist_ok=True)
    (own / "mkdocs.yml").write_text(MKDOCS, encoding="utf-8")
    for name, text in CONTENTS.items():
        (own / "docs" / name).write_text(text, encoding="utf-8")


def _pages(applications: Path, own: Path) -> None:
    modules = own / "node_modules"
    if not modules.is_symlink():
        modules.symlink_to((applications / "npm/node_modules").resolve())
    (own / "harbour.md").write_text(HARBOUR, encoding="utf-8")
    (own / "openapi.json").write_text(json.dumps(OPENAPI), encoding="utf-8")
    for name, text in {**NPM_PAGES, **HELD_OUT_PAGES, "chart": DASHBOARD}.items():
        (own / f"{name}.html").write_text(text, encoding="utf-8")


def _npm(name: str, package: str, *pages: str) -> Application:
    def command(_applications: Path, own: Path, port: int) -> list[str]:
        return [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "-d", str(own)]

    return Application(name, f"npm/node_modules/{package}", _pages, command, pages)


def _pypi(
    name: str,
    program: str,
    prepare: Callable[[Path, Path], None],
    arguments: Callable[[Path, int], list[str]],
    *paths: str,
) -> Application:
    def command(applications: Path, own: Path, port: int) -> list[str]:
        return [str(applications / program), *arguments(own, port)]

    return Application(name, program, prepare, command, paths)


DEVELOPMENT = (
    _pypi(
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
    _pypi(
        "tensorboard",
        "dev/bin/tensorboard",
        _events,
        lambda own, port: [f"--logdir={own}", f"--port={port}", "--host=127.0.0.1"],
        "/#timeseries",
        "/#scalars",
    ),
    _pypi(
        "streamlit",
        "dev/bin/streamlit",
        _write("app.py", STREAMLIT),
        lambda own, port: [
            *("run", str(own / "app.py"), f"--server.port={port}", "--server.headless=true"),
            *("--server.address=127.0.0.1", "--browser.gatherUsageStats=false"),
        ],
        "/",
    ),
    _pypi(
        "datasette",
        "dev/bin/datasette",
        _database,
        lambda own, port: [str(own / "shop.db"), "-p", str(port)],
        "/shop/orders",
        "/shop",
    ),
    _npm("swagger-ui", "swagger-ui-dist", "/swagger.html"),
    _npm("ace", "ace-builds", "/ace.html"),
    _npm("chart.js", "chart.js", "/chart.html"),
    _pypi(
        "gradio",
        "more/bin/python",
        _write("app.py", GRADIO),
        lambda own, port: [str(own / "app.py"), str(port)],
        "/",
    ),
    _pypi(
        "marimo",
        "more/bin/marimo",
        _write("book.py", MARIMO),
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
    _pypi(
        "nicegui",
        "more/bin/python",
        _write("app.py", NICEGUI),
        lambda own, port: [str(own / "app.py"), str(port)],
        "/",
    ),
    _pypi(
        "mkdocs-material",
        "more/bin/mkdocs",
        _site,
        lambda own, port: ["serve", "-q", "-f", str(own / "mkdocs.yml"), "-a", f"127.0.0.1:{port}"],
        "/",
        "/setting-up/",
    ),
    _npm("monaco-editor", "monaco-editor", "/monaco.html"),
    _npm("redoc", "redoc", "/redoc.html"),
    _npm("reveal.js", "reveal.js", "/reveal.html"),
    _npm("echarts", "echarts", "/echarts.html"),
    _npm("tabulator", "tabulator-tables", "/tabulator.html"),
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
)
HELD_OUT = (
    _pypi(
        "dash",
        "held/bin/python",
        _write("app.py", DASH),
        lambda own, port: [str(own / "app.py"), str(port)],
        "/",
    ),
    _pypi(
        "panel",
        "held/bin/panel",
        _write("app.py", PANEL),
        lambda own, port: ["serve", str(own / "app.py"), f"--port={port}", "--address=127.0.0.1"],
        "/app",
    ),
    _pypi(
        "netron",
        "held/bin/netron",
        _network,
        lambda own, port: [str(own / "net.json"), f"--port={port}", "--host=127.0.0.1"],
        "/",
    ),
    _pypi(
        "sqlite-web",
        "held/bin/sqlite_web",
        _database,
        lambda own, port: [str(own / "shop.db"), "-p", str(port), "-x"],
        "/orders/content/",
        "/orders/query/",
    ),
    _pypi(
        "locust",
        "held/bin/locust",
        _write("locustfile.py", LOCUST),
        lambda own, port: [
            *("-f", str(own / "locustfile.py"), "--web-host=127.0.0.1", f"--web-port={port}"),
            *("--autostart", "--users=5", "--spawn-rate=1", "--host=http://127.0.0.1:9"),
        ],
        "/",
    ),
    _npm("tinymce", "tinymce", "/tinymce.html"),
    _npm("ag-grid", "ag-grid-community", "/ag-grid.html"),
    _npm("fullcalendar", "fullcalendar", "/fullcalendar.html"),
    _npm("quill", "quill", "/quill.html"),
    _npm("plotly", "plotly.js-dist-min", "/plotly.html"),
    _npm("cytoscape", "cytoscape", "/cytoscape.html"),
    _npm("mermaid", "mermaid", "/mermaid.html"),
    _npm("docsify", "docsify", "/docsify.html"),
)
