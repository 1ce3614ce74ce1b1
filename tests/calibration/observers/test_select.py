import shutil
from pathlib import Path

import pytest

from calibration.observers.embedded.observer import MODEL_FOLDER
from calibration.observers.options import ObserverOptions
from calibration.observers.protocol import Observer
from calibration.observers.select import build_observer


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "k")
    monkeypatch.setenv("GEMINI_API_KEY", "k")


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize(
    ("spec", "name"),
    [
        ("openai:gpt-4o@http://host/v1", "gpt-4o"),
        ("anthropic:claude", "claude"),
        ("gemini:gemini-2.5-pro", "gemini-2.5-pro"),
        ("simulated:threshold=3", "simulated"),
        ("embedded", "embedded"),
        ("human", "human-ssimulacra2"),
    ],
)
def test_a_spec_builds_its_observer_which_says_how_much_it_wants_at_a_time(spec: str, name: str):
    observer = build_observer(spec, ObserverOptions(workers=4))
    observer.close()

    assert isinstance(observer, Observer)
    assert observer.name == name
    assert observer.in_flight >= 1


@pytest.mark.parametrize("spec", ["", "gpt-4o", "llama:x"])
def test_an_unknown_kind_is_told_all_there_are(spec: str):
    with pytest.raises(ValueError, match="expected embedded") as caught:
        build_observer(spec)

    for kind in ("openai:", "anthropic:", "gemini:", "transformers:", "python:", "simulated:"):
        assert kind in str(caught.value)


@pytest.mark.parametrize("spec", ["openai:m", "anthropic:", "gemini:", "transformers:", "python:m"])
def test_a_kind_without_what_it_needs_is_told_what_was_expected(spec: str):
    with pytest.raises(ValueError, match="expected"):
        build_observer(spec)


def test_another_embedded_model_is_named_after_its_folder(tmp_path: Path):
    copy = tmp_path / "retrained"
    shutil.copytree(MODEL_FOLDER, copy)

    assert build_observer(f"embedded:{copy}").name == "retrained"


def test_a_folder_without_a_model_is_named():
    with pytest.raises(ValueError, match="nowhere"):
        build_observer("embedded:nowhere")


def test_people_take_no_options():
    with pytest.raises(ValueError, match="expected human alone"):
        build_observer("human:seed=3")
