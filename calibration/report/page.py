"""The report of one calibration: one self-contained page, and its figures as PNG files.

Gathers what the page shows; the figures are drawn in `calibration.report.plots`, its sentences are
`calibration.report.words`, its layout is `templates/report.html.j2`. Needs no script and loads nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from markupsafe import Markup

from calibration.assessment import Assessment, asks_a_task, questions_asked
from calibration.directory import write_whole
from calibration.false_alarms import count_catches
from calibration.profile import JndProfile
from calibration.report.bias import diagnose
from calibration.report.examples import render_examples
from calibration.report.layout import load_template
from calibration.report.plots.bias import draw_rates
from calibration.report.plots.curves import draw_curve
from calibration.report.plots.ink import Draw, to_png, to_svg
from calibration.report.plots.radar import BESIDE, draw_radar, multiples_of_human
from calibration.report.plots.replies import draw_replies
from calibration.report.plots.staircase import MOST_STRIPS, draw_staircase
from calibration.report.prompt_text import asks_prompts, prompt_figures, render_prompt_report
from calibration.report.sweeps import sweeps_of
from calibration.report.words import (
    bias_sentences,
    noticed_words,
    sentence_of,
    staircase_sentence,
    summarise,
    title_of,
)
from calibration.summary import describe_interval, describe_level, describe_unit

__all__ = ["render_report", "save_plots", "summarise"]


@dataclass(frozen=True)
class _Card:
    """What the page shows of one distortion."""

    name: str
    label: str
    plot: Markup
    level: str
    interval: str
    unit_value: str
    slope: str
    false_alarm: str
    hit_at_max: str
    n_queries: int
    status: str
    sentence: str


@dataclass(frozen=True)
class _Staircase:
    """The sweeps of one distortion."""

    label: str
    plot: Markup
    sentence: str


@dataclass(frozen=True)
class _Figure:
    """One figure, and what it shows for those who cannot see it."""

    draw: Draw
    title: str


def render_report(
    profile: JndProfile, assessments: Mapping[str, Assessment], images: Path | None = None
) -> str:
    """Return the page as HTML.

    Args:
        profile: What was measured.
        assessments: The same by distortion, with its trials.
        images: The session's folder of references; without it the page says that examples are missing.
    """
    trials = [trial for found in assessments.values() for trial in found.trials]
    if asks_prompts(trials):
        return render_prompt_report(profile, trials)
    plots = {name: to_svg(figure.draw, figure.title) for name, figure in _figures(assessments).items()}
    return load_template("report.html.j2").render(
        profile=profile,
        details=_told(profile.details),
        title=title_of(profile, trials),
        noticed=noticed_words(trials),
        is_task=asks_a_task(trials),
        catches=count_catches(trials),
        has_fits=any(found.fit is not None for found in assessments.values()),
        has_estimates=any(found.fit and found.threshold.is_estimated for found in assessments.values()),
        swaps_polarity=any(trial.polarity == "identical" for trial in trials),
        summary=summarise(profile, assessments),
        n_questions=questions_asked(trials),
        n_trials=len(trials),
        n_readable=sum(trial.noticed is not None for trial in trials),
        cards=[_card(found, plots[name]) for name, found in assessments.items()],
        plots=plots,
        beside=BESIDE,
        staircases=[
            _staircase(found, plots[f"{name}-staircase"])
            for name, found in assessments.items()
            if f"{name}-staircase" in plots
        ],
        most_strips=MOST_STRIPS,
        examples=render_examples(profile, assessments, images),
        bias=bias_sentences(diagnose(assessments), trials),
    )


def save_plots(assessments: Mapping[str, Assessment], folder: Path) -> list[Path]:
    """Write every figure of the page as a PNG file and return the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, figure in _figures(assessments).items():
        written.append(folder / f"{name}.png")
        write_whole(written[-1], to_png(figure.draw))
    return written


def _told(details: Mapping[str, object]) -> dict[str, object]:
    """Leave out what the page shows otherwise, and what does not apply."""
    told = {key: value for key, value in details.items() if value is not None and key not in _TOLD_ABOVE}
    if isinstance(retries := told.pop("retries", None), dict) and retries:
        told["asked again"] = ", ".join(f"{times} times after {reason}" for reason, times in retries.items())
    return told


_TOLD_ABOVE = frozenset(
    {
        *("reply_classes", "excluded_unevenly"),
        *("catch_trials", "catch_trials_shown", "catch_trials_called_different"),
    }
)


def _figures(assessments: Mapping[str, Assessment]) -> dict[str, _Figure]:
    """Return every figure by its file name."""
    trials = [trial for found in assessments.values() for trial in found.trials]
    if asks_prompts(trials):
        return {name: _Figure(each.draw, each.title) for name, each in prompt_figures(trials).items()}
    figures = {
        name: _Figure(
            partial(draw_curve, found),
            f"{'Psychometric function' if found.fit else 'Answers by level'}: {found.distortion.label}",
        )
        for name, found in assessments.items()
    }
    if multiples_of_human(assessments):
        figures["radar"] = _Figure(
            partial(draw_radar, assessments),
            "JNDs of this and published models in multiples of the human JND",
        )
    for name, found in assessments.items():
        sweeps = sweeps_of(found.trials, found.distortion.levels)
        if sweeps:
            figures[f"{name}-staircase"] = _Figure(
                partial(draw_staircase, found.distortion, sweeps), f"n-th JNDs of {found.distortion.label}"
            )
    figures["replies"] = _Figure(partial(draw_replies, assessments), "Reply classes by distortion")
    rates = diagnose(assessments).rates
    if rates:
        figures["bias"] = _Figure(
            partial(draw_rates, rates), "How often a difference was reported, by condition"
        )
    return figures


def _card(assessment: Assessment, plot: Markup) -> _Card:
    found, distortion = assessment.threshold, assessment.distortion
    return _Card(
        name=distortion.name,
        label=distortion.label,
        plot=plot,
        level=describe_level(found, distortion.levels),
        interval=describe_interval(found, distortion.levels),
        unit_value=describe_unit(found, distortion),
        # Where no curve is drawn, what a fit would say of them is the prior's.
        slope="–" if found.slope is None or assessment.fit is None else f"{found.slope:.2g}",
        false_alarm="–" if found.false_alarm is None else f"{found.false_alarm:.0%}",
        hit_at_max="–" if found.hit_at_max is None or assessment.fit is None else f"{found.hit_at_max:.0%}",
        n_queries=found.n_queries,
        status=found.status,
        sentence=sentence_of(assessment),
    )


def _staircase(assessment: Assessment, plot: Markup) -> _Staircase:
    sweeps = sweeps_of(assessment.trials, assessment.distortion.levels)
    return _Staircase(assessment.distortion.label, plot, staircase_sentence(sweeps))
