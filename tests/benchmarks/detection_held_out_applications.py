"""Other people's applications that are held out: named before any result of one was looked at.

    python3 -m venv DIR/ledger && DIR/ledger/bin/pip install fava beancount klaus snakeviz luigi supervisor \
        flask-admin flask-babel flask-sqlalchemy copyparty
    python3 -m venv DIR/proxy  && DIR/proxy/bin/pip install mitmproxy
    npm install --ignore-scripts --prefix DIR/npm vue@3 vuetify@3 @mdi/font element-plus ol \
        @toast-ui/calendar jspreadsheet-ce@4 slickgrid sortablejs ckeditor5 blockly drawflow gridstack \
        apexcharts@3 lightweight-charts@4 wavesurfer.js video.js rapidoc webamp swiper konva jstree jquery \
        chessground

Once what they show has been mended, they belong to `detection_applications.py`, and others come here.
"""

import subprocess
from dataclasses import replace
from pathlib import Path

from detection_application import Application, Prepare, npm, pypi, write, write_all
from detection_held_out_contents import (
    API,
    FILES,
    LEDGER,
    MUSEUM,
    PROCESSES,
    PROFILED,
    REPOSITORY,
    TASKS,
    TRAFFIC,
    film,
    sound,
)


def _repository(applications: Path, own: Path) -> None:
    """Commit file by file, by an author whom no setting of this machine names."""
    well = own / "well"
    git = ["git", "-C", str(well), "-c", "user.name=Ida", "-c", "user.email=ida@well.example"]
    for number, (name, text) in enumerate(REPOSITORY.items()):
        write_all({f"well/{name}": text})(applications, own)
        if number == 0:
            subprocess.run(["git", "init", "-q", "-b", "main", str(well)], check=True)
        subprocess.run([*git, "add", name], check=True)
        subprocess.run([*git, "commit", "-q", "-m", f"Add {name}"], check=True)


def _profile(applications: Path, own: Path) -> None:
    subprocess.run([applications / "ledger/bin/python", "-c", PROFILED], cwd=own, check=True)


def _traffic(applications: Path, own: Path) -> None:
    subprocess.run([applications / "proxy/bin/python", "-c", TRAFFIC], cwd=own, check=True)


def _supervised(own: Path, port: int) -> list[str]:
    (own / "supervisord.conf").write_text(PROCESSES.replace("{port}", str(port)), encoding="utf-8")
    return ["-n", "-c", str(own / "supervisord.conf")]


def _with(application: Application, *further: Prepare) -> Application:
    """Have more written than its page."""

    def prepare(applications: Path, own: Path) -> None:
        for each in (application.prepare, *further):
            each(applications, own)

    return replace(application, prepare=prepare)


HELD_OUT = (
    pypi(
        "fava",
        "ledger/bin/fava",
        write("mill.beancount", LEDGER),
        lambda own, port: [str(own / "mill.beancount"), "-p", str(port), "-H", "127.0.0.1"],
        "/mill/income_statement/",
        "/mill/journal/",
    ),
    pypi(
        "klaus",
        "ledger/bin/klaus",
        _repository,
        lambda own, port: ["--host", "127.0.0.1", "--port", str(port), str(own / "well")],
        "/well/blob/main/well.py",
    ),
    pypi(
        "snakeviz",
        "ledger/bin/snakeviz",
        _profile,
        lambda _own, port: ["-s", "-H", "127.0.0.1", "-p", str(port), "mill.prof"],
        "/snakeviz/mill.prof",
    ),
    pypi(
        "luigi",
        "ledger/bin/python",
        write("app.py", TASKS),
        lambda own, port: [str(own / "app.py"), str(port)],
        "/static/visualiser/index.html",
    ),
    pypi("supervisor", "ledger/bin/supervisord", write("readme.txt", ""), _supervised, "/"),
    pypi(
        "flask-admin",
        "ledger/bin/python",
        write("app.py", MUSEUM),
        lambda own, port: [str(own / "app.py"), str(port)],
        "/admin/piece/",
    ),
    pypi(
        "copyparty",
        "ledger/bin/copyparty",
        write_all(FILES),
        lambda own, port: ["-i", "127.0.0.1", "-p", str(port), "-v", f"{own / 'files'}::r"],
        "/letters/",
    ),
    pypi(
        "mitmweb",
        "proxy/bin/mitmweb",
        _traffic,
        lambda own, port: [
            *("-n", "-r", str(own / "flows.mitm"), "--web-host=127.0.0.1", f"--web-port={port}"),
            *("--no-web-open-browser", "--set", "web_password=pick"),
        ],
        "/?token=pick",
    ),
    npm("vuetify", "vuetify"),
    npm("element-plus", "element-plus"),
    npm("openlayers", "ol"),
    npm("tui-calendar", "@toast-ui/calendar"),
    npm("jspreadsheet", "jspreadsheet-ce"),
    npm("slickgrid", "slickgrid"),
    npm("ckeditor", "ckeditor5"),
    npm("blockly", "blockly"),
    npm("drawflow", "drawflow"),
    npm("gridstack", "gridstack"),
    npm("lightweight-charts", "lightweight-charts"),
    _with(npm("wavesurfer", "wavesurfer.js"), sound),
    _with(npm("video.js", "video.js"), film),
    npm("rapidoc", "rapidoc", API),
    _with(npm("webamp", "webamp"), sound),
    npm("swiper", "swiper"),
    npm("konva", "konva"),
    npm("jstree", "jstree"),
    npm("chessground", "chessground"),
)
