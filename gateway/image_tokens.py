"""Tell of picture files what a provider would show a model of them, and charge: `jnd-gateway tokens`.

Reads headers alone: no picture is decoded, and nothing heavy is imported.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from calibration.image_header import format_in_header
from calibration.shown_text import shown
from calibration.upright_size import upright_size
from gateway.providers.rules import ProviderRules, Recipient, Size


@dataclass(frozen=True)
class ImageTokens:
    """What one file would be to a model."""

    file: Path
    size: Size  # upright
    seen: Size  # what the model is shown
    tokens: int
    rule: str  # name of the way of counting
    limits_exceeded: tuple[str, ...]  # the request would fail for these
    conflict: str  # what the sources of the rule disagree on; empty: nothing

    @property
    def fields(self) -> dict[str, Any]:
        """The line of `--json`."""
        return {
            "file": str(self.file),
            "width": self.size.width,
            "height": self.size.height,
            "seen_width": self.seen.width,
            "seen_height": self.seen.height,
            "tokens": self.tokens,
            "rule": self.rule,
            "limits_exceeded": list(self.limits_exceeded),
            "conflict": self.conflict,
        }


@dataclass(frozen=True)
class Unreadable:
    """A file nothing can be said of."""

    file: Path
    reason: str

    @property
    def fields(self) -> dict[str, Any]:
        """The line of `--json`."""
        return {"file": str(self.file), "tokens": None, "reason": self.reason}


def count_tokens(
    files: Iterable[Path], rules: ProviderRules, recipient: Recipient
) -> Iterator[ImageTokens | Unreadable]:
    """Look at each file by itself, as one of the recipient's number of images."""
    for file in files:
        try:
            data = file.read_bytes()
        except OSError as error:
            yield Unreadable(file, error.strerror or str(error))
            continue
        size = upright_size(data)
        if size is None:
            yield Unreadable(file, "expected the header of a PNG, JPEG, WebP or GIF")
        else:
            yield _counted(file, data, Size(*size), rules, recipient)


def table_of(found: Iterable[ImageTokens | Unreadable]) -> str:
    """Show the same to people: a line for each file, names whole."""
    rows: list[tuple[str, ...]] = [("file", "size", "shown", "tokens", "rule", "would be refused for")]
    rows += [_row(each) for each in found]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _row(each: ImageTokens | Unreadable) -> tuple[str, ...]:
    if isinstance(each, Unreadable):
        return shown(str(each.file)), "-", "-", "-", "-", each.reason
    refused = ", ".join(each.limits_exceeded) or "-"
    return shown(str(each.file)), _text(each.size), _text(each.seen), str(each.tokens), each.rule, refused


def _counted(file: Path, data: bytes, size: Size, rules: ProviderRules, recipient: Recipient) -> ImageTokens:
    provider = rules.of(recipient.provider)
    family = provider.family(recipient.model)
    rule = family.rule_at(recipient.detail)
    limits = provider.limits(recipient.model)
    exceeded = limits.exceeded(size, size_bytes=len(data), images=recipient.images)
    format_name = format_in_header(data)
    if format_name is not None and limits.refuses(format_name):
        exceeded.append("format")
    return ImageTokens(
        file=file,
        size=size,
        seen=rule.seen(size),
        tokens=rule.tokens(size),
        rule=f"{family.name}, {recipient.detail}" if recipient.detail in family.details else family.name,
        limits_exceeded=tuple(exceeded),
        conflict=family.conflict,
    )


def _text(size: Size) -> str:
    return f"{size.width} x {size.height}"
