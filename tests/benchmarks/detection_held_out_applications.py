"""Other people's applications that are held out: named before any result of one was looked at.

    python3 -m venv DIR/site && DIR/site/bin/pip install wagtail sqladmin greenlet uvicorn itsdangerous trac \
        "setuptools<80" coverage robotframework textual-serve textual pywebio
    python3 -m venv DIR/chat && DIR/chat/bin/pip install chainlit
    npm install --ignore-scripts --prefix DIR/npm x-data-spreadsheet jsvectormap highcharts diff2html \
        mind-elixir deep-chat matter-js vue@3 quasar naive-ui @shoelace-style/shoelace jquery \
        jquery.terminal dhtmlx-gantt @event-calendar/build datatables.net-dt vanilla-jsoneditor abcjs \
        jsxgraph dygraphs openseadragon 98.css epubjs jszip survey-core survey-js-ui maildev verdaccio \
        webpack-bundle-analyzer @scalar/api-reference phaser

Once what they show has been mended, they are for development (`detection_applications.py`), and others come
here.
"""

import shlex
import subprocess
import sys
from pathlib import Path

from detection_application import Application, npm, pypi, serve_own, with_further, write, write_all
from detection_held_out_contents import BUNDLE, FARM_API, MILL, PACKAGES, ROBOT, book, plates
from detection_held_out_programs import (
    BOATS,
    CHAT,
    GARDEN,
    LETTERS,
    ORCHARD,
    SCHOOL,
    SERVE_BOATS,
    TICKETS,
)


def _school(applications: Path, own: Path) -> None:
    subprocess.run(
        [applications / "site/bin/wagtail", "start", "school", str(own)],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    write("signed_in.py", SCHOOL)(applications, own)


def _tickets(applications: Path, own: Path) -> None:
    environment, program = str(own / "yard"), applications / "site/bin"
    subprocess.run(
        [program / "trac-admin", environment, "initenv", "Yard", "sqlite:db/trac.db"],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    subprocess.run(
        [program / "trac-admin", environment, "permission", "add", "anonymous", "TRAC_ADMIN"], check=True
    )
    subprocess.run([program / "python", "-c", TICKETS, environment], check=True)


def _covered(applications: Path, own: Path) -> None:
    write_all(MILL)(applications, own)
    coverage = str(applications / "site/bin/coverage")
    subprocess.run([coverage, "run", "run.py"], cwd=own, check=True)
    subprocess.run([coverage, "html", "-q", "-d", "."], cwd=own, check=True)


def _robot(applications: Path, own: Path) -> None:
    write("sluices.robot", ROBOT)(applications, own)
    subprocess.run(
        [applications / "site/bin/robot", "sluices.robot"], cwd=own, check=False, stdout=subprocess.DEVNULL
    )


def _nothing(_applications: Path, _own: Path) -> None:
    """Write nothing."""


def _letter_box(applications: Path, own: Path, port: int) -> list[str]:
    """Take letters beside the page that shows them."""
    write("letters.py", LETTERS)(applications, own)
    sender = shlex.join([sys.executable, "letters.py", str(port + 1)])
    box = [
        "node",
        str(applications / "npm/node_modules/maildev/dist/bin/maildev.js"),
        "-w",
        str(port),
        "-s",
        str(port + 1),
    ]
    return ["sh", "-c", f"{sender} & exec {shlex.join([*box, '--ip', '127.0.0.1', '--web-ip', '127.0.0.1'])}"]


HELD_OUT = (
    pypi(
        "wagtail",
        "site/bin/python",
        _school,
        lambda _own, port: ["signed_in.py", str(port)],
        "/admin/pages/3/",
        "/admin/users/",
    ),
    pypi(
        "sqladmin",
        "site/bin/python",
        write("app.py", GARDEN),
        lambda _own, port: ["app.py", str(port)],
        "/admin/plant/list",
        "/admin/plant/details/3",
    ),
    pypi(
        "trac",
        "site/bin/tracd",
        _tickets,
        lambda own, port: ["-s", "--hostname=127.0.0.1", f"--port={port}", str(own / "yard")],
        "/report/1",
        "/ticket/7",
    ),
    Application("coverage", "site/bin/coverage", _covered, serve_own, ("/mill_py.html",)),
    Application("robotframework", "site/bin/robot", _robot, serve_own, ("/log.html",)),
    pypi(
        "textual",
        "site/bin/python",
        write_all({"boats.py": BOATS, "serve.py": SERVE_BOATS}),
        lambda _own, port: ["serve.py", str(port)],
        "/",
    ),
    pypi(
        "pywebio",
        "site/bin/python",
        write("app.py", ORCHARD),
        lambda _own, port: ["app.py", str(port)],
        "/",
    ),
    pypi(
        "chainlit",
        "chat/bin/chainlit",
        write("chat.py", CHAT),
        lambda _own, port: ["run", "chat.py", "--host=127.0.0.1", f"--port={port}", "--headless"],
        "/",
    ),
    Application("maildev", "npm/node_modules/maildev/dist/bin/maildev.js", _nothing, _letter_box, ("/",)),
    Application(
        "verdaccio",
        "npm/node_modules/verdaccio/bin/verdaccio",
        write_all(PACKAGES),
        lambda applications, _own, port: [
            *("node", str(applications / "npm/node_modules/verdaccio/bin/verdaccio")),
            *("--listen", f"127.0.0.1:{port}", "--config", "config.yaml"),
        ],
        ("/", "/-/web/detail/mallet"),
    ),
    Application(
        "webpack-bundle-analyzer",
        "npm/node_modules/webpack-bundle-analyzer/lib/bin/analyzer.js",
        write_all(BUNDLE),
        lambda applications, _own, port: [
            *("node", str(applications / "npm/node_modules/webpack-bundle-analyzer/lib/bin/analyzer.js")),
            *("stats.json", "--mode=server", "--host=127.0.0.1", f"--port={port}", "--no-open"),
        ],
        ("/",),
    ),
    npm("x-data-spreadsheet", "x-data-spreadsheet"),
    npm("jsvectormap", "jsvectormap"),
    npm("highcharts", "highcharts"),
    npm("diff2html", "diff2html"),
    npm("mind-elixir", "mind-elixir"),
    npm("deep-chat", "deep-chat"),
    npm("matter-js", "matter-js"),
    npm("quasar", "quasar"),
    npm("naive-ui", "naive-ui"),
    npm("shoelace", "@shoelace-style/shoelace"),
    npm("jquery.terminal", "jquery.terminal"),
    npm("dhtmlx-gantt", "dhtmlx-gantt"),
    npm("event-calendar", "@event-calendar/build"),
    npm("datatables", "datatables.net-dt"),
    npm("jsoneditor", "vanilla-jsoneditor"),
    npm("abcjs", "abcjs"),
    npm("jsxgraph", "jsxgraph"),
    npm("dygraphs", "dygraphs"),
    with_further(npm("openseadragon", "openseadragon"), plates),
    npm("98.css", "98.css"),
    with_further(npm("epubjs", "epubjs"), book),
    npm("survey", "survey-js-ui"),
    npm("scalar", "@scalar/api-reference", FARM_API),
    npm("phaser", "phaser"),
)
