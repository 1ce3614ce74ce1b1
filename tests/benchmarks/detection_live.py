"""An attack by queries and an agent's session, side by side on the dashboard: what a security engineer sees.

    python tests/benchmarks/detection_live.py [--seconds 60] [--out live.png]

A gateway, a real Prometheus that scrapes it every second, a mock of a provider. An attacker asks for the
model `attacked` (Square at eps 8 on a bundled photograph), an agent for `agent`: a headless Chromium acts on
a page, looks, and sends each look. The picture shows the panels "Verdicts" and "Flags by kind and action" of
the dashboard *Safety* for either model, by its own queries. Needs Chromium and Prometheus (`make peers`
installs them). The last line is JSON: pictures sent and flagged, of each.
"""

import argparse
import contextlib
import json
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import matplotlib as mpl
import numpy as np
import yaml

# The benchmark of the gateway lies beside this one and is named as the package is.
sys.path.append(sys.path.pop(0))

from detection_browser import View, chromium
from detection_local_pages import ACTS, page
from detection_queries import Caller
from detection_query_attacks import Floats, square
from gateway_servers import Service, free_port, mock_api, ours, serving

from calibration.image import Image, encode_png, fit_within, load
from gateway.demo.pictures import bundled_photograph

mpl.use("Agg")
from matplotlib import pyplot as plt

DASHBOARD = Path(__file__).parents[2] / "deploy" / "grafana" / "dashboards" / "safety.json"
PANELS = ("Verdicts", "Flags by kind and action")
MODELS = ("attacked", "agent")
SIDE = 400  # pixels of the attacked picture
PAUSE_SECONDS = 0.5  # between the agent's looks
Series = tuple[str, list[tuple[float, float]]]


class _OverError(Exception):
    """The time is up."""


class Counted:
    """A caller whose pictures and flags are counted."""

    def __init__(self, caller: Caller, until: float) -> None:
        self.sent = self.flagged = 0
        self._caller, self._until = caller, until

    def send(self, encoded: bytes) -> None:
        """Send one picture.

        Raises:
            _OverError: The time is up.
        """
        if time.monotonic() > self._until:
            raise _OverError
        self.flagged += bool(self._caller.flags(encoded))
        self.sent += 1


def main() -> None:
    """Let both go on side by side, then draw what the dashboard shows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--out", type=Path, default=Path("live.png"))
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as own, mock_api(Path(own)) as api:
        folder = Path(own)
        settings = {"models": dict.fromkeys(MODELS, "gpt-4o"), "compression": {"mode": "off"}}
        with ours(api.port, folder, settings) as gateway, _prometheus(folder, gateway.port) as prometheus:
            until = time.monotonic() + asked.seconds
            counted = {model: Counted(Caller(gateway, model, model), until) for model in MODELS}
            started = time.time()
            sides = [
                threading.Thread(target=_attack, args=[counted["attacked"]]),
                threading.Thread(target=_session, args=[counted["agent"], folder]),
            ]
            for side in sides:
                side.start()
            for side in sides:
                side.join()
            time.sleep(3)  # the last scrape
            _draw(lambda expression: _range(prometheus, expression, started), asked.out)
    told = {model: {"sent": one.sent, "flagged": one.flagged} for model, one in counted.items()}
    print(json.dumps({"benchmark": "detection_live", "picture": asked.out.name} | told))


def _attack(counted: Counted) -> None:
    clean = fit_within(load(bundled_photograph("skimage", "astronaut.png")), SIDE).pixels.astype(np.float32)
    rng = np.random.default_rng(3)
    weights = rng.normal(size=(10, clean.size // 16)).astype(np.float32)

    def ask(picture: Floats) -> np.ndarray:
        pixels = np.rint(picture).astype(np.uint8)
        counted.send(encode_png(Image(pixels)))
        # Any classifier will do: what is seen here are the queries.
        scores = weights @ picture.reshape(-1)[: weights.shape[1]] / 255
        odds = np.exp(scores - scores.max())
        return odds / odds.sum()

    with contextlib.suppress(_OverError):
        square(8)(clean, ask, rng)


def _session(counted: Counted, folder: Path) -> None:
    (folder / "page.html").write_text(page(0), encoding="utf-8")
    with chromium(folder / "profile") as browser, browser.open(View(1280, 800, 1, "png")) as tab:
        tab.go((folder / "page.html").as_uri())
        time.sleep(1)
        with contextlib.suppress(_OverError):
            step = 0
            while True:
                kind = list(ACTS)[step % len(ACTS)]
                tab.run(f"act[{kind!r}]({step // len(ACTS) + 1}), 0")
                time.sleep(PAUSE_SECONDS)
                counted.send(tab.look())
                step += 1


@contextlib.contextmanager
def _prometheus(folder: Path, gateway: int) -> Iterator[Service]:
    target = {"job_name": "jnd-gateway", "static_configs": [{"targets": [f"127.0.0.1:{gateway}"]}]}
    config = {"global": {"scrape_interval": "1s"}, "scrape_configs": [target]}
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    port = free_port()
    options = [f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'data'}"]
    command = ["prometheus", *options, f"--web.listen-address=127.0.0.1:{port}"]
    with serving(command, port, "/-/ready", folder / "prometheus.log") as it:
        yield it


def _range(prometheus: Service, expression: str, started: float) -> list[Series]:
    """Evaluate over the whole time -> per series its labels and (seconds, value)."""
    asked = {"query": expression, "start": f"{started}", "end": f"{time.time()}", "step": "1"}
    address = f"http://127.0.0.1:{prometheus.port}/api/v1/query_range?{urllib.parse.urlencode(asked)}"
    with urllib.request.urlopen(address) as answer:
        found = json.load(answer)["data"]["result"]
    return [
        (
            " ".join(each["metric"].values()),
            [(float(moment) - started, float(value)) for moment, value in each["values"]],
        )
        for each in found
    ]


def _draw(evaluate: Callable[[str], list[Series]], out: Path) -> None:
    panels = {panel["title"]: panel for panel in json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]}
    figure, axes = plt.subplots(
        len(PANELS), len(MODELS), figsize=(11, 6), sharex=True, sharey="row", layout="constrained"
    )
    for row, title in enumerate(PANELS):
        for column, model in enumerate(MODELS):
            axis = axes[row][column]
            for target in panels[title]["targets"]:
                expression = target["expr"].replace("$model", model).replace("$__rate_interval", "10s")
                for name, values in evaluate(expression):
                    if name:  # one without labels is the zero that stands where nothing was counted
                        axis.plot(*zip(*values, strict=True), label=name)
            axis.set_title(f"{title}: {model}")
            axis.set_ylabel("a second")
            axis.set_ylim(bottom=0)
            axis.grid(alpha=0.3)
            if axis.get_lines():
                axis.legend(loc="upper left")
            else:
                axis.text(0.5, 0.5, "none", transform=axis.transAxes, ha="center")
    for axis in axes[-1]:
        axis.set_xlabel("seconds")
    figure.savefig(out, dpi=110)
    plt.close(figure)


if __name__ == "__main__":
    main()
