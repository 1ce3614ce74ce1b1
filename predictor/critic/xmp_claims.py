"""What an XMP packet claims of a picture's origin: its digital source type, the program, labels of AI."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from predictor.critic.file_texts import Text
from predictor.critic.generator_marks import named_generator
from predictor.critic.origin import Fact, Origin, one_line
from predictor.critic.source_type import source_type
from predictor.critic.xmp_properties import xmp_property

SOURCE = "XMP"
# China's labelling of generated content (GB 45438-2025): 1 it is generated, 2 it may be, 3 it is suspected.
_LABEL = re.compile(r"[\"']?Label[\"']?\s{0,8}:\s{0,8}[\"']?([123])")
_LABELS = {"1": "labelled as generated", "2": "labelled as possibly generated", "3": "labelled as suspected"}


def xmp_facts(packet: str) -> Iterator[Fact]:
    """Give what a packet claims; nothing of an empty one."""
    if not packet:
        return
    yield from _of_source_type(xmp_property(packet, "DigitalSourceType"))
    place = xmp_property(packet, "provenance")
    if "://" in place:
        yield Fact("content_credentials", _elsewhere(place), SOURCE, "claimed")
    system = xmp_property(packet, "AISystemUsed")
    if system:
        version = xmp_property(packet, "AISystemVersionUsed")
        yield Fact("generator", one_line(f"{system} {version}".strip()), SOURCE, "claimed", "generated")
    prompt = xmp_property(packet, "AIPromptInformation")
    if prompt:
        yield Fact("prompt", one_line(prompt), SOURCE, "claimed")
    label = _LABEL.search(xmp_property(packet, "AIGC"))
    if label is not None:
        origin: Origin | None = "generated" if label[1] == "1" else None
        yield Fact("generator", f"{_LABELS[label[1]]} (AIGC)", SOURCE, "claimed", origin)
    program = xmp_property(packet, "CreatorTool")
    if program and not named_generator(program):
        yield Fact("software", one_line(program), SOURCE, "claimed")


def xmp_texts(packet: str) -> tuple[Text, ...]:
    """Return the texts of a packet in which generators leave marks."""
    named = (
        ("creator tool", "CreatorTool"),
        ("credit", "Credit"),
        ("description", "description"),
        ("comment", "UserComment"),
    )
    found = ((keyword, name, xmp_property(packet, name)) for keyword, name in named)
    return tuple(Text(f"XMP {name}", keyword, content) for keyword, name, content in found if content)


def _of_source_type(named: str) -> Iterator[Fact]:
    if not named:
        return
    term = source_type(named)
    if term is None:
        yield Fact("source_type", f"a term nobody defined: {one_line(named, 80)}", SOURCE, "claimed")
    else:
        yield Fact("source_type", term.meaning, SOURCE, "claimed", term.origin)


def _elsewhere(place: str) -> str:
    try:
        host = urlsplit(place).hostname or ""
    except ValueError:
        host = ""
    return f"a manifest is said to be kept elsewhere ({one_line(host, 60)}); it was not fetched"
