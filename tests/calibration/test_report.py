import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from calibration.assessment import assess, build_profile
from calibration.observers.simulated import parse_simulated
from calibration.procedures import Adaptive
from calibration.psychometric import PsychometricFunction
from calibration.report import render_report, save_plots, summarise
from calibration.trials import Stimulus, Trial

OBSERVERS = {
    "blur": PsychometricFunction(8, 3, 0.02, 0.02),
    "noise": PsychometricFunction(25, 3, 0.02, 0.02),
    "contrast": PsychometricFunction(900, 3, 0.01, 0.01),
    "webp": PsychometricFunction(20, 3, 0.7, 0.02),
}


def trials_of(distortion: str, function: PsychometricFunction, count: int = 40) -> list[Trial]:
    rng = np.random.default_rng(1)
    procedure = Adaptive(50.0, np.random.default_rng(1))
    trials = []
    for index in range(count):
        level = procedure.next_level(index)
        noticed = bool(rng.random() < function.probability(level))
        procedure.record(level, noticed=noticed)
        stimulus = Stimulus("a.png", distortion, level, 0)
        trials.append(
            Trial(
                str(index),
                index,
                stimulus,
                "different",
                "reference_first",
                "",
                noticed,
                None,
                "correct",
                "",
                False,
                0.0,
            )
        )
    return trials


@pytest.fixture(scope="module")
def assessments():
    return assess([trial for name, function in OBSERVERS.items() for trial in trials_of(name, function)])


@pytest.fixture(scope="module")
def page(assessments) -> str:
    profile = build_profile(parse_simulated(""), assessments, {"question": "<b>difference</b>", "images": 3})
    return render_report(profile, assessments)


class Outline(HTMLParser):
    """Notes the tags of a page and what they point at."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.sources: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.sources += [value or "" for name, value in attributes if name in ("src", "href", "xlink:href")]


def test_the_page_has_one_plot_and_one_row_per_distortion(page: str):
    outline = Outline()
    outline.feed(page)

    assert outline.tags.count("svg") == outline.tags.count("figure") == 4
    assert outline.tags.count("tr") == 5


def test_the_page_needs_nothing_from_elsewhere(page: str):
    outline = Outline()
    outline.feed(page)

    assert all(source.startswith("#") for source in outline.sources)
    assert "<script" not in page
    assert not re.search(r"url\((?!#)", page)


def test_every_status_is_shown_with_its_reason(page: str):
    for status in ("measured", "censored", "unmeasurable"):
        assert f'class="status {status}"' in page
    assert "identical pairs" in page
    assert "&gt;50" in page


def test_what_the_page_quotes_is_escaped(page: str):
    assert "&lt;b&gt;difference&lt;/b&gt;" in page
    assert "<b>difference</b>" not in page


def test_the_summary_names_the_finest_the_bluntest_and_the_failures(assessments):
    profile = build_profile(parse_simulated(""), assessments, {})

    summary = " ".join(summarise(profile, assessments))

    assert "most sensitive to blur" in summary
    assert "least to noise" in summary
    assert "Never noticed: contrast" in summary
    assert "Could not be measured: WebP compression" in summary
    assert "64 px" in summary


def test_the_same_trials_give_the_same_page(assessments, page: str):
    profile = build_profile(parse_simulated(""), assessments, {"question": "<b>difference</b>", "images": 3})

    again = render_report(profile, assessments)

    assert re.sub(r"finished</dt><dd>[^<]*", "", again) == re.sub(r"finished</dt><dd>[^<]*", "", page)


def test_plots_are_saved_as_png(assessments, tmp_path: Path):
    written = save_plots(assessments, tmp_path / "plots")

    assert [path.name for path in written] == ["blur.png", "contrast.png", "noise.png", "webp.png"]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in written)
