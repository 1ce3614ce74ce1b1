"""The command `recalibrate`: have what reviewers called false alarms raise no further ones.

Heavy imports happen inside the command, so that `--help` answers at once.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from predictor.commands.options import Json, console, fail

if TYPE_CHECKING:
    from predictor.commands.labels_file import Labels
    from predictor.guarantees.conformal import ConformalCalibration
    from predictor.guarantees.recalibrating import StratumChange

_TROUBLE = 1  # exit code
_FEWEST = 10


def recalibrate(  # noqa: PLR0917 - typer reads the options from the signature; all are passed by name
    labels: Annotated[
        list[Path],
        typer.Option(help="What `/review/labels.jsonl` or `jnd-gateway review labels` gave; several files."),
    ],
    out: Annotated[Path, typer.Option(help="File to write; `detection.calibration` names it.")],
    calibration: Annotated[
        Path | None, typer.Option(help="Calibration to begin with; without it, the one the labels came with.")
    ] = None,
    alpha: Annotated[
        float, typer.Option(min=0.0001, max=0.5, help="False-alarm rate, as policy.alpha; for what is told.")
    ] = 0.01,
    fewest: Annotated[
        int, typer.Option(min=1, help="False alarms that a kind of picture must have to be changed.")
    ] = _FEWEST,
    as_json: Json = False,
) -> None:
    """Let labelled false alarms join the benign scores of detection, each picture once.

    What was flagged and harmless becomes ordinary: it takes the place of the least suspicious pictures, so
    p-values of its kind (codec, content, size) only grow, and less is flagged. What was never flagged has no
    label: this can only make detection quieter, and the share of false alarms that policy.alpha promises is
    no reason for it. Attacks that people marked join nothing: how many of them would still be found is told,
    and worth a look. Flags by rules about files, and by comparison with earlier pictures (pairs),
    are not recalibrated: allow such files, or set policy.actions.

    Exit code 0, 1 when a file is damaged or no kind of picture had enough labels (nothing is written), 2 for
    bad use.

    Example: jnd-predictor recalibrate --labels labels.jsonl --out detection.json
    """
    from predictor.commands.labels_file import LabelsError, read_labels, scores_of  # noqa: PLC0415 - as above
    from predictor.guarantees import recalibrating  # noqa: PLC0415

    try:
        read = read_labels(labels, calibration)
        base = scores_of(read.calibration)
        after, changes = recalibrating.recalibrate(base, read.labelled, alpha=alpha, fewest=fewest)
        is_changed = _write(out, read, after, changes)
    except (LabelsError, OSError) as error:
        fail(error)
    told = {
        "labels": len(read.labelled),
        "unscored": read.unscored,
        "compared": read.compared,
        "joined_before": read.known,
    }
    if as_json:
        strata = {each.stratum: _fields(each) for each in changes}
        print(json.dumps({"out": str(out) if is_changed else None, **told, "strata": strata}))
    else:
        _tell(changes, told, out if is_changed else None)
    if not is_changed:
        raise typer.Exit(_TROUBLE)


def _write(
    out: Path, read: "Labels", scores: "ConformalCalibration", changes: "Sequence[StratumChange]"
) -> bool:
    """Write the calibration if anything in it changed; tell whether it did."""
    from predictor.commands.labels_file import write_calibration  # noqa: PLC0415 - as above

    changed = {each.stratum: each for each in changes if each.is_changed}
    if changed:
        alarms = [each for each in read.labelled if not each.is_attack and each.stratum in changed]
        counts = ", ".join(f"{each.false_alarms} in {each.stratum}" for each in changed.values())
        note = f"false alarms joined: {counts}"
        write_calibration(out, read.calibration, scores, (each.picture for each in alarms), note)
    return bool(changed)


def _fields(change: "StratumChange") -> dict[str, Any]:
    fields = asdict(change) | {"is_changed": change.is_changed}
    return {name: _finite(value) for name, value in fields.items() if name != "stratum"}


def _finite(value: object) -> object:
    return None if isinstance(value, float) and not isfinite(value) else value


def _tell(changes: "Sequence[StratumChange]", told: dict[str, int], out: Path | None) -> None:
    for each in changes:
        what = each.reason or (
            f"{each.false_alarms} false alarms joined {each.benign} benign pictures: flagged above the score "
            f"{each.threshold_after:.2f} instead of {each.threshold_before:.2f}; "
            f"{each.still_flagged} of them would still be flagged"
        )
        attacks = f"; attacks found: {each.attacks_found_after} of {each.attacks}"
        if each.attacks_found_after < each.attacks_found_before:
            attacks += f", {each.attacks_found_before} before"
        print(f"{each.stratum}: {what}{attacks if each.attacks else ''}")
    print(
        f"{told['labels']} labels with a score, {told['unscored']} without (rules about files, comparisons, "
        f"pictures that were gone), {told['joined_before']} that had joined before"
    )
    if told["compared"]:
        print(
            f"{told['compared']} false alarms came by comparison with earlier pictures: these are not "
            "recalibrated, and will be flagged again; allow those files, or set policy.actions"
        )
    if out is None:
        console.print("nothing was written: no kind of picture has enough labels", highlight=False)
    else:
        print(f"written to {out}: name it in detection.calibration, and reload")
