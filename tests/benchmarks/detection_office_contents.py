"""What is shown in tools of a working day: tests of a mill, packages, a bundle, a book, plates, a farm's API."""

import json
import zipfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from skimage import data

MILL = {
    "mill.py": "import math\n\n\n"
    + "".join(
        f"def grind_{n}(sacks: int) -> float:\n    if sacks > {n * 3}:\n        return math.sqrt(sacks * {n})\n"
        f"    if sacks < 0:\n        raise ValueError('none left')\n    return sacks / {n + 1}\n\n\n"
        for n in range(14)
    ),
    "wheel.py": "".join(
        f"def turn_{n}(water):\n    return water * {n} if water else None\n\n\n" for n in range(8)
    ),
    "run.py": "import mill, wheel\nfor n in range(0, 14, 2):\n    getattr(mill, f'grind_{n}')(9)\n[wheel.turn_1(n) for n in range(3)]\n",
}

_TESTS = "".join(
    f"Sluice {n} opens\n    [Documentation]    At dawn, when the water stands at {n}.\n    [Tags]    {('water', 'wheel', 'night')[n % 3]}\n"
    f"    Log    level {n}\n    Turn The Wheel    {n}\n    Should Be True    {n} % 5 != 3\n\n"
    for n in range(18)
)
ROBOT = f"*** Test Cases ***\n{_TESTS}\n*** Keywords ***\nTurn The Wheel\n    [Arguments]    ${{times}}\n    Log    turned ${{times}}\n    Sleep    20ms\n"


_REGISTRY = """storage: ./storage
web: {title: Toolshed, darkMode: true}
uplinks: {}
packages:
  '**': {access: $all}
log: {type: stdout, format: pretty, level: error}
"""


def _package(name: str) -> str:
    readme = (
        f"# {name}\n\nHangs on the wall.\n\n```sh\nnpm install {name}\n```\n\n"
        + "## Use\n\nTake it down, use it, *hang it up*.\n\n" * 6
    )
    told = {
        "name": name,
        "version": "2.1.0",
        "description": f"A {name} that is never lent",
        "keywords": ["shed", "wall"],
        "license": "MIT",
        "author": {"name": "Nils"},
        "dependencies": {"handle": "^1.0.0"},
        "dist": {"shasum": "0" * 40, "tarball": f"http://127.0.0.1/{name}/-/{name}-2.1.0.tgz"},
        "readme": readme,
    }
    times = {
        "modified": "2026-03-01T08:00:00.000Z",
        "created": "2026-01-01T08:00:00.000Z",
        "2.1.0": "2026-03-01T08:00:00.000Z",
    }
    return json.dumps(
        {
            "name": name,
            "versions": {"2.1.0": told},
            "dist-tags": {"latest": "2.1.0"},
            "time": times,
            "readme": readme,
            "_attachments": {},
            "_distfiles": {},
            "_uplinks": {},
            "_rev": "1-0",
        }
    )


_TOOLS = (
    "adze",
    "auger",
    "awl",
    "bevel",
    "clamp",
    "drill",
    "file",
    "gouge",
    "hammer",
    "mallet",
    "plane",
    "rasp",
    "saw",
    "vise",
)
PACKAGES = {
    "config.yaml": _REGISTRY,
    "storage/.verdaccio-db.json": json.dumps({"list": list(_TOOLS), "secret": "0" * 32}),
    **{f"storage/{name}/package.json": _package(name) for name in _TOOLS},
}


def _modules(folder: str, depth: int) -> list[dict[str, Any]]:
    """Tell parts of a bundle as webpack's statistics do."""
    return [
        {
            "id": f"{folder}{n}",
            "name": f"{folder}/{name}{n}.js",
            "size": 900 + n * 7919 % 40000 // depth,
            "chunks": [0],
        }
        for n, name in enumerate(("boat", "rope", "sail", "map", "lamp", "tide", "oar", "net"))
    ]


