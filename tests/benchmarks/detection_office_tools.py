"""Other people's tools of a working day: sites, tickets, reports, mail, chat; for development."""

import shlex
import subprocess
import sys
from pathlib import Path

from detection_application import Application, pypi, serve_own, write, write_all
from detection_office_contents import BUNDLE, MILL, PACKAGES, ROBOT
from detection_office_programs import (
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


OFFICE_TOOLS = (
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
)
