"""Benign pairs from disk: pictures somebody edited, and frames between which something moved. No levels.

Two layouts are read, as their authors released them:

MagicBrush (test split; the others come as parquet and are unpacked to the same names):
    edit_sessions.json                      {"ID": [{"input", "mask", "output", "instruction"}, ...], ...}
    images/ID/ID-input.png                  the photograph
    images/ID/ID-output1.png, ID-mask1.png  after the first turn; the next turn's input
Without edit_sessions.json the turns are taken from the file names, and have no instruction.

spot-the-diff:
    resized_images/ID.png, ID_2.png         the two frames (or beside the folder's other files)
    annotations/{train,val,test}.json       [{"img_id": "ID", "sentences": [...]}, ...]
Without annotations every ID.png with an ID_2.png is a pair.

What cannot be read, or does not differ, is left out and named with the reason. Where no such set is at hand,
`local_edits` makes one.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from calibration.image import Image, ImageError, load
from calibration.pictures import PHOTO_SUFFIXES

PairKind = Literal["image editing", "spot the difference"]
PairSource = Literal["magicbrush", "spot_the_diff"]

_OUTPUT = re.compile(r"(?P<id>.+)-output(?P<turn>\d+)$")


class PairFolderError(ValueError):
    """The folder holds no pair of the layout it was said to have."""


@dataclass(frozen=True)
class Pair:
    """A picture before and after; paths relative to the folder, with forward slashes."""

    reference: str
    edited: str
    kind: PairKind
    source: PairSource
    note: str  # the instruction, or what the annotators saw; may be empty


@dataclass(frozen=True)
class PairFolder:
    """The pairs of one folder."""

    folder: Path
    pairs: tuple[Pair, ...]
    skipped: tuple[str, ...]  # "name: why"

    def load(self, pair: Pair) -> tuple[Image, Image]:
        """Return reference and edited picture.

        Raises:
            ImageError: A picture is damaged.
            OSError: A picture cannot be read.
        """
        return load(self.folder / pair.reference), load(self.folder / pair.edited)


def read_pairs(folder: Path) -> PairFolder:
    """Read a folder of either layout, told by its files.

    Raises:
        PairFolderError: The folder is missing, or holds no readable pair.
    """
    if (folder / "edit_sessions.json").exists() or next(folder.rglob("*-output*.png"), None):
        return read_magicbrush(folder)
    return read_spot_the_diff(folder)


def read_magicbrush(folder: Path) -> PairFolder:
    """Read MagicBrush: one pair per turn, each turn against its own input.

    Raises:
        PairFolderError: The folder is missing, or holds no readable pair.
    """
    skipped: list[str] = []
    sessions = _read_json(folder / "edit_sessions.json", skipped)
    if isinstance(sessions, dict):
        pairs = list(_turns_of_sessions(folder, sessions, skipped))
    else:
        pairs = list(_turns_of_names(folder))
    return _checked(folder, pairs, skipped)


def read_spot_the_diff(folder: Path) -> PairFolder:
    """Read spot-the-diff: one pair per annotated ID, or per ID.png with an ID_2.png.

    Raises:
        PairFolderError: The folder is missing, or holds no readable pair.
    """
    skipped: list[str] = []
    frames = _frames(folder)
    notes = _annotations(folder, skipped) or dict.fromkeys(frames, "")
    pairs = []
    for name, note in sorted(notes.items()):
        if name in frames:
            before, after = frames[name]
            pairs.append(Pair(before, after, "spot the difference", "spot_the_diff", note))
        else:
            skipped.append(f"{name}: expected {name}.png and {name}_2.png")
    return _checked(folder, pairs, skipped)


def _checked(folder: Path, pairs: Iterable[Pair], skipped: list[str]) -> PairFolder:
    kept = []
    for pair in pairs:
        reason = _why_unusable(folder, pair)
        if reason:
            skipped.append(reason)
        else:
            kept.append(pair)
    if not kept:
        told = f"; left out {len(skipped)} (first: {skipped[0]})" if skipped else ""
        raise PairFolderError(
            f"expected MagicBrush (ID-input.png, ID-output1.png) or spot-the-diff (ID.png, ID_2.png) "
            f"pictures, got none in {folder}{told}"
        )
    return PairFolder(folder, tuple(kept), tuple(skipped))


def _why_unusable(folder: Path, pair: Pair) -> str:
    """Return "name: why", or nothing when the pair is two different readable pictures."""
    pixels = []
    for name in (pair.reference, pair.edited):
        try:
            pixels.append(load(folder / name).pixels)
        except ImageError as error:
            return f"{name}: {error}"
        except (OSError, ValueError) as error:  # a name may hold what no path can
            return f"{name}: cannot be read: {getattr(error, 'strerror', None) or error}"
    if pixels[0].shape == pixels[1].shape and (pixels[0] == pixels[1]).all():
        return f"{pair.edited}: identical to {pair.reference}"
    return ""


def _turns_of_sessions(folder: Path, sessions: dict[str, object], skipped: list[str]) -> Iterator[Pair]:
    images = "images/" if (folder / "images").is_dir() else ""
    for session, turns in sorted(sessions.items()):
        for turn in turns if isinstance(turns, list) else [turns]:
            fields = turn if isinstance(turn, dict) else {}
            before, after = (_inside(f"{images}{session}", fields.get(key)) for key in ("input", "output"))
            if before and after:
                note = str(fields.get("instruction") or "").strip()
                yield Pair(before, after, "image editing", "magicbrush", note)
            else:
                skipped.append(f'{session}: expected a turn with names for "input" and "output"')


def _inside(parent: str, name: object) -> str:
    """Join a folder and a file name from a JSON file; nothing when it would lead elsewhere."""
    if not isinstance(name, str) or not name:
        return ""
    parts = [*parent.split("/"), name]
    is_plain = not any(part in ("", ".", "..") or "\\" in part or "\0" in part for part in parts)
    return "/".join(parts) if is_plain and "/" not in name else ""


def _turns_of_names(folder: Path) -> Iterator[Pair]:
    for path in sorted(folder.rglob("*-output*.png")):
        match = _OUTPUT.match(path.stem)
        if match is None:
            continue
        turn = int(match["turn"])
        before = f"{match['id']}-output{turn - 1}.png" if turn > 1 else f"{match['id']}-input.png"
        yield Pair(
            path.with_name(before).relative_to(folder).as_posix(),
            path.relative_to(folder).as_posix(),
            "image editing",
            "magicbrush",
            "",
        )


def _frames(folder: Path) -> dict[str, tuple[str, str]]:
    """Return ID -> the two frames that lie side by side in one folder."""
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in PHOTO_SUFFIXES)
    by_stem = {path.with_suffix(""): path.relative_to(folder).as_posix() for path in files}
    return {
        stem.name: (by_stem[stem], by_stem[second])
        for stem in by_stem
        if (second := stem.with_name(f"{stem.name}_2")) in by_stem
    }


def _annotations(folder: Path, skipped: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for path in sorted(folder.rglob("*.json")):
        entries = _read_json(path, skipped)
        for entry in entries if isinstance(entries, list) else []:
            name = entry.get("img_id") if isinstance(entry, dict) else None
            if isinstance(name, str | int):
                sentences = entry.get("sentences")
                said = sentences if isinstance(sentences, list) else []
                found[str(name)] = " ".join(str(sentence).strip() for sentence in said).strip()
            else:
                skipped.append(f'{path.name}: expected entries with "img_id", got {str(entry)[:60]}')
    return found


def _read_json(path: Path, skipped: list[str]) -> object:
    try:
        return json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        skipped.append(f"{path.name}: {error}")
        return None
