"""Other people's applications that are held out: named before any result of one was looked at.

    python3 -m venv DIR/fresh && DIR/fresh/bin/pip install nbclassic ipykernel "glances[web]" django \
        optuna-dashboard shiny sphinx furo bokeh pandas
    npm install --ignore-scripts --prefix DIR/npm codemirror@5 leaflet handsontable vis-network vis-timeline \
        @xterm/xterm uplot @excalidraw/excalidraw@0.17 react@18 react-dom@18 grapesjs bpmn-js pdfjs-dist@3 \
        antd@5 dayjs jkanban frappe-gantt tiddlywiki

Once what they show has been mended, they belong to `detection_applications.py`, and others come here.
"""

import subprocess
from pathlib import Path

from detection_application import Application, npm, pypi, serve_own, write, write_all
from detection_applications import write_notebooks
from detection_held_out_contents import BOKEH, DJANGO, FURO, HELD_OUT_PAGES, SHINY, TRIALS, WIKI, lease


def _trials(applications: Path, own: Path) -> None:
    subprocess.run([applications / "fresh/bin/python", "-c", TRIALS], cwd=own, check=True)


def _walks(applications: Path, own: Path) -> None:
    write_all({f"source/{name}": text for name, text in FURO.items()})(applications, own)
    build = [applications / "fresh/bin/sphinx-build", "-q", own / "source", own]
    subprocess.run(build, check=True)


def _wiki(applications: Path, own: Path) -> None:
    tiddlywiki = applications / "npm/node_modules/tiddlywiki/tiddlywiki.js"
    subprocess.run(
        ["node", tiddlywiki, own / "wiki", "--init", "server"], check=True, stdout=subprocess.DEVNULL
    )
    write_all({f"wiki/tiddlers/{name}.tid": text for name, text in WIKI.items()})(applications, own)


HELD_OUT = (
    pypi(
        "nbclassic",
        "fresh/bin/jupyter-nbclassic",
        write_notebooks,
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
    npm("codemirror", "codemirror", HELD_OUT_PAGES["codemirror"]),
    npm("leaflet", "leaflet", HELD_OUT_PAGES["leaflet"]),
    npm("handsontable", "handsontable", HELD_OUT_PAGES["handsontable"]),
    npm("vis-network", "vis-network", HELD_OUT_PAGES["vis-network"]),
    npm("vis-timeline", "vis-timeline", HELD_OUT_PAGES["vis-timeline"]),
    npm("xterm", "@xterm/xterm", HELD_OUT_PAGES["xterm"]),
    npm("uplot", "uplot", HELD_OUT_PAGES["uplot"]),
    npm("excalidraw", "@excalidraw/excalidraw", HELD_OUT_PAGES["excalidraw"]),
    npm("grapesjs", "grapesjs", HELD_OUT_PAGES["grapesjs"]),
    npm("bpmn-js", "bpmn-js", HELD_OUT_PAGES["bpmn"]),
    npm("pdf.js", "pdfjs-dist", HELD_OUT_PAGES["pdf.js"], {"lease.pdf": lease()}),
    npm("antd", "antd", HELD_OUT_PAGES["antd"]),
    npm("jkanban", "jkanban", HELD_OUT_PAGES["jkanban"]),
    npm("frappe-gantt", "frappe-gantt", HELD_OUT_PAGES["frappe-gantt"]),
)
