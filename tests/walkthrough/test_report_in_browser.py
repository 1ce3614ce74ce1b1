"""The calibration report in a real browser: on a desk, on a telephone, cut off from the network."""

from pathlib import Path

import numpy as np
import pytest
from skimage import data

from calibration.assessment import assess, build_profile
from calibration.image import Image, encode_png
from calibration.observers.simulated import parse_simulated
from calibration.psychometric import PsychometricFunction
from calibration.report.page import render_report
from calibration.stimuli.registry import DISTORTIONS
from tests.calibration.report.staged_trials import adaptive_trials, ascending_trials
from tests.walkthrough.browser import Browser

pytestmark = pytest.mark.peers

SECTIONS = ("summary", "thresholds", "radar", "curves", "examples", "replies", "bias", "method")
TELEPHONE = 390
SEEN = ("blur", "jpeg", "angle")
UNSEEN = ("mask",)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Browser:
    return Browser(tmp_path_factory.mktemp("browser"))


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    photos = tmp_path_factory.mktemp("photos")
    (photos / "a.png").write_bytes(encode_png(Image(data.chelsea())))
    trials = [t for name in SEEN for t in adaptive_trials(name, PsychometricFunction(8, 3, 0.02, 0.02))]
    trials += [t for name in UNSEEN for t in adaptive_trials(name, PsychometricFunction(900, 3, 0.02, 0.02))]
    return rendered(trials, photos)


@pytest.fixture(scope="module")
def climbed() -> str:
    return rendered(ascending_trials("noise", PsychometricFunction(5, 3, 0.02, 0.02)), None)


def rendered(trials: list, photos: Path | None) -> str:
    assessments = assess(trials)
    details = {
        "observer": "openai:a-model-with-a-rather-long-name@http://localhost:8000/v1",
        "procedure": "ascending" if photos is None else "adaptive",
    }
    return render_report(build_profile(parse_simulated(""), assessments, details), assessments, photos)


def test_the_page_opens_whole_without_a_complaint_or_a_request(browser: Browser, page: str):
    visit = browser.visit(page)

    assert visit.console == []
    for section in SECTIONS:
        assert f'id="{section}"' in visit.dom
    for name in (*SEEN, *UNSEEN):
        assert DISTORTIONS[name].label in visit.dom


@pytest.mark.parametrize("fault", ['<img src="https://example.org/x.png">', "<script>1</script>"])
def test_a_page_that_loads_or_runs_something_would_be_caught(browser: Browser, page: str, fault: str):
    visit = browser.visit(page.replace("</main>", f"{fault}</main>"))

    assert any("Content Security Policy" in line for line in visit.console)


@pytest.mark.parametrize("which", ["page", "climbed"])
def test_a_telephone_needs_no_sideways_scrolling(
    browser: Browser, request: pytest.FixtureRequest, which: str
):
    needed, given = browser.widths(request.getfixturevalue(which), TELEPHONE)

    assert given == TELEPHONE
    assert needed <= given


def test_a_page_too_wide_for_a_telephone_would_be_caught(browser: Browser, page: str):
    wide = page.replace("<main>", '<main><div style="width:600px">.</div>')

    needed, given = browser.widths(wide, TELEPHONE)

    assert needed > given


def test_the_page_is_drawn(browser: Browser, page: str):
    shown = browser.screenshot(page, width=1200, height=3600).pixels

    ink = np.abs(shown.astype(int) - shown[2, 2]).sum(axis=2) > 40
    assert all(ink[top : top + 300].mean() > 0.005 for top in range(0, 3000, 300))
    assert len(np.unique(shown[::5, ::5].reshape(-1, 3), axis=0)) > 500
