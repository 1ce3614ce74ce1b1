"""What was done to one picture, or why nothing was: every reason there is; and what may be asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Tier = Literal["exact", "faithful", "lean"]
Effort = Literal["fast", "normal"]  # how often an encoding is corrected, and whether two codecs are tried
LeftAlone = Literal[
    "",  # it was not
    "animation",
    "transparency",
    "high_dynamic_range",
    "colours",
    "format",
    "noticed",
    "light_already",
    "repaired",
    "limit",
    "failed",
]

SENTENCES: Mapping[LeftAlone, str] = {
    "": "",
    "animation": "a rewrite would lose the animation",
    "transparency": "a lighter rewrite would lose the transparency",
    "high_dynamic_range": "a lighter rewrite would lose the high dynamic range",
    "colours": "a lighter rewrite would lose how its colours are meant",
    "format": "no codec here writes a format that may be sent there",
    "noticed": "every encoding tried would be noticed",
    "light_already": "no encoding within the limit is smaller",
    "repaired": "what it came in is broken: others may read another picture",
    "limit": "its provider refuses it, and takes no version of it either",
    "failed": "it could not be encoded",
}


@dataclass(frozen=True)
class CompressionPlan:
    """What was done to one image, or why nothing was."""

    format: str
    quality: int | None  # None: lossless, or left as it is
    width: int  # upright
    height: int
    bytes_in: int
    bytes_out: int
    tokens_in: int
    tokens_out: int
    probability: float  # predicted P(notice) beyond the model's false alarms
    tier: str
    reason: str  # why the image was left as it is, for people; empty otherwise
    left_alone: LeftAlone = ""  # the same in one word
    picture_class: str = ""
    left_behind: tuple[
        str, ...
    ] = ()  # kinds of metadata that a rewrite left out; further frames, transparency
    exceeds: tuple[str, ...] = ()  # limits of the provider, as `Limits.exceeded` names them, or its `format`
