"""What training hands to serving: one directory, a safetensors file per part, one card that describes them.

Parts are trained apart and live side by side: writing one leaves the others as they are. Nothing here knows
what a part computes; the rooms beside it do.

In version 2 of an artifact the residual part is calibrated per stratum, end to end. Artifacts of version 1
are read as far as their parts still fit; `jnd-predictor upgrade` makes them whole.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors

from calibration.whole_file import replace_file

SCHEMA_VERSION = 2
_OLDEST_VERSION = 1
FORMAT = "lmm-jnd-artifact"
CARD = "card.json"
FILE_FIELDS = ("file", "sha256", "size_bytes")  # of a card entry: written anew with every file

PartKind = Literal["noticeability", "residual", "answer_change", "thresholds", "people", "critic"]
KINDS: tuple[PartKind, ...] = ("noticeability", "residual", "answer_change", "thresholds", "people", "critic")


class ArtifactError(ValueError):
    """The directory is not an artifact this version can use: missing, damaged, foreign or newer."""


@dataclass(frozen=True)
class Part:
    """What one predictor learned: arrays, and what its card entry says of them."""

    tensors: Mapping[str, torch.Tensor]
    card: Mapping[str, Any] = field(default_factory=dict)  # settings, training data, figures, use, limits


def default_directory() -> Path:
    """Return the artifact that ships with the package."""
    return Path(str(files("predictor"))) / "artifact_default"


def write_part(directory: Path, kind: PartKind, part: Part) -> None:
    """Store one part and its card entry; the other parts of the directory stay as they are.

    The arrays go into a file of their own name, and the card turns from the old file to the new one at once.

    Raises:
        ArtifactError: The directory holds a card of something else, or a damaged one.
        OSError: It cannot be written; the old part is still there.
    """
    directory.mkdir(parents=True, exist_ok=True)
    card = _read_card(directory) if (directory / CARD).exists() else _empty_card()
    former = _file_name(card["parts"][kind], kind) if kind in card["parts"] else None
    tensors = {name: tensor.detach().contiguous().cpu() for name, tensor in part.tensors.items()}
    data = save_tensors(tensors, metadata={"format": FORMAT})  # two entries would be written in random order
    digest = hashlib.sha256(data).hexdigest()
    name = f"{kind}-{digest[:12]}.safetensors"
    # Beside the parts: the same arrays and settings are the same version whenever they were written.
    card["written"] = {**_written(card), kind: datetime.now(UTC).date().isoformat()}
    card["parts"][kind] = {**part.card, "file": name, "sha256": digest, "size_bytes": len(data)}
    described = (json.dumps(card, indent=2) + "\n").encode()
    replace_file(directory / name, data)
    try:
        replace_file(directory / CARD, described)
    except OSError:
        if name != former:
            (directory / name).unlink(missing_ok=True)
        raise
    if former is not None and former != name:
        (directory / former).unlink(missing_ok=True)


def complete(directory: Path) -> None:
    """Add the parts an artifact lacks from the one that ships, so that it serves every question.

    Raises:
        ArtifactError: One of the two is damaged, foreign or newer.
        OSError: It cannot be written.
    """
    for kind in KINDS:
        if has_part(default_directory(), kind) and not has_part(directory, kind):
            shipped = read_part(default_directory(), kind)
            described = {name: value for name, value in shipped.card.items() if name not in FILE_FIELDS}
            write_part(directory, kind, Part(shipped.tensors, described))


def read_part(directory: Path, kind: PartKind) -> Part:
    """Read one part, its bytes checked against the card.

    Raises:
        ArtifactError: No such artifact or part, or it is damaged, foreign or newer than this program.
    """
    entry = _read_card(directory)["parts"].get(kind)
    if entry is None:
        raise ArtifactError(f"expected a part named {kind} in {directory}, the card lists none")
    name = _file_name(entry, kind)
    data = _read_bytes(directory / name)
    found = hashlib.sha256(data).hexdigest()
    if found != entry.get("sha256"):
        raise ArtifactError(f"{name} is damaged or foreign: its hash is not the card's")
    try:
        return Part(load_tensors(data), entry)
    except (SafetensorError, ValueError, KeyError) as error:
        raise ArtifactError(f"{name} is not readable safetensors data: {error}") from error


def has_part(directory: Path, kind: PartKind) -> bool:
    """Tell whether the card of this artifact lists the part.

    Raises:
        ArtifactError: No such artifact, or its card is damaged, foreign or newer.
    """
    return kind in _read_card(directory)["parts"]


def older_schema(directory: Path) -> str:
    """Say what to do about an artifact of an earlier version; empty for one of today's, or for none.

    It goes behind the reason why some part of it cannot be used.
    """
    try:
        version = _read_card(directory)["schema_version"]
    except ArtifactError:
        return ""
    if version == SCHEMA_VERSION:
        return ""
    return (
        f"; {directory} is of schema version {version}, this program writes version {SCHEMA_VERSION}: "
        f"`jnd-predictor upgrade {directory}` takes the shipped parts in place of those that no longer fit"
    )


def mark_current(directory: Path) -> None:
    """Note that every part fits this version.

    Raises:
        ArtifactError: No such artifact, or its card is damaged, foreign or newer.
        OSError: It cannot be written.
    """
    card = _read_card(directory) | {"schema_version": SCHEMA_VERSION}
    replace_file(directory / CARD, (json.dumps(card, indent=2) + "\n").encode())


def artifact_version(directory: Path) -> str:
    """Return twelve hexadecimal digits that change whenever any part's arrays or settings change.

    Raises:
        ArtifactError: No such artifact, or its card is damaged, foreign or newer.
    """
    parts = _read_card(directory)["parts"]
    content = json.dumps({kind: parts[kind] for kind in sorted(parts)}, sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:12]


def artifact_written(directory: Path) -> dict[str, date]:
    """Return on which day each part was written, as far as the card says: older programs noted none.

    Raises:
        ArtifactError: No such artifact, or its card is damaged, foreign or newer.
    """
    days = _written(_read_card(directory))
    try:
        return {kind: date.fromisoformat(str(days[kind])) for kind in KINDS if kind in days}
    except ValueError as error:
        raise ArtifactError(f"expected days such as 2026-11-29 under written, got {days}") from error


def part_version(directory: Path, kind: PartKind) -> str:
    """Return twelve hexadecimal digits that change whenever the arrays of a part change; empty without it.

    Raises:
        ArtifactError: No such artifact, or its card is damaged, foreign or newer.
    """
    entry = _read_card(directory)["parts"].get(kind)
    return str(entry.get("sha256", ""))[:12] if isinstance(entry, dict) else ""


def _file_name(entry: Any, kind: PartKind) -> str:
    """Read where a card entry keeps its arrays: KIND.safetensors, or with twelve digits of their hash."""
    name = entry.get("file", f"{kind}.safetensors") if isinstance(entry, dict) else None
    if not isinstance(name, str) or not re.fullmatch(rf"{kind}(-[0-9a-f]{{12}})?\.safetensors", name):
        raise ArtifactError(f"expected a file {kind}-HASH.safetensors of the part {kind}, got {name!r}")
    return name


def _written(card: Mapping[str, Any]) -> dict[str, Any]:
    days = card.get("written", {})
    if not isinstance(days, dict):
        raise ArtifactError(f"expected under written a day for each part, got {days!r}")
    return days


def _empty_card() -> dict[str, Any]:
    return {"format": FORMAT, "schema_version": SCHEMA_VERSION, "parts": {}}


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ArtifactError(f"cannot read {path.name} of the artifact: {error.strerror}") from error


def _read_card(directory: Path) -> dict[str, Any]:
    data = _read_bytes(directory / CARD)
    try:
        card = json.loads(data)
    except ValueError as error:
        raise ArtifactError(f"the card of {directory} is damaged: {error}") from error
    if not isinstance(card, dict) or card.get("format") != FORMAT or not isinstance(card.get("parts"), dict):
        raise ArtifactError(f"{directory} is not a predictor artifact: its card says otherwise")
    version = card.get("schema_version")
    if type(version) is not int or version < _OLDEST_VERSION:
        raise ArtifactError(f"expected an artifact of schema version 1 to {SCHEMA_VERSION}, got {version!r}")
    if version > SCHEMA_VERSION:
        raise ArtifactError(
            f"expected an artifact of schema version up to {SCHEMA_VERSION}, got {version}, of a newer "
            "release: `pip install --upgrade lmm-jnd`"
        )
    return card
