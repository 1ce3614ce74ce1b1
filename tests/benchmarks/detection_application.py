"""An application of other people's that can be started, and what those of PyPI and of npm have in common.

Which there are: `detection_applications.py`, `detection_held_out_applications.py`.
"""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

_PAGES = Path(__file__).with_name("detection_pages")
Prepare = Callable[[Path, Path], None]  # (folder of applications, own folder) -> writes what is shown


@dataclass(frozen=True)
class Application:
    """One that can be started."""

    name: str
    program: str  # below the folder of applications; without it, it cannot be started
    prepare: Prepare
    command: Callable[[Path, Path, int], list[str]]  # ... and port -> its command line
    paths: tuple[str, ...]  # below the address, each a session's start


def pypi(
    name: str, program: str, prepare: Prepare, arguments: Callable[[Path, int], list[str]], *paths: str
) -> Application:
    """Describe one that a program in a virtual environment serves."""

    def command(applications: Path, own: Path, port: int) -> list[str]:
        return [str(applications / program), *arguments(own, port)]

    return Application(name, program, prepare, command, paths)


def npm(name: str, package: str, others: Mapping[str, str] | None = None) -> Application:
    """Describe one that is a script in a page of ours, `detection_pages/NAME.html`."""
    files = {"index.html": (_PAGES / f"{name}.html").read_text(encoding="utf-8"), **(others or {})}

    def prepare(applications: Path, own: Path) -> None:
        modules = own / "node_modules"
        if not modules.is_symlink():
            modules.symlink_to((applications / "npm/node_modules").resolve())
        write_all(files)(applications, own)

    return Application(name, f"npm/node_modules/{package}", prepare, serve_own, ("/",))


def with_further(application: Application, *further: Prepare) -> Application:
    """Have more written than its page."""

    def prepare(applications: Path, own: Path) -> None:
        for each in (application.prepare, *further):
            each(applications, own)

    return replace(application, prepare=prepare)


def serve_own(_applications: Path, own: Path, port: int) -> list[str]:
    """Serve files as they lie there."""
    return [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "-d", str(own)]


def write(name: str, text: str) -> Prepare:
    """Write one file that is shown or run."""
    return write_all({name: text})


def write_all(files: Mapping[str, str]) -> Prepare:
    """Write files that are shown or run."""

    def prepare(_applications: Path, own: Path) -> None:
        for name, text in files.items():
            (own / name).parent.mkdir(parents=True, exist_ok=True)
            (own / name).write_text(text, encoding="utf-8")

    return prepare
