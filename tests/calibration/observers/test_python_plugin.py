import sys
from pathlib import Path

import numpy as np
import pytest

from calibration.image import Image
from calibration.observers.protocol import Observer, ObserverError, Query
from calibration.observers.python_plugin import load_plugin

PICTURE = Image(np.full((5, 7, 3), 9, np.uint8))
SOURCE = """
class One:
    name = "one"
    def answer(self, prompt, images):
        return f"{prompt}: {[image.size for image in images]}"

class Many(One):
    name = "many"
    def answer_batch(self, requests):
        return ["batched"] * len(requests)

class Broken(One):
    def answer(self, prompt, images):
        raise KeyError("weights")

class Short(One):
    def answer_batch(self, requests):
        return []

def nothing():
    return 3
"""


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    name = f"plugin_{tmp_path.name.replace('-', '_')}"
    (tmp_path / f"{name}.py").write_text(SOURCE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    return name


def test_a_plugin_of_the_current_folder_is_asked_with_pillow_images(plugin: str):
    observer = load_plugin(f"{plugin}:One")

    assert isinstance(observer, Observer)
    assert observer.ask([Query("p", (PICTURE, PICTURE))])[0].text == "p: [(7, 5), (7, 5)]"


def test_a_plugin_that_can_gets_the_whole_batch(plugin: str):
    replies = load_plugin(f"{plugin}:Many").ask([Query("p", (PICTURE,))] * 3)

    assert [reply.text for reply in replies] == ["batched"] * 3


def test_a_plugin_wants_many_queries_at_a_time_only_if_it_can_batch_them(plugin: str):
    assert [load_plugin(f"{plugin}:{name}").in_flight for name in ("One", "Many")] == [1, 32]


def test_what_a_plugin_raises_is_told(plugin: str):
    with pytest.raises(ObserverError, match="one failed: KeyError: 'weights'"):
        load_plugin(f"{plugin}:Broken").ask([Query("p", (PICTURE,))])


def test_a_plugin_that_returns_too_few_texts_is_told(plugin: str):
    with pytest.raises(ObserverError, match="must return 1 texts"):
        load_plugin(f"{plugin}:Short").ask([Query("p", (PICTURE,))])


@pytest.mark.parametrize(
    ("rest", "message"),
    [
        ("{}", "expected python:MODULE:FACTORY"),
        ("no_such_module_here:f", "cannot import"),
        ("{}:absent", "has no function absent"),
        ("{}:nothing", "must return an object with name"),
    ],
)
def test_a_spec_that_leads_nowhere_is_refused(plugin: str, rest: str, message: str):
    with pytest.raises(ValueError, match=message):
        load_plugin(rest.format(plugin))
