"""Facts that a file tells of where its picture comes from, each with its source and how far to trust it.

Who reads them out of a file is `provenance` and its neighbours.
"""

from dataclasses import dataclass
from typing import Literal, get_args

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
Origin = Literal["generated", "partly generated", "drawn or computed", "photographed"]


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

    @property
    def told(self) -> tuple[Origin, Trust] | None:
        """Where the picture comes from, and how far that can be trusted.

        What is signed outweighs what is claimed; None where nothing is said, where mere claims contradict
        each other, and where all that is said stands in a manifest that does not verify.
        """
        for trust in _WEIGHTY:
            said = {fact.origin for fact in self.facts if fact.trust == trust}
            if said - {None}:
                is_open = trust == "claimed" and self.contradictions
                return None if is_open else (next(one for one in _ORIGINS if one in said), trust)
        return None


_WEIGHTY: tuple[Trust, ...] = ("signed", "signed by a stranger", "claimed")
_ORIGINS: tuple[Origin, ...] = get_args(Origin)  # of several without contradiction, the first is told


def one_line(text: str, letters: int = 200) -> str:
    """Return what a file says as it can be shown: one line, printable, cut where it goes on for long."""
    words = " ".join(text[: 8 * letters].split())
    plain = "".join(letter for letter in words if letter.isprintable())
    return plain if len(plain) <= letters else plain[: letters - 1] + "…"
