"""What came of a run as files for machines: one JSON object, and a table with a line for every picture."""

import csv
import io
from collections.abc import Mapping
from dataclasses import asdict

from calibration.critic.agreement import Agreement
from calibration.critic.beside import ModelPoint, Relation
from calibration.critic.findings import Findings, compared_with
from calibration.critic.scales import ATTRIBUTES, ORIGIN, PAIRS

SCHEMA_VERSION = 1
_DECIMALS = 6


def as_record(findings: Findings, point: ModelPoint, relation: Relation) -> dict[str, object]:
    """Return what `critic.json` holds and `--json` prints."""
    pairs = findings.pairs
    return {
        "schema_version": SCHEMA_VERSION,
        "model": findings.model,
        "answers_by": findings.answers_by,
        "is_whole": findings.is_whole,
        "pictures": len(findings.pictures),
        "scores": findings.scores.digest,
        "agreement": {name: _agreement(each) for name, each in findings.agreements.items()},
        "origin": None if findings.origin is None else asdict(findings.origin),
        "replies": {name: asdict(each) for name, each in findings.replies.items()},
        "pairs": None
        if pairs is None
        else {
            "anchors": list(findings.anchors),
            "on_scale_of_scores": pairs.is_scaled,
            "place_bias": None if pairs.bias is None else asdict(pairs.bias),
        },
        "jnd": {
            "source": point.source,
            "multiples_of_human": {name: round(each, 4) for name, each in point.multiples.items()},
            "beyond_scale": list(point.beyond),
        },
        "finer_is_better": asdict(relation),
    }


def as_table(findings: Findings) -> str:
    """Return a CSV: of every picture what people said, what was judged and within what bounds."""
    columns = [name for name in findings.judged if name != ORIGIN]
    people = {name: compared_with(name, findings.scores) for name in columns if name in ATTRIBUTES}
    heading = ["file", "mos", *(f"people_{name}" for name, each in people.items() if each)]
    told: list[Mapping[str, float]] = [
        findings.scores.mos,
        *(people[name] for name in people if people[name]),
    ]
    for name in findings.judged:
        values = findings.judged[name]
        heading.append("generated_probability" if name == ORIGIN else name.replace("-", "_"))
        told.append({picture: each.score for picture, each in values.items()})
        if any(each.high > each.low for each in values.values()) and name != PAIRS:
            heading += [f"{heading[-1]}_low", f"{heading[-1]}_high"]
            told.append({picture: each.low for picture, each in values.items()})
            told.append({picture: each.high for picture, each in values.items()})
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(heading)
    for picture in findings.pictures:
        cells = [each.get(picture) for each in told]
        writer.writerow([picture, *("" if cell is None else round(cell, _DECIMALS) for cell in cells)])
    return buffer.getvalue()


def _agreement(agreement: Agreement) -> dict[str, object]:
    return asdict(agreement)
