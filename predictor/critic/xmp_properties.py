"""Read single properties out of an XMP packet, also a damaged one, by their local name.

No XML parser: packets come cut short, with undeclared namespaces or entities that grow; a property is looked
for as an attribute, then as an element, whatever prefix stands before its name.
"""

import html
import re

_MOST_LETTERS = 262_144  # of a packet that are read
_MOST_OF_ONE = 4_096  # of a property
_MARKUP = re.compile(r"<[^<>]{0,1024}>")
_SPACES = re.compile(r"\s+")


def xmp_property(packet: str, name: str) -> str:
    """Return the first value of a property, its markup taken off; empty where there is none.

    Args:
        packet: XMP as text.
        name: Without prefix, letters and digits: "DigitalSourceType".
    """
    text = packet[:_MOST_LETTERS]
    stands = re.search(rf"[\s:]{name}\s{{0,64}}=\s{{0,64}}([\"'])", text)
    if stands is not None:
        value = text[stands.end() : stands.end() + _MOST_OF_ONE].partition(stands[1])[0]
        return _plain(value)
    return _of_element(text, name)


def _of_element(text: str, name: str) -> str:
    opening = re.search(rf"<(?:[\w.-]{{1,64}}:)?{name}(?=[\s/>])([^<>]{{0,1024}})>", text)
    if opening is None:
        return ""
    resource = re.search(r"resource\s{0,64}=\s{0,64}[\"']([^\"'<>]{0,1024})", opening[1])
    if resource is not None:
        return _plain(resource[1])
    if opening[1].endswith("/"):
        return ""
    inside = text[opening.end() : opening.end() + _MOST_OF_ONE]
    closing = re.search(rf"</(?:[\w.-]{{1,64}}:)?{name}\s{{0,64}}>", inside)
    return _plain(_MARKUP.sub(" ", inside[: closing.start()] if closing else inside.partition("<")[0]))


def _plain(value: str) -> str:
    return _SPACES.sub(" ", html.unescape(value)).strip()
