"""The report of `jnd-gateway estimate` in a real browser: are its table and its contact sheet to be seen?"""

from pathlib import Path

import numpy as np
import pytest
from skimage import data
from typer.testing import CliRunner

from calibration.image import Image, encode_jpeg, encode_png
from gateway.cli import app
from tests.walkthrough.browser import Browser

pytestmark = pytest.mark.peers

DESK, TELEPHONE = 1200, 390  # CSS pixels
TARGETS = ("openai:gpt-4o", "anthropic:claude-sonnet-4-5")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Browser:
    return Browser(tmp_path_factory.mktemp("browser"))


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The report on a photograph and a scanned page, as the command writes it."""
    folder = tmp_path_factory.mktemp("traffic")
    (folder / "cat.jpg").write_bytes(encode_jpeg(Image(data.chelsea()), 95))
    (folder / "page.png").write_bytes(encode_png(Image(np.repeat(data.page()[..., None], 3, axis=2))))
    report = folder / "report.html"
    options = [argument for target in TARGETS for argument in ("--for", target)]
    result = CliRunner().invoke(app, ["estimate", str(folder), *options, "--report", str(report)])
    assert result.exit_code == 0, result.output
    return Path(report).read_text(encoding="utf-8")


def test_the_page_opens_without_a_complaint_or_a_request(browser: Browser, page: str):
    visit = browser.visit(page)

    assert visit.console == []
    assert all(target in visit.dom for target in TARGETS)


@pytest.mark.parametrize("width", [DESK, TELEPHONE])
def test_the_table_is_seen_with_a_row_for_each_model(browser: Browser, page: str, width: int):
    tables = browser.visible(page, "table", width=width)
    rows = browser.visible(page, "table:first-of-type tbody tr", width=width)

    assert tables
    assert len(rows) >= len(TARGETS)
    assert all(row.height >= 10 for row in rows)


@pytest.mark.parametrize("width", [DESK, TELEPHONE])
def test_the_contact_sheet_is_seen_original_sent_and_map_of_each_picture(
    browser: Browser, page: str, width: int
):
    pictures = browser.visible(page, "figure img", width=width)
    captions = browser.visible(page, "figure figcaption", width=width)

    assert len(pictures) == 3 * len(captions) > 0
    assert all(picture.loaded > 0 for picture in pictures)
    assert all(picture.width >= 60 and picture.height >= 30 for picture in pictures)
    assert all(picture.left >= 0 and picture.left + picture.width <= width for picture in pictures)


def test_what_is_hidden_or_broken_would_be_caught(browser: Browser, page: str):
    hidden = page.replace("</style>", "table, figure img { visibility: hidden }</style>")
    broken = page.replace("base64,", "base64,!")

    assert browser.visible(hidden, "table", width=DESK) == []
    assert browser.visible(hidden, "figure img", width=DESK) == []
    assert all(picture.loaded == 0 for picture in browser.visible(broken, "figure img", width=DESK))


def test_a_telephone_needs_no_sideways_scrolling(browser: Browser, page: str):
    needed, given = browser.widths(page, TELEPHONE)

    assert needed <= given == TELEPHONE


def test_pictures_and_words_are_drawn(browser: Browser, page: str):
    shown = browser.screenshot(page, width=DESK, height=1600).pixels
    first = min(browser.visible(page, "figure img", width=DESK), key=lambda box: (box.top, box.left))

    corner = shown[int(first.top) : int(first.top + first.height), int(first.left) : int(first.left + 60)]
    assert len(np.unique(corner.reshape(-1, 3), axis=0)) > 200
