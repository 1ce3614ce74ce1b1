"""Facts that a file tells of where its picture comes from, each with its source and how far to trust it.

Types alone: who reads them out of a file is `provenance` and its neighbours.
"""

from dataclasses import dataclass
from typing import Literal

Topic = Literal[
    "content_credentials",  # a C2PA manifest, and whether it verifies
    "signer",
    "claim_generator",  # the program that wrote the manifest
    "action",  # what was done, as the manifest tells it
    "ingredients",  # how many pictures it was made from
    "source_type",  # of IPTC's vocabulary: generated, composed, photographed
    "generator",  # a program that generates pictures left its mark
    "prompt",
    "software",
    "camera",
    "exposure",
    "unreadable",  # something is there, and is damaged
]
Trust = Literal[
    "signed",  # the signature holds, and the signer stands on a list of trust
    "signed by a stranger",  # it holds; who signed is anybody's guess
    "claimed",  # anybody can write it into a file
    "broken",  # a signature that does not verify: worth less than a claim
]
Origin = Literal["generated", "partly generated", "photographed", "drawn or computed"]


@dataclass(frozen=True)
class Fact:
    """One thing a file says."""

    topic: Topic
    value: str
    source: str  # where it stands: "C2PA manifest", "XMP", "EXIF", "PNG text parameters" …
    trust: Trust
    origin: Origin | None = None  # what it says of where the picture comes from, if anything


@dataclass(frozen=True)
class Provenance:
    """All that a file says of its origin; nothing, for most files."""

    facts: tuple[Fact, ...] = ()
    contradictions: tuple[str, ...] = ()  # sentences
