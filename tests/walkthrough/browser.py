"""A real Chromium, driven by its own command line: what a page logs, how wide it gets, what it looks like."""

import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

from calibration.image import Image, load

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--no-first-run", "--disable-sync"),
    *("--disable-extensions", "--no-default-browser-check", "--enable-logging=stderr", "--v=0"),
)
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_TIMEOUT_SECONDS = 120


@dataclass(frozen=True)
class Visit:
    """What came of opening a page."""

    dom: str
    console: list[str]


@dataclass(frozen=True)
class Box:
    """Where an element stands on a page, in CSS pixels."""

    left: float
    top: float
    width: float
    height: float
    loaded: int  # of an image: its own width, 0 where it is broken; of anything else: 0


class Browser:
    """Opens files; keeps its profile and pages in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        found = next(filter(None, map(shutil.which, _NAMES)), None)
        if found is None:
            raise AssertionError("expected Chromium: apt-get install chromium, or `make peers`")
        self._program, self._folder = found, folder
        folder.mkdir(parents=True, exist_ok=True)

    def visit(self, page: str) -> Visit:
        """Open a page that may load nothing and run nothing: what it tries is logged."""
        guarded = page.replace(
            "<head>", f'<head><meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        )
        told = self._run("--virtual-time-budget=3000", "--dump-dom", self._file(guarded))
        return Visit(told.stdout, re.findall(r"CONSOLE[^\n]*\] (.*)", told.stderr))

    def widths(self, page: str, width: int) -> tuple[int, int]:
        """Return how wide the page gets in a frame of this width, and the frame's own width."""
        needed, given = self._ask(page, width, "[root.scrollWidth, root.clientWidth]")
        return needed, given

    def visible(self, page: str, selector: str, *, width: int) -> list[Box]:
        """Return where the elements stand that a person sees, in a frame of this width."""
        is_seen = "each.checkVisibility({opacityProperty: true, visibilityProperty: true})"
        place = "each.getBoundingClientRect()"
        numbers = f"[{place}.left, {place}.top, {place}.width, {place}.height, each.naturalWidth || 0]"
        found = f"[...root.querySelectorAll({json.dumps(selector)})].filter(each => {is_seen})"
        boxes = [Box(*numbers) for numbers in self._ask(page, width, f"{found}.map(each => {numbers})")]
        return [box for box in boxes if box.width > 0 and box.height > 0]

    def _ask(self, page: str, width: int, expression: str) -> Any:
        """Return what an expression about `root`, the page's own element, comes to."""
        # A window cannot be as narrow as a telephone; a frame can.
        source = json.dumps(page).replace("</", "<\\/")
        script = f"""
            const frame = document.querySelector("iframe");
            frame.onload = () => {{
                const root = frame.contentDocument.documentElement;
                document.body.dataset.found = JSON.stringify({expression});
            }};
            frame.srcdoc = {source};"""
        wrapper = (
            f'<!doctype html><body><iframe style="width:{width}px;height:844px;border:0"></iframe>'
            f"<script>{script}</script></body>"
        )
        dom = self._run("--virtual-time-budget=3000", "--dump-dom", self._file(wrapper)).stdout
        found = re.search(r'data-found="([^"]*)"', dom)
        assert found, "the frame did not load"
        return json.loads(unescape(found[1]))

    def screenshot(self, page: str, *, width: int, height: int) -> Image:
        """Return the page as a picture."""
        target = self._folder / "screenshot.png"
        self._run(f"--window-size={width},{height}", f"--screenshot={target}", self._file(page))
        return load(target)

    def _file(self, page: str) -> str:
        path = self._folder / "page.html"
        path.write_text(page, encoding="utf-8")
        return path.as_uri()

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self._program, *_QUIET, f"--user-data-dir={self._folder / 'profile'}", *arguments],
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_SECONDS,
            check=True,
        )
