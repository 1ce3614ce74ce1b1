import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from calibration.assessment import assess, build_profile
from calibration.observers.simulated import parse_simulated
from calibration.profile import JndProfile
from calibration.prompts.assessment import assess_prompts
from calibration.report.page import render_report, save_plots
from calibration.report.prompt_text import prompt_figures, render_prompt_report, sentence_of
from calibration.stimuli.prompt_kinds import PROMPT_KINDS
from calibration.trials import Trial
from tests.calibration.staged_prompts import prompt_trials

SECTIONS = ("summary", "prompt-text", "ratios", "published", "examples", "method")


def profile_of(trials: list[Trial]) -> JndProfile:
    return build_profile(parse_simulated(""), assess(trials), {"question": "prompt:p.txt", "images": 1})


def page_of(trials: list[Trial]) -> str:
    return render_prompt_report(profile_of(trials), trials)


class _Balance(HTMLParser):
    """Follows which elements are open."""

    VOID = frozenset({"meta", "link", "img", "br"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("ratio", [1.0, 0.3])
def test_the_page_is_whole_and_loads_nothing(ratio: float):
    page = page_of(prompt_trials(ratio))

    checker = _Balance()
    checker.feed(re.sub(r"<path[^>]*/>|<use[^>]*/>|<!--.*?-->|<!doctype html>", "", page, flags=re.DOTALL))
    assert not checker.open
    assert [name for name in SECTIONS if f'id="{name}"' not in page] == []
    assert not re.search(r'(?:src|href)="(?!data:|#)', page)


def test_a_run_with_perturbed_prompts_gets_this_page_and_its_figures(tmp_path: Path):
    trials = prompt_trials(1.0, rounds=4)
    profile, assessments = profile_of(trials), assess(trials)

    assert render_report(profile, assessments) == render_prompt_report(profile, trials)
    assert [path.stem for path in save_plots(assessments, tmp_path)] == list(PROMPT_KINDS)


def test_the_summary_says_at_which_share_half_change_and_how_many_do_by_themselves():
    page = page_of(prompt_trials(1.0))

    assert re.search(r"change where 1\d(?:\.\d)? % of the prompt(?:'|&#39;)s words are perturbed", page)
    assert "answered differently 0 of 60 times: 0.0%" in page


def test_a_threshold_not_reached_says_so_in_its_own_kind():
    found = assess_prompts(prompt_trials(0.3))["prompt-words"]

    assert sentence_of(found) == ("Half of the answers do not change even where 51.3 % is perturbed.")


def test_published_ranges_stand_beside_those_of_the_kinds_asked_about():
    page = page_of(prompt_trials(1.0, kinds="prompt-words"))

    assert "33 → 48 %" in page
    assert "Qwen2.5-VL-7B" not in page  # published for characters only
    assert "32 → 47 %" not in page


def test_examples_show_what_was_put_in_and_taken_out_and_both_answers():
    page = page_of(prompt_trials(1.0))

    assert "<ins>" in page
    assert "<del>" in page
    assert "“red” became “blue”: changed" in page
    assert "“red” became “red”: the same" in page


def test_prompts_and_answers_are_text_never_markup():
    hostile = "<b>Is this</b> a cat? <script>alert(1)</script> Answer with one word. Look twice, then say it."
    trials = [replace(trial, reply="<i>yes</i>") for trial in prompt_trials(1.0, prompt=hostile, rounds=2)]

    page = page_of(trials)

    assert "<script" not in page
    assert "<i>yes" not in page


def test_a_run_of_which_nothing_could_be_compared_still_has_its_page():
    trials = [
        replace(trial, noticed=None, reply="", reply_class="deficiency")
        for trial in prompt_trials(1.0, rounds=1)
    ]

    page = page_of(trials)

    assert "0 of 24 pairs of answers could be compared" not in page
    assert "only 0 of 8 pairs of answers could be compared" in page


def test_every_figure_says_what_it_shows():
    titles = {name: figure.title for name, figure in prompt_figures(prompt_trials(1.0, rounds=1)).items()}

    assert titles["prompt-words"] == "Answers changed as words of the prompt are perturbed"
