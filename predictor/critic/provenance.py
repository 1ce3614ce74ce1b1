"""Read from a picture's file where it says it comes from; kept apart from what its pixels make likely.

Content credentials, IPTC's digital source type, marks of generators, and what cameras write. All but what is
signed is a claim: anybody can write it, and most files say nothing. Nothing is raised, whatever the file.
"""

from collections.abc import Iterator, Sequence

from predictor.critic.content_credentials import OF_INGREDIENT, SOURCE, ContentCredentials
from predictor.critic.exif_claims import exif_facts, exif_texts
from predictor.critic.file_texts import FileTexts, read_file_texts
from predictor.critic.generator_marks import marks_of
from predictor.critic.origin import Fact, Origin, Provenance, one_line
from predictor.critic.xmp_claims import xmp_facts, xmp_texts

_CONFLICTS: tuple[tuple[Origin, Origin], ...] = (
    ("generated", "photographed"),
    ("drawn or computed", "photographed"),
    ("generated", "drawn or computed"),
)
_CREDENTIALS = (SOURCE, OF_INGREDIENT)  # they tell a history: a photograph, then what was made of it


class ProvenanceReader:
    """Reads files; verifies what is signed."""

    def __init__(self, credentials: ContentCredentials | None = None) -> None:
        """Take who verifies; by default nobody's signature is trusted, only checked."""
        self._credentials = credentials or ContentCredentials()

    def read(self, data: bytes) -> Provenance:
        """Return the facts of one file: what is signed first."""
        texts = read_file_texts(data)
        facts = (*self._credentials.facts_of(data), *_claims(texts))
        found = tuple(dict.fromkeys(facts))
        return Provenance(found, tuple(_contradictions(found)))

    def close(self) -> None:
        """End the process that verifies."""
        self._credentials.close()


def _claims(texts: FileTexts) -> Iterator[Fact]:
    yield from xmp_facts(texts.xmp)
    everywhere = (*texts.texts, *exif_texts(texts.exif), *xmp_texts(texts.xmp))
    met = set()
    for mark in marks_of(everywhere):
        if mark.generator not in met:  # one program writes its settings into several places
            yield Fact("generator", one_line(mark.generator), mark.source, "claimed", "generated")
        met.add(mark.generator)
        if mark.prompt:
            yield Fact("prompt", one_line(mark.prompt), mark.source, "claimed")
    yield from exif_facts(texts.exif)


def _contradictions(facts: Sequence[Fact]) -> Iterator[str]:
    """Say once of every two origins that exclude each other who tells of which."""
    for first, second in _CONFLICTS:
        pairs = (
            (one, other)
            for one in facts
            if one.origin == first
            for other in facts
            if other.origin == second and not (one.source in _CREDENTIALS and other.source in _CREDENTIALS)
        )
        pair = next(pairs, None)
        if pair is not None:
            yield f"{_told(pair[1])}, while {_told(pair[0])}"


def _told(fact: Fact) -> str:
    match fact.topic:
        case "camera":
            return f"{fact.source} names a camera ({fact.value})"
        case "generator":
            return f"{fact.source} carries the mark of {fact.value}"
    return f"{fact.source} says: {fact.value}"
