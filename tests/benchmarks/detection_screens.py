"""Record what an agent sees that works in applications: acts and screenshots, once, into a folder.

    python tests/benchmarks/detection_screens.py development --applications DIR --cache DIR

A session lies in `CACHE/SPLIT/APPLICATION/VIEW-SESSION/`, a file a look, named by its number and the act
before it. What is there already is not recorded again.
"""

import argparse
import itertools
import json
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from detection_application import Application
from detection_applications import DEVELOPMENT
from detection_browser import Browser, Tab, View, chromium
from detection_held_out_applications import HELD_OUT
from detection_local_pages import ACTS, page
from detection_serving import is_there, served
from detection_styled_pages import STYLED_ACTS, styled_page
from detection_templated_pages import DESK, HELD_OUT_PAGES, WORKSHOP, Template
from websockets.exceptions import ConnectionClosed

VIEWS = (
    View(1280, 800, 1, "png"),
    View(1280, 800, 1, "jpeg", 80),
    View(1920, 1080, 1, "jpeg", 90),
    View(1280, 800, 2, "png"),
)
_PLAIN_PAGES, _STYLED_PAGES, _WORKSHOP_PAGES, _DESK_PAGES, _HELD_OUT_PAGES = 16, 8, 8, 7, 8
_LOADING_SECONDS = 6.0
_SETTLING_SECONDS = 0.35
_WORDS = ("which", "of", "the", "orders", "from", "Oslo", "were", "paid", "in", "June")
_KEYS = (("Tab", 9), ("ArrowDown", 40), ("Escape", 27), ("ArrowRight", 39), ("Enter", 13))
_ELEMENTS = """(() => { const what = "a,button,input,select,textarea,summary,canvas,td,li," +
  "[role=button],[role=tab],[role=row]";
return [...document.querySelectorAll(what)].map(each => each.getBoundingClientRect())
  .filter(box => box.width > 4 && box.height > 4 && box.top > 0 && box.left > 0
          && box.bottom < innerHeight && box.right < innerWidth)
  .map(box => [box.left + Math.min(box.width / 2, 60), box.top + box.height / 2]) })()"""


@dataclass(frozen=True)
class OwnPage:
    """One page of our own, and what goes on in it."""

    number: int
    text: str
    kinds: tuple[str, ...]


Act = Callable[[Tab, np.random.Generator], None]


def _somewhere(tab: Tab, rng: np.random.Generator) -> tuple[float, float]:
    found = tab.run(_ELEMENTS) or [[300, 300]]
    x, y = found[int(rng.integers(len(found)))]
    return float(x), float(y)


def _hover(tab: Tab, rng: np.random.Generator) -> None:
    tab.move(*_somewhere(tab, rng))


def _click(tab: Tab, rng: np.random.Generator) -> None:
    tab.click(*_somewhere(tab, rng))


def _scroll(tab: Tab, rng: np.random.Generator) -> None:
    tab.scroll(*_somewhere(tab, rng), float(rng.choice([-200, 30, 60, 150, 400])))


def _type(tab: Tab, rng: np.random.Generator) -> None:
    tab.type(str(rng.choice(_WORDS)) + " ")


def _press(tab: Tab, rng: np.random.Generator) -> None:
    tab.press(*_KEYS[int(rng.integers(len(_KEYS)))])


def _wait(_tab: Tab, _rng: np.random.Generator) -> None:
    time.sleep(0.5)


def _select(tab: Tab, rng: np.random.Generator) -> None:
    x, y = _somewhere(tab, rng)
    tab.drag((x, y), (x + 150, y + 30))


_AGENT: Sequence[tuple[str, Act, float]] = (
    ("hover", _hover, 0.22),
    ("click", _click, 0.22),
    ("scroll", _scroll, 0.16),
    ("typing", _type, 0.14),
    ("key", _press, 0.08),
    ("wait", _wait, 0.12),
    ("selection", _select, 0.06),
)


