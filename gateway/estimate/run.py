"""Carry out `jnd-gateway estimate`: find the pictures, try each, print, write the page."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import track

from calibration.whole_file import replace_file
from gateway.configuration.meaning import why_unknown
from gateway.estimate.estimator import Estimate, Estimator, new_estimate
from gateway.estimate.page import reason_text, render_page
from gateway.estimate.summary import summary_line, target_table
from gateway.estimate.totals import Manner, Target
from gateway.estimate.traffic import Found, find_files, pictures_in

_LOG_WIDTH = 130  # columns, where the output goes to a file


def estimate_traffic(
    paths: list[Path],
    *,
    targets: tuple[Target, ...],
    manner: Manner,
    report: Path | None,
    artifact: Path | None,
    as_json: bool,
) -> bool:
    """Print what would be saved, and tell whether there was trouble.

    Raises:
        ArtifactError: The predictor cannot be loaded.
        ProfileError: A model's profile cannot be read.
        OSError: A path does not exist, or the page cannot be written.
    """
    aside = Console(stderr=True)
    for provider in dict.fromkeys(target.provider for target in targets):
        if message := why_unknown(provider):
            aside.print(
                f"{message} Until then the rules of `other` apply.",
                markup=False,
                highlight=False,
                soft_wrap=True,
            )
    files = find_files(paths)
    estimate = new_estimate(targets, manner.tier)
    for told in Estimator(targets, manner, artifact).run(_pictures_of(files, aside), estimate):
        if as_json:
            typer.echo(json.dumps(told, ensure_ascii=False))
        elif told["class"] is None:
            aside.print(
                f"{told['file']}: not read: {reason_text(told['reason'])}", markup=False, highlight=False
            )
    if as_json:
        typer.echo(json.dumps(summary_line(estimate), ensure_ascii=False))
    else:
        _print_for_people(estimate)
    if report is not None:
        replace_file(report, render_page(estimate).encode())
        aside.print(f"Report: {report.resolve().as_uri()}", soft_wrap=True, highlight=False)
    flagged = estimate.count_verdicts("imperceptible_edit", "noticeable_edit")
    return not estimate.times or bool(estimate.unreadable) or flagged > 0


def _pictures_of(files: list[Path], aside: Console) -> Iterator[Found]:
    is_shown = aside.is_terminal and len(files) > 1
    for file in track(files, console=aside, disable=not is_shown, transient=True):
        yield from pictures_in(file)


def _print_for_people(estimate: Estimate) -> None:
    console = Console()
    if not sys.stdout.isatty():
        console.width = _LOG_WIDTH
    if not estimate.times:
        console.print("No picture was found that can be read.")
        return
    console.print(target_table(estimate))
    for reason, count in estimate.totals[0].left_alone.most_common():
        console.print(f"  {count:,} left alone: {reason}", markup=False, highlight=False, soft_wrap=True)
    for reason, count in estimate.unreadable.most_common():
        console.print(
            f"  {count:,} not read: {reason_text(reason)}", markup=False, highlight=False, soft_wrap=True
        )
    console.print(
        "Bytes buy latency; money follows tokens, which follow from a picture's size in pixels alone."
    )
