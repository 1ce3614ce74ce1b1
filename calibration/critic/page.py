"""The report of one critic: one self-contained page, and its figures as PNG files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from calibration.critic.beside import ModelPoint, Relation, fineness
from calibration.critic.findings import OF_QUALITY, Findings, beside_people
from calibration.critic.plots import draw_agreement, draw_models, draw_words
from calibration.critic.scales import ATTRIBUTES, SCALES
from calibration.critic.sentences import LABELS, describe, describe_relation, summarise
from calibration.directory import write_whole
from calibration.report.layout import load_template
from calibration.report.plots.ink import Draw, to_png, to_svg

# SRCC of OneAlign (Q-Align's model zoo). The first three it was trained on.
PUBLISHED: Mapping[str, float] = {
    "KonIQ (seen in training)": 0.9439,
    "SPAQ (seen in training)": 0.9404,
    "KADID (seen in training)": 0.9171,
    "LIVE-C": 0.8661,
    "AGI (QA-3K)": 0.7869,
    "CSIQ": 0.8685,
    "LIVE": 0.8934,
}


@dataclass(frozen=True)
class _Figure:
    draw: Draw
    title: str
    caption: str = ""


@dataclass(frozen=True)
class _Row:
    """What the page tells of one column."""

    label: str
    pictures: int
    srcc: str
    plcc: str
    plcc_fitted: str
    reason: str


@dataclass(frozen=True)
class _ModelRow:
    """What the page tells of one model."""

    model: str
    fineness: str
    srcc: str
    source: str


def render_page(
    findings: Findings, points: Sequence[ModelPoint], relation: Relation, details: Mapping[str, object]
) -> str:
    """Return the page as HTML; the first point is the model of the findings."""
    figures = _figures(findings, points, relation)
    return load_template("critic.html.j2").render(
        findings=findings,
        summary=summarise(findings, points[0], relation),
        rows=[_row(findings, name) for name in findings.agreements],
        replies={LABELS[name]: each for name, each in findings.replies.items()},
        plots={name: to_svg(figure.draw, figure.title) for name, figure in figures.items()},
        figures=figures,
        scatters=[name for name in figures if name in findings.agreements],
        models=[_model_row(point, relation) for point in points],
        relation=describe_relation(points[0], relation),
        has_other_scores=len({point.scores for point in points}) > 1,
        shared=relation.distortions,
        prompts={LABELS[name]: SCALES[name] for name in findings.replies},
        published=PUBLISHED,
        details={key: value for key, value in details.items() if value not in (None, "", {})},
    )


def save_plots(
    findings: Findings, points: Sequence[ModelPoint], relation: Relation, folder: Path
) -> list[Path]:
    """Write every figure of the page as a PNG file and return the paths.

    Raises:
        DirectoryError: The disk refused.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, figure in _figures(findings, points, relation).items():
        written.append(folder / f"{name}.png")
        write_whole(written[-1], to_png(figure.draw))
    return written


def _figures(findings: Findings, points: Sequence[ModelPoint], relation: Relation) -> dict[str, _Figure]:
    figures = {}
    for name, agreement in findings.agreements.items():
        rows = beside_people(name, findings.judged[name], findings.scores, findings.anchors)
        theirs = "people's score" if name in OF_QUALITY else f"people's {name}"
        ours = f"judged {name}" if name in ATTRIBUTES else "judged quality"
        caption = agreement.reason or f"SRCC {describe(agreement.srcc)}"
        title = f"{LABELS[name]} beside people"
        figures[name] = _Figure(partial(draw_agreement, rows, ours, theirs), title, caption)
    if any(each.shares for each in findings.replies.values()):
        figures["words"] = _Figure(
            partial(draw_words, findings.replies), "How probable each word was, by question"
        )
    if any(fineness(each, relation.distortions) is not None and each.srcc is not None for each in points):
        figures["models"] = _Figure(
            partial(draw_models, points, relation.distortions),
            "Agreement with people by just noticeable difference, a dot per model",
        )
    return figures


def _row(findings: Findings, name: str) -> _Row:
    found = findings.agreements[name]
    return _Row(
        label=LABELS[name],
        pictures=found.pictures,
        srcc=describe(found.srcc),
        plcc=describe(found.plcc),
        plcc_fitted=describe(found.plcc_fitted),
        reason=found.reason,
    )


def _model_row(point: ModelPoint, relation: Relation) -> _ModelRow:
    fine = fineness(point, relation.distortions)
    least = "≥ " if set(point.beyond) & set(relation.distortions) else ""
    return _ModelRow(
        model=point.model,
        fineness="–" if fine is None else f"{least}{fine:.3g} ×",
        srcc=describe(point.srcc),
        source=point.source or "no profile",
    )
