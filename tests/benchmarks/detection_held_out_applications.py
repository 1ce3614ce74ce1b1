"""Other people's applications that are held out: named before any result of one was looked at.

    python3 -m venv DIR/desk  && DIR/desk/bin/pip install starlette-admin sqlalchemy uvicorn jinja2 \
        python-multipart greenlet itsdangerous django-unfold djangorestframework markdown django-filter
    python3 -m venv DIR/bench && DIR/bench/bin/pip install pyinstrument pdoc remi "setuptools<80" \
        pytest-html viztracer lektor
    python3 -m venv DIR/mesop && DIR/mesop/bin/pip install mesop
    npm install --ignore-scripts --legacy-peer-deps --prefix DIR/npm fabric jodit trix @joint/core sigma@2 \
        graphology dockview-core billboard.js gridjs vant vue@3 @mui/material@5 react@18 react-dom@18 uikit \
        fomantic-ui-css jquery mathlive maplibre-gl@4 litegraph.js @tabler/core@1.0.0 \
        cropperjs@1 photoswipe pannellum

Once what they show has been mended, they are for development (`detection_applications.py`), and others come
here.
"""

import subprocess
from pathlib import Path

from detection_application import Application, npm, pypi, serve_own, with_further, write, write_all
from detection_held_out_contents import BOAT, BOAT_TESTS, VALLEY, WORKED, album, round_views
from detection_held_out_programs import BREWERY, CHOIR, CIRCUS, CIRCUS_API, POST


def _tested(applications: Path, own: Path) -> None:
    write_all(BOAT_TESTS)(applications, own)
    test = [applications / "bench/bin/python", "-m", "pytest", "-q", "--html=index.html"]
    subprocess.run(
        [*test, "--self-contained-html"], cwd=own, check=False, stdout=subprocess.DEVNULL
    )  # some fail


def _timed(applications: Path, own: Path) -> None:
    write_all(WORKED)(applications, own)
    timer = applications / "bench/bin/pyinstrument"
    subprocess.run([timer, "-r", "html", "-o", "index.html", "work.py"], cwd=own, check=True)


def _traced(applications: Path, own: Path) -> None:
    write_all(WORKED)(applications, own)
    tracer = applications / "bench/bin/viztracer"
    subprocess.run([tracer, "-o", "day.json", "work.py"], cwd=own, check=True, stdout=subprocess.DEVNULL)


HELD_OUT = (
    pypi(
        "starlette-admin",
        "desk/bin/python",
        write("app.py", BREWERY),
        lambda _own, port: ["app.py", str(port)],
        "/admin/brew/list",
    ),
    pypi(
        "unfold",
        "desk/bin/python",
        write("app.py", CIRCUS),
        lambda _own, port: ["app.py", str(port)],
        "/admin/auth/user/",
    ),
    pypi(
        "rest-framework",
        "desk/bin/python",
        write("app.py", CIRCUS_API),
        lambda _own, port: ["app.py", str(port)],
        "/api/artists/",
    ),
    Application("pytest-html", "bench/bin/pytest", _tested, serve_own, ("/",)),
    Application("pyinstrument", "bench/bin/pyinstrument", _timed, serve_own, ("/",)),
    pypi(
        "viztracer",
        "bench/bin/vizviewer",
        _traced,
        lambda _own, port: ["--server_only", "--port", str(port), "day.json"],
        "/",
    ),
    pypi(
        "pdoc",
        "bench/bin/pdoc",
        write("boat.py", BOAT),
        lambda _own, port: ["-n", "-h", "127.0.0.1", "-p", str(port), "./boat.py"],
        "/boat.html",
    ),
    pypi(
        "remi",
        "bench/bin/python",
        write("app.py", CHOIR),
        lambda _own, port: ["app.py", str(port)],
        "/",
    ),
    pypi(
        "lektor",
        "bench/bin/lektor",
        write_all(VALLEY),
        lambda _own, port: ["server", "-h", "127.0.0.1", "-p", str(port), "-O", "built"],
        "/admin/edit?path=/hut-3",
    ),
    pypi(
        "mesop",
        "mesop/bin/mesop",
        write("app.py", POST),
        lambda _own, port: ["app.py", f"--port={port}"],
        "/",
    ),
    npm("fabric", "fabric"),
    npm("jodit", "jodit"),
    npm("trix", "trix"),
    npm("jointjs", "@joint/core"),
    npm("sigma", "sigma"),
    npm("dockview", "dockview-core"),
    npm("billboard", "billboard.js"),
    npm("gridjs", "gridjs"),
    npm("vant", "vant"),
    npm("mui", "@mui/material"),
    npm("uikit", "uikit"),
    npm("fomantic", "fomantic-ui-css"),
    npm("mathlive", "mathlive"),
    npm("maplibre", "maplibre-gl"),
    npm("litegraph", "litegraph.js"),
    npm("tabler", "@tabler/core"),
    with_further(npm("cropper", "cropperjs"), album),
    with_further(npm("photoswipe", "photoswipe"), album),
    with_further(npm("pannellum", "pannellum"), round_views),
)
