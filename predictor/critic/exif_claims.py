"""What EXIF data claims of a picture's origin: a camera and its exposure, a program, texts with settings."""

import re
from collections.abc import Iterator, Mapping

from predictor.critic.exif_fields import ExifError, Field, read_exif_fields
from predictor.critic.file_texts import Text
from predictor.critic.generator_marks import named_generator
from predictor.critic.origin import Fact, one_line

SOURCE = "EXIF"
# Grok's pictures name no program: their caption is a signature, and their artist a number.
_GROK_SIGNATURE = re.compile(r"Signature: [A-Za-z0-9+/=]{40,}")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$", re.IGNORECASE)


def exif_facts(block: bytes | None) -> Iterator[Fact]:
    """Give what a TIFF block claims; None: the file has none."""
    if block is None:
        return
    try:
        fields = read_exif_fields(block)
    except ExifError as error:
        yield Fact("unreadable", f"the EXIF block is damaged: {error}", SOURCE, "claimed")
        return
    if _GROK_SIGNATURE.match(fields.get("description", "")) and _UUID.match(fields.get("artist", "")):
        yield Fact("generator", "Grok", SOURCE, "claimed", "generated")
    camera = _camera(fields)
    if camera and not named_generator(camera):
        yield Fact("camera", camera, SOURCE, "claimed", "photographed")
        exposure = _exposure(fields)
        if exposure:
            yield Fact("exposure", exposure, SOURCE, "claimed")
    program = one_line(fields.get("software", ""))
    if program and not named_generator(program):
        yield Fact("software", program, SOURCE, "claimed")


def exif_texts(block: bytes | None) -> tuple[Text, ...]:
    """Return the texts of a TIFF block in which generators leave marks."""
    try:
        fields = read_exif_fields(block or b"")
    except ExifError:
        return ()
    named: tuple[Field, ...] = ("software", "description", "comment")
    texts = [Text(f"EXIF {name}", name, fields[name]) for name in named if name in fields]
    # InvokeAI and others name themselves where a camera would.
    maker = f"{fields.get('make', '')} {fields.get('model', '')}".strip()
    return (*texts, Text("EXIF make", "software", maker)) if maker else tuple(texts)


def _camera(fields: Mapping[Field, str]) -> str:
    make, model = (one_line(fields.get(name, ""), 60) for name in ("make", "model"))
    first = make.partition(" ")[0].casefold()
    return model if first and model.casefold().startswith(first) else f"{make} {model}".strip()


def _exposure(fields: Mapping[Field, str]) -> str:
    told = []
    if "exposure_seconds" in fields:
        told.append(f"{_fraction(fields['exposure_seconds'])} s")
    if "f_number" in fields:
        told.append(f"f/{one_line(fields['f_number'], 12)}")
    if "iso" in fields:
        told.append(f"ISO {one_line(fields['iso'], 12)}")
    if "focal_length" in fields:
        told.append(f"{one_line(fields['focal_length'], 12)} mm")
    return ", ".join(told)


def _fraction(seconds: str) -> str:
    try:
        value = float(seconds)
    except ValueError:
        return one_line(seconds, 12)
    return f"1/{round(1 / value)}" if 0 < value < 0.5 else f"{value:g}"
