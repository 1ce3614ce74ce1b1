"""A real Chromium, driven by its own command line: what a page logs, how wide it gets, what it looks like."""

import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

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
        # A window cannot be as narrow as a telephone; a frame can.
        source = json.dumps(page).replace("</", "<\\/")
        script = f"""
            const frame = document.querySelector("iframe");
            frame.onload = () => {{
                const root = frame.contentDocument.documentElement;
                document.body.dataset.widths = root.scrollWidth + " " + root.clientWidth;
            }};
            frame.srcdoc = {source};"""
        wrapper = (
            f'<!doctype html><body><iframe style="width:{width}px;height:844px;border:0"></iframe>'
            f"<script>{script}</script></body>"
        )
        dom = self._run("--virtual-time-budget=3000", "--dump-dom", self._file(wrapper)).stdout
        found = re.search(r'data-widths="(\d+) (\d+)"', dom)
        assert found, "the frame did not load"
        return int(found[1]), int(found[2])

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
