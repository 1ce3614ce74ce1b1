"""Drive a headless Chromium over the DevTools protocol, as agents do: act, look, act, look.

Knows neither applications nor detectors. Needs Chromium, and `websockets`, which the development set-up has.
"""

import base64
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal
from urllib.request import Request, urlopen

from websockets.sync.client import ClientConnection, connect

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--no-first-run", "--disable-sync"),
    *("--no-default-browser-check", "--remote-debugging-port=0", "--remote-allow-origins=*"),
    *("--renderer-process-limit=2", "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"),
)
_START_SECONDS = 60.0
_ANSWER_SECONDS = 60.0
_MOST_BYTES = 100_000_000


@dataclass(frozen=True)
class View:
    """How a page is looked at, and as what the look is sent."""

    width: int  # CSS pixels
    height: int
    scale: float  # device pixels a CSS pixel
    format: Literal["png", "jpeg"]
    quality: int = 100  # of JPEG

    @property
    def name(self) -> str:
        """Tell it in a word that can be a folder."""
        stored = self.format if self.format == "png" else f"jpeg{self.quality}"
        return f"{self.width}x{self.height}@{self.scale:g}-{stored}"


class Tab:
    """One open page."""

    def __init__(self, socket: ClientConnection, view: View) -> None:
        self._socket, self._view, self._last = socket, view, 0
        self._ask("Page.enable")
        self._ask(
            "Emulation.setDeviceMetricsOverride",
            width=view.width,
            height=view.height,
            deviceScaleFactor=view.scale,
            mobile=False,
        )

    def __enter__(self) -> "Tab":
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._ask("Page.close")
        self._socket.close()

    def go(self, address: str) -> None:
        """Open an address; what it loads may still be on its way."""
        self._ask("Page.navigate", url=address)

    def look(self) -> bytes:
        """Return a screenshot, encoded by the browser."""
        how: dict[str, Any] = {"format": self._view.format, "optimizeForSpeed": False}
        if self._view.format == "jpeg":
            how["quality"] = self._view.quality
        return base64.b64decode(self._ask("Page.captureScreenshot", **how)["data"])

    def prefer(self, scheme: Literal["light", "dark"]) -> None:
        """Say which colours the reader likes."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self._ask("Emulation.setEmulatedMedia", features=features)

    def without_scripts(self) -> None:
        """Run no JavaScript of pages from now on."""
        self._ask("Emulation.setScriptExecutionDisabled", value=True)

    def move(self, x: float, y: float) -> None:
        """Move the mouse; headless Chromium draws no pointer, the page may answer to it."""
        self._mouse("mouseMoved", x, y)

    def click(self, x: float, y: float) -> None:
        """Press and release the left button."""
        self.move(x, y)
        for kind in ("mousePressed", "mouseReleased"):
            self._mouse(kind, x, y, button="left", clickCount=1)

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Press here, release there: text gets selected, maps move."""
        self._mouse("mousePressed", *start, button="left", clickCount=1)
        self._mouse("mouseMoved", *end, button="left", buttons=1)
        self._mouse("mouseReleased", *end, button="left", clickCount=1)

    def scroll(self, x: float, y: float, pixels: float) -> None:
        """Turn the wheel down, or up for a negative number."""
        self._mouse("mouseWheel", x, y, deltaX=0, deltaY=pixels)

    def type(self, text: str) -> None:
        """Type into whatever has the focus."""
        self._ask("Input.insertText", text=text)

    def press(self, key: str, code: int) -> None:
        """Press and release a key that types nothing, by its name and Windows code."""
        for kind in ("rawKeyDown", "keyUp"):
            self._ask("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code)

    def run(self, expression: str) -> Any:
        """Return what an expression in the page comes to, where it is a plain value."""
        answer = self._ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        return answer["result"].get("value")

    def _mouse(self, kind: str, x: float, y: float, **more: Any) -> None:
        self._ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)

    def _ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._last += 1
        self._send(self._last, method, **parameters)
        deadline = time.monotonic() + _ANSWER_SECONDS
        while True:
            told = json.loads(self._socket.recv(timeout=max(0.0, deadline - time.monotonic())))
            if told.get("method") == "Page.javascriptDialogOpening":
                self._send(0, "Page.handleJavaScriptDialog", accept=True)
            if told.get("id") != self._last:  # an event, which nobody waits for
                continue
            if "error" in told:
                raise RuntimeError(f"{method}: {told['error']['message']}")
            return dict(told["result"])

    def _send(self, number: int, method: str, **parameters: Any) -> None:
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))


class Browser:
    """A running Chromium."""

    def __init__(self, port: int) -> None:
        self._home = f"http://127.0.0.1:{port}"

    def open(self, view: View) -> Tab:
        """Open an empty page."""
        request = Request(f"{self._home}/json/new?about:blank", method="PUT")  # noqa: S310 - our own
        with urlopen(request) as answer:  # noqa: S310 - likewise
            address = json.load(answer)["webSocketDebuggerUrl"]
        return Tab(connect(address, max_size=_MOST_BYTES, compression=None), view)


@contextmanager
def chromium(folder: Path) -> Iterator[Browser]:
    """Run a Chromium with its profile in a folder of its own.

    Raises:
        LookupError: There is none on this machine, or it does not start.
    """
    program = next(filter(None, map(shutil.which, _NAMES)), None)
    if program is None:
        raise LookupError("expected Chromium: apt-get install chromium, or `make peers`")
    told = folder / "DevToolsActivePort"
    told.unlink(missing_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    command = [program, *_QUIET, f"--user-data-dir={folder}", "about:blank"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        try:
            yield Browser(_port(told))
        finally:
            running.terminate()


def _port(told: Path) -> int:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if told.exists() and "\n" in (text := told.read_text()):
            return int(text.split()[0])
        time.sleep(0.1)
    raise LookupError(f"Chromium did not start within {_START_SECONDS:.0f} s")
