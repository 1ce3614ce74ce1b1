import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from skimage import data

from calibration.assessment import Method, assess, build_profile
from calibration.image import Image, encode_png
from calibration.observers.simulated import parse_simulated
from calibration.profile import JndProfile
from calibration.psychometric import PsychometricFunction
from calibration.report.page import render_report, save_plots
from calibration.stimuli.registry import DISTORTIONS
from calibration.trials import Trial
from tests.calibration.report.staged_trials import adaptive_trials, ascending_trials, staged_trial

OBSERVERS = {
    "blur": PsychometricFunction(8, 3, 0.02, 0.02),
    "noise": PsychometricFunction(25, 3, 0.02, 0.02),
    "contrast": PsychometricFunction(900, 3, 0.01, 0.01),
    "jpeg": PsychometricFunction(110, 3, 0.01, 0.01),
    "webp": PsychometricFunction(20, 3, 0.02, 0.02),
    "mask": PsychometricFunction(42, 1.5, 0.02, 0.02),
}
COUNTS = {"jpeg": 150, "webp": 6, "mask": 12}
STATUSES = {
    "blur": "measured",
    "noise": "measured",
    "contrast": "censored",
    "jpeg": "blunt",
    "webp": "unmeasurable",
    "mask": "rough",
}
SECTIONS = ("summary", "thresholds", "radar", "curves", "examples", "replies", "bias", "method")


@pytest.fixture(scope="module")
def assessments():
    return assess(
        [
            trial
            for name, function in OBSERVERS.items()
            for trial in adaptive_trials(name, function, COUNTS.get(name, 40))
        ]
    )


@pytest.fixture(scope="module")
def profile(assessments) -> JndProfile:
    return build_profile(parse_simulated(""), assessments, {"question": "<b>difference</b>", "images": 3})


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    (folder / "a.png").write_bytes(encode_png(Image(data.chelsea())))
    return folder


@pytest.fixture(scope="module")
def page(profile, assessments, photos) -> str:
    return render_report(profile, assessments, photos)


