"""Other people's servers with a face of their own: databases, wikis, ledgers, files; for development."""

import sqlite3
import subprocess
from pathlib import Path

from detection_application import Application, pypi, serve_own, write, write_all
from detection_application_contents import CONTENTS, MKDOCS
from detection_further_contents import DJANGO, FURO, LOCUST, WIKI
from detection_workshop_contents import FILES, LEDGER, MUSEUM, PROCESSES, REPOSITORY, TASKS, TRAFFIC


def _database(_applications: Path, own: Path) -> None:
    with sqlite3.connect(own / "shop.db") as shop:
        shop.execute("create table orders (id integer primary key, customer text, city text, total real)")
        names, cities = ("Ada", "Ben", "Cleo", "Dmitri", "Eve"), ("Oslo", "Lima", "Kyoto", "Accra")
        rows = [(names[n * 7 % 5], cities[n * 3 % 4], n * 37.5 % 911) for n in range(400)]
        shop.executemany("insert into orders (customer, city, total) values (?, ?, ?)", rows)


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


def _traffic(applications: Path, own: Path) -> None:
    subprocess.run([applications / "proxy/bin/python", "-c", TRAFFIC], cwd=own, check=True)


def _supervised(own: Path, port: int) -> list[str]:
    (own / "supervisord.conf").write_text(PROCESSES.replace("{port}", str(port)), encoding="utf-8")
    return ["-n", "-c", str(own / "supervisord.conf")]


SERVERS = (
    pypi(
        "datasette",
        "dev/bin/datasette",
        _database,
        lambda own, port: [str(own / "shop.db"), "-p", str(port)],
        "/shop/orders",
        "/shop",
    ),
    pypi(
        "mkdocs-material",
        "more/bin/mkdocs",
        write_all({"mkdocs.yml": MKDOCS, **{f"docs/{name}": text for name, text in CONTENTS.items()}}),
        lambda own, port: ["serve", "-q", "-f", str(own / "mkdocs.yml"), "-a", f"127.0.0.1:{port}"],
        "/",
        "/setting-up/",
    ),
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
    pypi(
        "django-admin",
        "fresh/bin/python",
        write("app.py", DJANGO),
        lambda own, port: [str(own / "app.py"), str(port)],
        "/admin/auth/user/",
        "/admin/auth/user/5/change/",
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
)
