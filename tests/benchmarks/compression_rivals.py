"""Other ways to make a picture lighter, each with one knob: what people do today, and what a metric would do.

A rival that cannot be installed is left out, and its floor is missed with a figure of null.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from compression_pictures import Picture
from compression_sending import CLAUDE, scorable, shown
from compression_ssimulacra2 import Reference

from calibration.image import Image, decode, encode_jpeg, encode_png, encode_webp, fit_within
from gateway.providers.rules import ProviderRules

ROOT = Path(__file__).parents[2]
SQUEEZER = ROOT / ".peers" / "vision-squeezer" / "bin" / "python"
_SCRIPT = Path(__file__).with_name("compression_squeezer_elastic.py")
_FIXED_SIDE = 512  # pixels, headroom's way
QUALITIES = (98.0, 94.0, 88.0, 80.0, 70.0, 50.0)
SQUEEZER_QUALITIES = (85.0, 75.0, 60.0)  # about its own 75: what it changes by cropping, none of them mends
SCORES = (92.0, 88.0, 84.0, 80.0, 75.0, 70.0, 62.0)


@dataclass(frozen=True, eq=False)
class Delivery:
    """A version of a picture, as it would be sent."""

    size_bytes: int
    image: Image


Deliver = Callable[[Picture, float], Delivery]


@dataclass(frozen=True)
class Rival:
    """A way of delivering, and the settings of its knob that are tried."""

    deliver: Deliver
    knobs: tuple[float, ...]


@contextmanager
def rivals(rules: ProviderRules) -> Iterator[Mapping[str, Rival]]:
    """Offer those that are there; vision-squeezer runs as long as this does."""
    found = {
        "jpeg": Rival(_jpeg, QUALITIES),
        "webp": Rival(_webp, QUALITIES),
        "512": Rival(_fixed_side, QUALITIES[:4]),
        "ssimulacra2": Rival(_WebpAtScore(rules), SCORES),
    }
    subprocess.run([ROOT / "tools" / "set_up.sh", "compressor"], check=False, stdout=sys.stderr)
    if not SQUEEZER.exists():
        yield found
        return
    with tempfile.TemporaryDirectory() as folder, subprocess.Popen(
        [str(SQUEEZER), str(_SCRIPT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:  # fmt: skip
        yield found | {"squeezer": Rival(_Squeezer(process, Path(folder)), SQUEEZER_QUALITIES)}
        if process.stdin is not None:
            process.stdin.close()


def _jpeg(picture: Picture, quality: float) -> Delivery:
    return _lighter(encode_jpeg(picture.decoded.image, round(quality)), picture)


def _webp(picture: Picture, quality: float) -> Delivery:
    return _lighter(encode_webp(picture.decoded.image, round(quality)), picture)


def _fixed_side(picture: Picture, quality: float) -> Delivery:
    return _lighter(encode_jpeg(fit_within(picture.decoded.image, _FIXED_SIDE), round(quality)), picture)


def _lighter(data: bytes, picture: Picture) -> Delivery:
    """Deliver the original where nothing is gained, as any careful user of an encoder would."""
    return _delivered(data if len(data) < len(picture.data) else picture.data)


def _delivered(data: bytes) -> Delivery:
    return Delivery(len(data), decode(data).image)


class _WebpAtScore:
    """WebP of the lowest quality on a grid whose SSIMULACRA2 in the provider's view reaches a target."""

    GRID = (98, 95, 92, 88, 84, 80, 75, 68, 60, 50, 40, 30)

    def __init__(self, rules: ProviderRules) -> None:
        self._rules = rules
        self._picture: Picture | None = None
        self._scored: list[tuple[float, Delivery]] = []

    def __call__(self, picture: Picture, target: float) -> Delivery:
        if picture is not self._picture:
            self._picture, self._scored = picture, list(self._score(picture))
        enough = [delivery for score, delivery in self._scored if score >= target]
        return enough[-1] if enough else self._scored[0][1]

    def _score(self, picture: Picture) -> Iterator[tuple[float, Delivery]]:
        original = shown(picture.decoded.image, CLAUDE, self._rules)
        reference = Reference(original)
        for quality in self.GRID:
            delivery = _webp(picture, quality)
            score = reference.score(scorable(shown(delivery.image, CLAUDE, self._rules), original))
            yield score, delivery
            if score < SCORES[-1]:
                return


class _Squeezer:
    """vision-squeezer in a process of its own."""

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self._process, self._folder = process, folder

    def __call__(self, picture: Picture, quality: float) -> Delivery:
        source, out = self._folder / "in.png", self._folder / "out.jpg"
        if picture.decoded.source.format == "jpeg":
            source = source.with_suffix(".jpg")
        source.write_bytes(picture.data if source.suffix == ".jpg" else encode_png(picture.decoded.image))
        job = {"path": str(source), "out": str(out), "model": "claude", "quality": round(quality)}
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        json.loads(self._process.stdout.readline())
        return _delivered(out.read_bytes())
