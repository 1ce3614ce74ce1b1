"""What is shown in the held-out applications: a boat's module and its tests, work timed, a valley, photographs."""

from pathlib import Path

import cv2
import numpy as np
from skimage import data

_METHODS = "".join(
    f'''
    def reef_{n}(self, wind: float, hands: int = {n}) -> float:
        """Take in reef {n}.

        The sail loses **{n * 7} %** of its area; see `Boat.trim`.

        - below {n * 2} m/s nothing is done
        - above it, `hands` are called up

        Raises:
            ValueError: There are too few hands.
        """
        if hands < {n}:
            raise ValueError("too few hands")
        return wind * {n} / (hands + 1)
'''
    for n in range(1, 9)
)
BOAT = f'''"""A boat that keeps its own log.

# How to sail

1. Look at the sky.
2. Call `Boat.trim`, *then* cast off.

```python
boat = Boat("Ternen", 7.5)
boat.reef_2(wind=11)
```
"""

from dataclasses import dataclass, field

KNOT = 0.514
"""Metres a second."""


@dataclass
class Boat:
    """One boat, with her crew."""

    name: str
    length: float
    log: list[str] = field(default_factory=list)
    """What was written down, the oldest first."""

    def trim(self, angle: float) -> None:
        """Set the sail to an angle in degrees."""
        self.log.append(f"trimmed to {{angle}}")
{_METHODS}

class Dinghy(Boat):
    """A small one, towed."""

    def row(self, strokes: int = 20) -> float:
        """Return how far she goes."""
        return strokes * 1.4


def tide(hour: float) -> float:
    """Return the height of the water, in metres, by the rule of twelfths."""
    return [0, 1, 3, 6, 9, 11, 12][int(hour) % 7] / 12
'''

BOAT_TESTS = {
    "boat.py": BOAT,
    "test_boat.py": "import logging, pytest\nfrom boat import Boat, tide\n\n"
    + "".join(
        f"def test_reef_{n}_is_taken_in():\n    logging.warning('wind at %s', {n * 3})\n    print('hands on deck')\n"
        f"    assert Boat('Ternen', 7).reef_{n}({n * 5}) < {9 + n * 3 % 7}\n\n"
        for n in range(1, 9)
    )
    + "@pytest.mark.parametrize('hour', range(24))\ndef test_water_rises(hour):\n    assert tide(hour) <= tide(hour + 1)\n\n"
    + "@pytest.mark.skip('no wind')\ndef test_race():\n    pass\n\n@pytest.mark.xfail\ndef test_leak():\n    assert tide(3) > 2\n",
    "pytest.ini": "[pytest]\nlog_level = INFO\n",
}

WORKED = {
    "work.py": """
import json, re, time

def saw(n):
    return sorted(re.findall(r"[a-m]+", "plank and beam and board " * n))

def plane(n):
    return json.dumps({str(k): saw(k % 40) for k in range(n)})

def rest():
    time.sleep(0.02)

def build(depth):
    if depth == 0:
        return plane(60)
    rest()
    return build(depth - 1) + plane(depth * 30) + "".join(saw(90))

def day():
    for hour in range(6):
        build(hour % 4)
        sum(len(word) for word in saw(300))
        rest()

day()
"""
}

_VALLEY = {
    "Valley.lektorproject": "[project]\nname = Valley\n",
    "models/page.ini": "[model]\nname = Page\nlabel = {{ this.title }}\n\n[children]\nenabled = yes\n\n[attachments]\nenabled = yes\n\n"
    "[fields.title]\nlabel = Title\ntype = string\nsize = large\n\n[fields.height]\nlabel = Height\ntype = integer\naddon_label = m\n\n"
    "[fields.season]\nlabel = Season\ntype = select\nchoices = spring, summer, autumn\n\n[fields.open]\nlabel = Open\ntype = boolean\n"
    "checkbox_label = The hut is open\n\n[fields.day]\nlabel = Walked on\ntype = date\n\n[fields.body]\nlabel = What to see\ntype = markdown\n",
    "templates/page.html": "<!doctype html><title>{{ this.title }}</title><h1>{{ this.title }}</h1>{{ this.body }}",
    "content/contents.lr": "_model: page\n---\ntitle: The valley\n---\nheight: 310\n---\nbody: Fourteen huts and one road.\n",
}
VALLEY = _VALLEY | {
    f"content/hut-{n}/contents.lr": f"_model: page\n---\ntitle: {['Birch', 'Raven', 'Stone', 'Cloud'][n % 4]} hut {n}\n---\nheight: {400 + n * 83}\n"
    f"---\nseason: {('spring', 'summer', 'autumn')[n % 3]}\n---\nopen: {'yes' if n % 2 else 'no'}\n---\nday: 2026-0{1 + n % 9}-11\n---\n"
    "body:\n\n## The way up\n\nFollow the *stream* until the second bridge, then the **red marks**.\n\n"
    + "".join(f"- at {hour} o'clock: {hour * 90 + n} m\n" for hour in range(6, 12))
    for n in range(14)
}


def album(_applications: Path, own: Path) -> None:
    """Write six photographs."""
    shown = (
        data.coffee(),
        data.chelsea(),
        data.rocket(),
        data.moon(),
        data.stereo_motorcycle()[0],
        data.brick(),
    )
    for number, pixels in enumerate(shown):
        colours = pixels[..., ::-1] if pixels.ndim == 3 else pixels
        photo = cv2.resize(np.ascontiguousarray(colours), (1200, 800), interpolation=cv2.INTER_CUBIC)
        cv2.imwrite(str(own / f"photo {number}.jpg"), photo, [cv2.IMWRITE_JPEG_QUALITY, 88])


def round_views(_applications: Path, own: Path) -> None:
    """Draw mountains all around, by day and in the evening: (1024, 2048) pixels each."""
    turn, down = np.linspace(0, 2 * np.pi, 2048), np.linspace(0, 1, 1024)[:, None]
    for number, (sky, rock) in enumerate((((235, 190, 140), (96, 110, 92)), ((90, 110, 235), (44, 36, 52)))):
        view = np.broadcast_to(np.array(sky) * (0.55 + 0.55 * down[..., None]), (1024, 2048, 3)).copy()
        for near in range(5):
            edge = 0.42 + near * 0.05 + sum(np.sin(turn * k * 3 + near * k) / (22 * k) for k in range(1, 7))
            view[down > edge] = np.array(rock) * (1.5 - near * 0.22)
        grain = np.random.default_rng(number).normal(0, 5, view.shape[:2])
        picture = np.clip(view + grain[..., None], 0, 255).astype(np.uint8)
        cv2.imwrite(str(own / f"round {number}.jpg"), picture, [cv2.IMWRITE_JPEG_QUALITY, 90])