def main() -> None:
    """Record a split."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("split", choices=["development", "held-out"])
    parser.add_argument("--applications", type=Path, required=True, help="environments they are installed in")
    parser.add_argument("--cache", type=Path, required=True, help="where screens are kept")
    parser.add_argument("--sessions", type=int, default=1, help="of each application, page and view")
    parser.add_argument("--steps", type=int, default=18, help="of a session")
    parser.add_argument("--pages", type=int, help="of our own; all of them, where it is not said")
    parser.add_argument("--only", default="", help="applications' names, and `pages`, parted by commas")
    asked = parser.parse_args()
    only = set(asked.only.split(",")) - {""}
    is_test = asked.split == "held-out"
    folder = asked.cache / asked.split
    with tempfile.TemporaryDirectory() as own, chromium(Path(own) / "profile") as browser:
        for application in HELD_OUT if is_test else DEVELOPMENT:
            if only and application.name not in only:
                continue
            if not is_there(application, asked.applications):
                print(json.dumps({"left out": application.name, "because": "not installed"}))
                continue
            _record(browser, application, asked, folder / application.name, Path(own) / application.name)
        pages = _held_out_pages() if is_test else _development_pages()
        for one in itertools.islice(pages, asked.pages) if not only or "pages" in only else []:
            _record_page(browser, one, folder / "pages", Path(own))


def _development_pages() -> Iterator[OwnPage]:
    yield from (OwnPage(number, page(number), tuple(ACTS)) for number in range(_PLAIN_PAGES))
    for number in range(_STYLED_PAGES):
        yield OwnPage(_PLAIN_PAGES + number, styled_page(number), tuple(STYLED_ACTS))
    workshop = _PLAIN_PAGES + _STYLED_PAGES
    yield from _templated(WORKSHOP, _WORKSHOP_PAGES, workshop)
    yield from _templated(DESK, _DESK_PAGES, workshop + _WORKSHOP_PAGES)


def _held_out_pages() -> Iterator[OwnPage]:
    yield from _templated(HELD_OUT_PAGES, _HELD_OUT_PAGES, 0)


def _templated(template: Template, count: int, first: int) -> Iterator[OwnPage]:
    for number in range(count):
        yield OwnPage(first + number, template.page(number), template.kinds(number))


def _record(
    browser: Browser, application: Application, asked: argparse.Namespace, folder: Path, own: Path
) -> None:
    try:
        with served(application, asked.applications, own) as address:
            for number, path in enumerate(application.paths):
                for session in range(asked.sessions):
                    for view in VIEWS:
                        looks = folder / f"{view.name}-{number}.{session}"
                        _try(browser, view, address + path, looks, steps=asked.steps)
        print(json.dumps({"recorded": application.name}), flush=True)
    except LookupError as error:
        print(json.dumps({"left out": application.name, "because": repr(error)}), flush=True)


def _try(browser: Browser, view: View, address: str, folder: Path, *, steps: int) -> None:
    """Visit; a page that hangs or goes away costs its own session."""
    try:
        _visit(browser, view, address, folder, steps=steps)
    except (TimeoutError, RuntimeError, ConnectionClosed) as error:
        left_out = f"{folder.parent.name}/{folder.name}"
        print(json.dumps({"left out": left_out, "because": repr(error)}), flush=True)


def _visit(browser: Browser, view: View, address: str, folder: Path, *, steps: int) -> None:
    if folder.exists():
        return
    rng = np.random.default_rng([*map(ord, f"{folder.parent.name}/{folder.name}")])
    with browser.open(view) as tab:
        tab.go(address)
        time.sleep(_LOADING_SECONDS)
        _keep(tab, view, folder, _acts(tab, rng, steps))


def _acts(tab: Tab, rng: np.random.Generator, steps: int) -> Iterator[str]:
    shares = [share for _, _, share in _AGENT]
    for _ in range(steps):
        name, act, _ = _AGENT[int(rng.choice(len(_AGENT), p=shares))]
        act(tab, rng)
        time.sleep(_SETTLING_SECONDS)
        yield name


def _record_page(browser: Browser, shown: OwnPage, folder: Path, own: Path) -> None:
    (own / "page.html").write_text(shown.text, encoding="utf-8")
    view = VIEWS[shown.number % len(VIEWS)]
    for kind in shown.kinds:
        session = folder / f"{view.name}-{shown.number}-{kind.replace(' ', '_')}"
        if session.exists():
            continue
        with browser.open(view) as tab:
            tab.go((own / "page.html").as_uri())
            time.sleep(0.6)
            _keep(tab, view, session, _steps(tab, kind))


def _steps(tab: Tab, kind: str) -> Iterator[str]:
    for step in range(1, 9):
        tab.run(f"act[{kind!r}]({step}), 0")
        time.sleep(0.1)
        yield kind


def _keep(tab: Tab, view: View, folder: Path, acts: Iterator[str]) -> None:
    """Look once, then after each act."""
    with tempfile.TemporaryDirectory(dir=_made(folder.parent)) as unfinished:
        looks = Path(unfinished) / "looks"
        looks.mkdir()
        (looks / f"000 opened.{view.format}").write_bytes(tab.look())
        for number, act in enumerate(acts, start=1):
            (looks / f"{number:03d} {act}.{view.format}").write_bytes(tab.look())
        looks.rename(folder)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


if __name__ == "__main__":
    main()
