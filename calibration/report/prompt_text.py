"""The report of a run with perturbed prompts: response change ratios, thresholds, and what was asked.

Gathers what the page shows; its layout is `templates/prompt_text.html.j2`, its figures
`calibration.report.plots.response_change`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from calibration.profile import JndProfile
from calibration.prompts.assessment import PromptFinding, asks_prompts, assess_prompts
from calibration.prompts.published import PUBLISHED
from calibration.prompts.response_change import Count
from calibration.report.layout import load_template
from calibration.report.plots.ink import Draw, to_svg
from calibration.report.plots.response_change import draw_response_change
from calibration.stimuli.prompt_kinds import PROMPT_KINDS, perturbation_of
from calibration.stimuli.prompt_text import Perturbation
from calibration.trials import Trial

__all__ = ["asks_prompts", "prompt_figures", "render_prompt_report"]

_SHOWN_LEVELS = (5, 20, 50)  # per cent, of the examples
_LONGEST_PROMPT, _LONGEST_ANSWER = 420, 90  # characters shown
_TOLD_ABOVE = frozenset({"reply_classes", "response_change", "catch_trials"})


@dataclass(frozen=True)
class PromptFigure:
    """One figure, and what it shows for those who cannot see it."""

    draw: Draw
    title: str


@dataclass(frozen=True)
class Cell:
    """One level of one kind in the table of ratios."""

    ratio: str
    interval: str
    share: str  # what was changed on average


@dataclass(frozen=True)
class Piece:
    """A stretch of a perturbed prompt."""

    text: str
    tag: str  # ins, del, or nothing where it is as it was


@dataclass(frozen=True)
class Example:
    """One trial as it was asked and answered."""

    level: str
    pieces: Sequence[Piece]
    before: str
    after: str
    outcome: str


def prompt_figures(trials: Sequence[Trial]) -> dict[str, PromptFigure]:
    """Return every figure by its file name."""
    return {
        name: PromptFigure(
            partial(draw_response_change, found),
            f"Answers changed as {found.unit} of the prompt are perturbed",
        )
        for name, found in assess_prompts(trials).items()
    }


def render_prompt_report(profile: JndProfile, trials: Sequence[Trial]) -> str:
    """Return the page as HTML."""
    findings = assess_prompts(trials)
    levels = sorted({found.level for each in findings.values() for found in each.levels})
    usable = sum(trial.noticed is not None for trial in trials)
    return load_template("prompt_text.html.j2").render(
        profile=profile,
        details={key: value for key, value in profile.details.items() if _is_told(key, value)},
        summary=_summarise(profile.model, findings),
        findings=findings,
        sentences={name: sentence_of(found) for name, found in findings.items()},
        plots={name: to_svg(figure.draw, figure.title) for name, figure in prompt_figures(trials).items()},
        levels=levels,
        rows={name: [_cell(found, level) for level in levels] for name, found in findings.items()},
        unperturbed=_by_itself(findings),
        published=_published(findings),
        examples={name: _examples(found) for name, found in findings.items()},
        n_questions=sum(trial.questions for trial in trials),
        n_trials=len(trials),
        n_usable=usable,
        answers=_answers_per_level(findings),
    )


def sentence_of(finding: PromptFinding) -> str:
    """Say what one kind's threshold means."""
    found = finding.threshold
    if found.status != "measured":
        reason = found.reason or found.status
        return f"{reason[:1].upper()}{reason[1:]}."
    return (
        f"Half of the answers change where {found.threshold:.3g} % of the prompt's {finding.unit} "
        f"are perturbed (95 % interval {found.low:.3g} to {found.high:.3g} %)."
    )


def _summarise(model: str, findings: Mapping[str, PromptFinding]) -> list[str]:
    sentences = [
        sentence_of(found)
        if found.threshold.status == "measured"
        else f"{found.unit.capitalize()}: {found.threshold.reason or found.threshold.status}."
        for found in findings.values()
    ]
    by_itself = next(iter(findings.values())).by_itself
    if by_itself.ratio is not None and by_itself.interval is not None:
        low, high = by_itself.interval
        sentences.append(
            f"Asked the same prompt twice, {model} answered differently {by_itself.changed} of "
            f"{by_itself.answered} times: {by_itself.ratio:.1%} (95 % interval {low:.1%} to {high:.1%})."
        )
    return sentences


def _is_told(key: str, value: object) -> bool:
    return value is not None and key not in _TOLD_ABOVE


def _cell(finding: PromptFinding, level: float) -> Cell:
    found = next((each for each in finding.levels if each.level == level), None)
    if found is None or found.count.ratio is None:
        return Cell("–", "", "")
    return Cell(f"{found.count.ratio:.0%}", _interval(found.count), f"{found.share:.3g} %")


def _answers_per_level(findings: Mapping[str, PromptFinding]) -> str:
    counts = [found.count.answered for each in findings.values() for found in each.levels]
    least, most = min(counts, default=0), max(counts, default=0)
    return f"{most}" if least == most else f"{least} to {most}"


def _by_itself(findings: Mapping[str, PromptFinding]) -> Cell:
    count = next(iter(findings.values())).by_itself
    return Cell("–", "", "") if count.ratio is None else Cell(f"{count.ratio:.1%}", _interval(count), "")


def _interval(count: Count) -> str:
    low, high = count.interval or (0.0, 0.0)
    return f"{100 * low:.0f}–{100 * high:.0f} %"


def _published(findings: Mapping[str, PromptFinding]) -> Mapping[str, Sequence[str]]:
    """Return a row of ranges per published model."""
    models = dict.fromkeys(model for name in PROMPT_KINDS for model in PUBLISHED[name])
    return {
        model: [
            f"{found.lowest:g} → {found.highest:g} %" if (found := PUBLISHED[name].get(model)) else "–"
            for name in findings
        ]
        for model in models
        if any(model in PUBLISHED[name] for name in findings)
    }


def _examples(finding: PromptFinding) -> list[Example]:
    found = []
    for level in _SHOWN_LEVELS:
        shown = [trial for trial in finding.trials if trial.stimulus.level == level]
        if shown:
            found.append(_example(shown[0]))
    return found


def _example(trial: Trial) -> Example:
    stimulus = trial.stimulus
    perturbation = perturbation_of(
        trial.reference_prompt or "", stimulus.distortion, stimulus.level, stimulus.seed
    )
    outcomes = {None: "not comparable", True: "changed", False: "the same"}
    return Example(
        level=f"{perturbation.level:.3g} %",
        pieces=_pieces(perturbation),
        before=_cut(trial.reference_reply or "", _LONGEST_ANSWER),
        after=_cut(trial.reply, _LONGEST_ANSWER),
        outcome=outcomes[trial.noticed],
    )


def _pieces(found: Perturbation) -> list[Piece]:
    """Return the prompt as it became, with what was taken out and put in, up to the longest shown."""
    pieces, end = [], 0
    for change in found.changes:
        pieces.append(Piece(found.original[end : change.start], ""))
        if found.granularity != "character":  # letter by letter it cannot be read
            pieces.append(Piece(change.before, "del"))
        pieces.append(Piece(change.after, "ins"))
        end = change.start + len(change.before)
        if end > _LONGEST_PROMPT:
            return [*pieces, Piece("…", "")]
    return [*pieces, Piece(_cut(found.original[end:], max(1, _LONGEST_PROMPT - end)), "")]


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest].rstrip()}…"
