"""Settings of policy: what happens to what is found, for everybody and by name."""

import re
from typing import Literal, get_args

from pydantic import field_validator

from gateway.configuration.images import CompressionMode, undo_yaml
from gateway.configuration.section import Folder, Section, setting
from gateway.detection.verdict import Kind

Mode = Literal["monitor", "sanitize", "block"]  # from mild to strict
OnFailure = Literal["forward", "refuse"]
Blockable = Literal["flagged", "imperceptible_edit", "noticeable_edit", Kind]
Actions = dict[Blockable, Mode]
SanitizeWhen = Literal["flagged", "always"]
Inspection = Literal["off", "on"]

_DIGEST = re.compile(r"[0-9a-f]{64}")


class Policy(Section):
    """What happens to what was found."""

    mode: Mode = setting(
        "monitor",
        "monitor: tell in headers and metrics only; sanitize: send a re-encoding that undoes hidden edits; "
        "block: answer 400.",
        why="see what it would refuse before it refuses anything",
    )
    block_on: frozenset[Blockable] = setting(
        frozenset({"flagged"}),
        "What mode `block` refuses, and mode `sanitize` re-encodes: whatever is flagged, single kinds of "
        "evidence (residual, near_duplicate, container ...), or an outcome: imperceptible_edit, "
        "noticeable_edit.",
        why="people edit pictures openly all day; hiding an edit is the attack, and what is built like one",
    )
    actions: Actions = setting(
        {},
        "What happens to single words of block_on, whatever the mode says of them: "
        "`container: sanitize`, `hidden_text: block`; of several, the strictest.",
        why="some evidence is surer than other",
    )
    sanitize_when: SanitizeWhen = setting(
        "flagged",
        "flagged: what mode and actions say; always: every picture that is not blocked or allowed is "
        "re-encoded as by `sanitize`.",
        why="what nobody suspects is better left as it is",
    )
    reveal_reason: bool = setting(
        False,
        "Whether the answer to a blocked request says what was found; logs and metrics always do.",
        why="whoever attacks would learn from it what to change",
    )
    allow: tuple[str, ...] = setting(
        (),
        "SHA-256 of picture files that are never flagged, sanitized or blocked, as 64 hexadecimal digits.",
        why="what you know to be harmless need not be argued about twice",
    )
    allow_file: Folder | None = setting(
        None, "A file of further ones, one a line, # before remarks; null: none.", why="a list may be long"
    )
    inspection: Inspection = setting(
        "on",
        "Whether images are examined for edits; off: they are lightened alone, their verdict is unchecked.",
        why="it is what guards; a large photograph costs half the time without it",
    )
    alpha: float = setting(
        0.01,
        "Share of clean images that may be flagged, between 0 and 1.",
        why="one in a hundred is what a reviewer can bear; less misses more attacks",
        gt=0,
        lt=1,
    )
    on_failure: OnFailure = setting(
        "forward",
        "What to do with what cannot be checked: forward it untouched and say so, or refuse it.",
        why="a guard that fails must not stop the traffic, unless you say so",
    )
    allow_bypass: bool = setting(
        False,
        'Whether every caller may send `x-jnd-bypass: "true"` to skip image work.',
        why="a check that callers can switch off protects nobody from them",
    )

    @field_validator("inspection", mode="before")
    @classmethod
    def _read_truth_values(cls, inspection: object) -> object:
        return undo_yaml(inspection)

    @field_validator("actions", mode="before")
    @classmethod
    def _know_actions(cls, actions: object) -> object:
        return _check_actions(actions)

    @field_validator("allow")
    @classmethod
    def _check_digests(cls, digests: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(digest_of(each) for each in digests)


class PolicyChange(Section):
    """What a named policy changes of `policy`; keys left out stay."""

    mode: Mode | None = setting(None, "As policy.mode; null: that stays.", why="change what you mean to")
    block_on: frozenset[Blockable] | None = setting(
        None, "As policy.block_on; null: that stays.", why="change what you mean to"
    )
    actions: Actions | None = setting(
        None, "As policy.actions, in its place; null: that stays.", why="change what you mean to"
    )
    sanitize_when: SanitizeWhen | None = setting(
        None, "As policy.sanitize_when; null: that stays.", why="change what you mean to"
    )
    reveal_reason: bool | None = setting(
        None, "As policy.reveal_reason; null: that stays.", why="change what you mean to"
    )
    on_failure: OnFailure | None = setting(
        None, "As policy.on_failure; null: that stays.", why="change what you mean to"
    )
    inspection: Inspection | None = setting(
        None, "As policy.inspection; null: that stays.", why="change what you mean to"
    )
    compression: CompressionMode | None = setting(
        None, "As compression.mode; null: that stays.", why="change what you mean to"
    )
    models: tuple[str, ...] = setting(
        (),
        "Models whose requests it treats unasked, in any case, with * as a wildcard; the first policy that "
        "fits counts.",
        why="callers that are trusted ask for it",
    )
    upstreams: tuple[str, ...] = setting(
        (),
        "Upstreams, by name (`default`: the one without), whose requests it treats unasked; with `models`, "
        "both must fit.",
        why="callers that are trusted ask for it",
    )

    @field_validator("inspection", "compression", mode="before")
    @classmethod
    def _read_truth_values(cls, mode: object) -> object:
        return undo_yaml(mode)

    @field_validator("actions", mode="before")
    @classmethod
    def _know_actions(cls, actions: object) -> object:
        return _check_actions(actions)


def digest_of(text: str) -> str:
    """Return a SHA-256 as the gateway writes it.

    Raises:
        ValueError: It is none.
    """
    digest = text.strip().lower().removeprefix("sha256:")
    if not _DIGEST.fullmatch(digest):
        raise ValueError(f"expected a SHA-256, 64 hexadecimal digits, got {text[:80]!r}")
    return digest


def _check_actions(actions: object) -> object:
    """Say which words may stand before the colon."""
    for name in actions if isinstance(actions, dict) else ():
        if name not in get_args(Blockable):
            raise ValueError(f"expected {', '.join(get_args(Blockable))}, got {str(name)[:60]!r}")
    return actions