BUNDLE = {
    "stats.json": json.dumps(
        {
            "assets": [
                {"name": f"{name}.js", "size": 300000 - 40000 * n, "chunks": [n], "type": "asset"}
                for n, name in enumerate(("main", "vendor", "admin"))
            ],
            "chunks": [],
            "modules": [
                {**each, "chunks": [chunk]}
                for chunk in range(3)
                for folder in ("deck", "hull", "node_modules/mast", "node_modules/keel/lib", "cabin/galley")
                for each in _modules(f"./{'abc'[chunk]}/{folder}", 1 + chunk)
            ],
        }
    )
}

_CHAPTER = (
    "Behind the last house the path leaves the stream and goes up between hazels. Nobody has mown it, and whoever "
    "comes first in the morning gets wet to the knees. At the top stands a stone with a hand on it. "
)


def book(_applications: Path, own: Path) -> None:
    """Write an EPUB of six chapters."""
    names = [f"walk{n}" for n in range(6)]
    head = '<?xml version="1.0" encoding="utf-8"?>'
    items = "".join(
        f'<item id="{each}" href="{each}.xhtml" media-type="application/xhtml+xml"/>' for each in names
    )
    spine = "".join(f'<itemref idref="{each}"/>' for each in names)
    points = "".join(
        f'<navPoint id="p{n}" playOrder="{n + 1}"><navLabel><text>Walk {n + 1}</text></navLabel><content src="{each}.xhtml"/></navPoint>'
        for n, each in enumerate(names)
    )
    with zipfile.ZipFile(own / "walks.epub", "w") as file:
        file.writestr("mimetype", "application/epub+zip")
        file.writestr(
            "META-INF/container.xml",
            f'{head}<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
            '<rootfile full-path="book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>',
        )
        file.writestr(
            "book.opf",
            f'{head}<package xmlns="http://www.idpf.org/2007/opf" version="2.0" unique-identifier="i"><metadata '
            'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Walks</dc:title><dc:identifier id="i">walks</dc:identifier>'
            f'<dc:language>en</dc:language></metadata><manifest><item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>'
            f'{items}</manifest><spine toc="ncx">{spine}</spine></package>',
        )
        file.writestr(
            "toc.ncx",
            f'{head}<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/" version="2005-1"><head/><docTitle><text>Walks</text></docTitle>'
            f"<navMap>{points}</navMap></ncx>",
        )
        for n, each in enumerate(names):
            text = "".join(f"<p>{_CHAPTER * (1 + (n + k) % 3)}</p>" for k in range(9))
            file.writestr(
                f"{each}.xhtml",
                f'{head}<html xmlns="http://www.w3.org/1999/xhtml"><head><title>{n}</title></head><body><h1>Walk {n + 1}</h1>{text}</body></html>',
            )


def plates(_applications: Path, own: Path) -> None:
    """Write three photographs that are looked at closely."""
    for letter, name in zip("abc", ("immunohistochemistry", "retina", "hubble_deep_field"), strict=True):
        plate = np.ascontiguousarray(getattr(data, name)()[..., ::-1])
        cv2.imwrite(str(own / f"plate {letter}.jpg"), plate, [cv2.IMWRITE_JPEG_QUALITY, 90])


FARM_API = {
    "openapi.json": json.dumps(
        {
            "openapi": "3.1.0",
            "info": {"title": "Farm", "version": "2", "description": "Cows are milked, then named."},
            "servers": [{"url": "http://127.0.0.1:9"}],
            "tags": [{"name": thing} for thing in ("cows", "fields", "tractors")],
            "paths": {
                f"/{thing}/{{name}}": {
                    verb: {
                        "tags": [thing],
                        "summary": f"{verb} {thing}",
                        "parameters": [
                            {"name": "name", "in": "path", "required": True, "schema": {"type": "string"}},
                            {"name": "page", "in": "query", "schema": {"type": "integer", "default": 1}},
                        ],
                        "responses": {
                            "200": {
                                "description": "Found.",
                                "content": {
                                    "application/json": {
                                        "schema": {
                                            "type": "object",
                                            "properties": {
                                                "name": {"type": "string"},
                                                "liters": {"type": "number"},
                                            },
                                        }
                                    }
                                },
                            }
                        },
                    }
                    for verb in ("get", "post", "delete")
                }
                for thing in ("cows", "fields", "tractors")
            },
        }
    )
}
