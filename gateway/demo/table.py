"""What the demo saw, as a person reads it: a table, what was expected and did not happen, a few live metrics.

Judges by what the gateway answered; nothing here knows how the pictures were made.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from prometheus_client.parser import text_string_to_metric_families
from rich import box
from rich.markup import escape
from rich.table import Table

Expectation = Literal["clean", "hidden edit", "attack", "camera"]

_FLAGGED = ("imperceptible_edit", "noticeable_edit")
_VERDICTS = {
    "clean": "[green]clean[/]",
    "imperceptible_edit": "[bold red]hidden edit[/]",
    "noticeable_edit": "[yellow]visible edit[/]",
    "unchecked": "[magenta]unchecked[/]",
}


@dataclass(frozen=True)
class Sample:
    """One picture the demo sends, and what should become of it."""

    title: str
    file: Path
    media_type: str
    expects: Expectation


@dataclass(frozen=True)
class Reply:
    """One answer of the model, and what it was charged for."""

    text: str
    prompt_tokens: int


@dataclass(frozen=True)
class Row:
    """One picture, asked about twice: without the gateway and with it."""

    sample: Sample
    original_answer: str  # of the untouched picture this one was made from; its own for an untouched one
    direct: Reply
    through: Reply
    headers: Mapping[str, str]  # of the gateway's response, lower case

    @property
    def verdict(self) -> str:
        """What the gateway concluded."""
        return self.headers.get("x-jnd-verdict", "missing")

    @property
    def bytes_in(self) -> int:
        """Size of the picture as sent."""
        return self.sample.file.stat().st_size

    @property
    def bytes_out(self) -> int:
        """Size of the picture as the model got it."""
        return self.bytes_in - int(self.headers.get("x-jnd-bytes-saved", "0"))


def disappointments(row: Row) -> list[str]:
    """Say what was expected of this picture and did not happen."""
    promises: dict[Expectation, dict[str, bool]] = {
        "clean": {"found clean": row.verdict == "clean", **_same_answer(row)},
        "hidden edit": {
            "flagged as an edit the model would not notice": row.verdict == "imperceptible_edit",
            **_same_answer(row),
        },
        "attack": {
            "answered differently from its original": row.direct.text != row.original_answer,
            "flagged as edited": row.verdict in _FLAGGED,
        },
        "camera": {
            "found clean": row.verdict == "clean",
            "at least halved": row.bytes_out * 2 <= row.bytes_in,
            **_same_answer(row),
        },
    }
    broken = [what for what, is_kept in promises[row.sample.expects].items() if not is_kept]
    return [f"{row.sample.title} should have been {what}" for what in broken]


def table_of(rows: Sequence[Row]) -> Table:
    """Lay the rows out, one picture per row."""
    table = Table(
        box=box.ROUNDED,
        show_lines=True,
        expand=True,
        title="What the gateway did with each picture",
        caption="The embedded model charges every picture alike; tokens fall where a model charges by size.",
    )
    table.add_column("Picture", ratio=3)
    table.add_column("Verdict, size of the edit, and why", ratio=6)
    table.add_column("Bytes", justify="right", no_wrap=True)
    table.add_column("Tokens", justify="right", no_wrap=True)
    table.add_column("Answer without and with the gateway", ratio=3)
    for row in rows:
        table.add_row(
            row.sample.title,
            _verdict(row),
            f"{_size(row.bytes_in)}\n→ {_size(row.bytes_out)}",
            f"{row.direct.prompt_tokens}\n→ {row.through.prompt_tokens}",
            _answers(row),
        )
    return table


def metrics_table(exposition: str) -> Table:
    """Pick a handful of the gateway's live metrics."""
    table = Table(box=box.SIMPLE, title="Live from /metrics", show_header=False)
    table.add_column("what")
    table.add_column("value", justify="right")
    for what, value in _handful(exposition):
        table.add_row(what, value)
    return table


def calibration_table(record: str) -> Table:
    """Lay out the JSON line of `jnd-calibrate run`: from which level on the model notices."""
    table = Table(box=box.SIMPLE, title="A short calibration of the model")
    for heading in ("Distortion", "Notices from level", "95 % interval", "Status"):
        table.add_column(heading)
    for name, found in json.loads(record)["distortions"].items():
        is_estimated = found["status"] in ("measured", "rough")
        level = f"{found['threshold']:.1f}" if is_estimated else "–"
        interval = f"{found['low']:.1f} to {found['high']:.1f}" if is_estimated else "–"
        table.add_row(name, level, interval, found["status"])
    return table


def calibration_disappointments(record: str) -> list[str]:
    """Say so when no threshold was measured."""
    found = json.loads(record)["distortions"].values()
    if any(threshold["status"] == "measured" for threshold in found):
        return []
    return ["the calibration should have measured a threshold"]


def _handful(exposition: str) -> Iterable[tuple[str, str]]:
    totals: dict[str, float] = {}
    for family in text_string_to_metric_families(exposition):
        for sample in family.samples:
            totals[sample.name] = totals.get(sample.name, 0.0) + sample.value
            if sample.name == "jnd_images_total":
                yield f"images found {sample.labels['outcome'].replace('_', ' ')}", f"{sample.value:.0f}"
    yield "images flagged", f"{totals.get('jnd_flags_total', 0):.0f}"
    yield "image bytes saved", _size(round(totals.get("jnd_bytes_saved_total", 0)))
    yield "image tokens saved", f"{totals.get('jnd_tokens_saved_total', 0):.0f}"
    yield "failures", f"{totals.get('jnd_errors_total', 0):.0f}"
    for name, what in (("jnd_overhead_seconds", "overhead"), ("jnd_upstream_seconds", "wait for the model")):
        if count := totals.get(f"{name}_count", 0):
            yield f"{what}, mean per request", f"{1000 * totals[f'{name}_sum'] / count:.0f} ms"


def _same_answer(row: Row) -> dict[str, bool]:
    return {"answered the same with and without the gateway": row.direct.text == row.through.text}


def _verdict(row: Row) -> str:
    verdict = _VERDICTS.get(row.verdict, row.verdict)
    if ratio := row.headers.get("x-jnd-ratio"):
        verdict += f", {float(ratio):.2f} × JND"
    why = row.headers.get("x-jnd-explanation") or row.headers.get("x-jnd-reason", "")
    return f"{verdict}\n{escape(why)}".rstrip()


def _answers(row: Row) -> str:
    sign = "=" if row.direct.text == row.through.text else "≠"
    told = f"{row.direct.text} {sign} {row.through.text}"
    if row.sample.expects == "attack":
        told += f"\n(its original: {row.original_answer})"
    return escape(told)


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"
