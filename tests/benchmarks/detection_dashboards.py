"""Other people's notebooks, dashboards and views of measurements; what flags screens is developed by them."""

import json
import subprocess
from pathlib import Path

from detection_application import pypi, write
from detection_application_contents import GRADIO, MARIMO, NICEGUI, STREAMLIT, TENSORBOARD, notebook
from detection_further_contents import BOKEH, DASH, NETWORK, PANEL, SHINY, TRIALS
from detection_workshop_contents import PROFILED


def _notebooks(_applications: Path, own: Path) -> None:
    """Write three notebooks."""
    for number in range(3):
        (own / f"sales {number}.ipynb").write_text(json.dumps(notebook(number)), encoding="utf-8")


def _events(applications: Path, own: Path) -> None:
    subprocess.run([applications / "dev/bin/python", "-c", TENSORBOARD, str(own)], check=True)


def _trials(applications: Path, own: Path) -> None:
    subprocess.run([applications / "fresh/bin/python", "-c", TRIALS], cwd=own, check=True)


def _profile(applications: Path, own: Path) -> None:
    subprocess.run([applications / "ledger/bin/python", "-c", PROFILED], cwd=own, check=True)


DASHBOARDS = (
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
    pypi(
        "snakeviz",
        "ledger/bin/snakeviz",
        _profile,
        lambda _own, port: ["-s", "-H", "127.0.0.1", "-p", str(port), "mill.prof"],
        "/snakeviz/mill.prof",
    ),
)