class Outline(HTMLParser):
    """Notes the tags of a page and what they point at."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.sources: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.ids += [
            value or "" for name, value in attributes if name == "id" and tag in ("section", "figure")
        ]
        self.sources += [value or "" for name, value in attributes if name in ("src", "href", "xlink:href")]


def test_the_page_has_every_section_and_a_curve_and_a_row_per_distortion(page: str):
    outline = Outline(page)

    assert set(SECTIONS) | set(OBSERVERS) <= set(outline.ids)
    assert outline.tags.count("tr") == len(OBSERVERS) + 1
    assert outline.tags.count("svg") == len(OBSERVERS) + 3  # radar, replies, bias
    assert outline.tags.count("img") == 4 * len(OBSERVERS)


def test_the_page_needs_nothing_from_elsewhere(page: str):
    assert all(source.startswith(("#", "data:")) for source in Outline(page).sources)
    assert "<script" not in page
    assert "@import" not in page
    assert not re.search(r"url\((?!#)", page)


def test_every_status_is_shown_with_its_reason(page: str, assessments):
    assert {name: found.threshold.status for name, found in assessments.items()} == STATUSES
    for status in STATUSES.values():
        assert f'class="status {status}"' in page
    assert "Notices only about" in page
    assert "&gt;50" in page


def test_only_what_may_not_be_used_is_red(page: str):
    red = re.findall(r"\.status\.(\w+)[^}]*var\(--bad\)", page)

    assert red == ["unmeasurable"]


def test_what_the_page_quotes_is_escaped(profile, assessments):
    page = render_report(replace(profile, model='<script>"&'), {"blur": assessments["blur"]})

    assert "&lt;b&gt;difference&lt;/b&gt;" in page
    assert "<b>difference</b>" not in page
    assert "<script" not in page


def test_the_same_trials_give_the_same_page(profile, assessments, photos):
    first, again = (render_report(profile, {"blur": assessments["blur"]}, photos) for _ in range(2))

    assert first == again


def test_the_figures_follow_the_theme_of_the_page(page: str):
    figures = "".join(re.findall(r"<svg.*?</svg>", page, re.DOTALL))

    assert not re.findall(r"(?:fill|stroke): #", figures)
    used = set(re.findall(r"var\(--([a-z0-9-]+)\)", page))
    assert used <= set(re.findall(r"--([a-z0-9-]+):", page))


def test_without_the_pictures_the_page_says_so(profile, assessments):
    page = render_report(profile, {"blur": assessments["blur"]})

    assert "reference pictures are not at hand" in page
    assert "<img" not in page


def test_sweeps_are_shown_as_staircases_and_adaptive_runs_have_none(page: str):
    assessments = assess(ascending_trials("blur", PsychometricFunction(5, 3, 0.02, 0.02)))
    swept = build_profile(parse_simulated(""), assessments, {"procedure": "ascending", "window": 3})

    climbed = render_report(swept, assessments)

    assert 'id="staircases"' in climbed
    assert "benefit zones" in climbed
    assert "habit of saying yes" in climbed
    assert 'id="staircases"' not in page


def test_a_task_is_told_in_its_own_words():
    assessments = assess(
        adaptive_trials("blur", PsychometricFunction(5, 3, 0.02, 0.02), reference_reply="a cat")
    )
    asked = build_profile(parse_simulated(""), assessments, {"question": "task:prompts.txt"})

    page = render_report(asked, assessments)

    assert "alters the answers" in page
    assert "says “different”" not in page
    assert "The answer begins to change" in page


def unreadable(count: int, **changed: object) -> list[Trial]:
    lost = {"noticed": None, "reply_class": "gibberish", "questions": 2, "second_reply": "…"} | changed
    return [staged_trial(index, level=0.0 if index % 5 == 0 else 10.0, **lost) for index in range(count)]


def page_of(trials: list[Trial], **details: object) -> str:
    found = assess(trials)
    return render_report(build_profile(parse_simulated(""), found, details), found)


def words_of(page: str) -> str:
    """Leave out tags, figures and style, so that sentences can be read whole."""
    bare = re.sub(r"<(svg|style).*?</\1>", " ", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", bare))


def test_second_prompts_and_questions_about_references_count_as_questions():
    words = words_of(page_of(unreadable(25)))

    assert "50 questions asked" in words
    assert "0 of 25 pairs answered readably" in words


def test_without_a_readable_answer_there_is_no_curve_no_hit_rate_and_no_false_alarm_rate():
    page = page_of(unreadable(25))
    cells = re.findall(r"<td[^>]*>(.*?)</td>", page)

    assert cells[2:8] == ["–"] * 6
    assert "None of 25 replies could be read" in page
    assert "5 identical pairs were shown, none was answered readably" in words_of(page)
    assert "No identical pair was shown" not in page
    assert "threshold with its 95" not in page
    assert "<h2>Answers by level</h2>" in page


def test_false_alarms_are_counted_and_estimates_are_called_so():
    page = page_of(adaptive_trials("blur", OBSERVERS["blur"], 100))

    assert "0 of 20 identical pairs were called different" in words_of(page)
    assert "<th>False alarms, estimated</th>" in page
    assert "<b>0.0 %</b>" not in page


def test_replies_lost_unevenly_are_said_and_nothing_is_called_measured():
    kept = adaptive_trials("blur", OBSERVERS["blur"], 200)
    lost = [replace(t, noticed=None if t.noticed and t.index % 2 else t.noticed) for t in kept]

    page = page_of(lost)

    assert "replies were left out" in page
    assert 'class="status measured"' not in page
    assert 'class="status rough"' in page


@pytest.mark.parametrize("procedure", ["adaptive", "ascending"])
def test_a_page_about_answers_never_speaks_of_noticing(procedure: str):
    function = PsychometricFunction(12, 3, 0.04, 0.02)
    make = adaptive_trials if procedure == "adaptive" else ascending_trials
    asked = {"reference_reply": "a cat", "polarity": "different"}
    trials = [replace(trial, **asked) for trial in make("blur", function)]
    method = Method(procedure, 3)
    found = assess(trials, method)

    words = words_of(
        render_report(build_profile(parse_simulated(""), found, {"procedure": procedure, "window": 3}), found)
    )

    for word in ("says “different”", "called different", "False alarms", "meaning of “yes”", "saying yes"):
        assert word not in words


def test_figures_that_a_fit_would_give_may_be_missing(assessments):
    bare = {
        name: replace(
            found,
            fit=None,
            threshold=replace(
                found.threshold, slope=None, false_alarm=None, hit_at_max=None, low=None, high=None
            ),
        )
        for name, found in assessments.items()
    }
    profile = build_profile(parse_simulated(""), bare, {})

    page = render_report(profile, bare)

    assert set(SECTIONS) <= set(Outline(page).ids)
    assert "None" not in re.sub(r"<svg.*?</svg>", "", page, flags=re.DOTALL)


@pytest.mark.slow
def test_every_distortion_at_a_real_size_stays_below_three_megabytes(photos: Path):
    trials = [
        trial
        for name in DISTORTIONS
        for trial in adaptive_trials(name, PsychometricFunction(15, 3, 0.02, 0.02), 10)
    ]
    assessments = assess(trials)
    observer = replace(parse_simulated(""), stimulus_side=512)

    page = render_report(build_profile(observer, assessments, {}), assessments, photos)

    assert len(page.encode()) < 3_000_000


def test_plots_are_saved_as_png(assessments, tmp_path: Path):
    swept = assess(ascending_trials("blur", PsychometricFunction(5, 3, 0.02, 0.02)))

    written = save_plots(assessments, tmp_path / "plots")
    climbed = save_plots(swept, tmp_path / "climbed")

    names = ["blur", "contrast", "jpeg", "noise", "mask", "webp", "radar", "replies", "bias"]
    assert [path.stem for path in written] == names
    assert "blur-staircase" in [path.stem for path in climbed]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in written + climbed)
