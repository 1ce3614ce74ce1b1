"""Picture files with metadata of one's choice, made on the spot."""

import io
import struct
import zlib
from collections.abc import Mapping

from PIL import Image, PngImagePlugin
from PIL.TiffImagePlugin import IFDRational

XMP_SIGN = b"http://ns.adobe.com/xap/1.0/\0"
PLACE = "http://cv.iptc.org/newscodes/digitalsourcetype/"


def png(texts: Mapping[str, str] | None = None, *, inflated: bool = False, xmp: str = "") -> bytes:
    info = PngImagePlugin.PngInfo()
    for keyword, text in (texts or {}).items():
        info.add_text(keyword, text, zip=inflated)
    if xmp:
        info.add_itxt("XML:com.adobe.xmp", xmp)
    out = io.BytesIO()
    Image.new("RGB", (16, 16), "teal").save(out, "PNG", pnginfo=info)
    return out.getvalue()


def jpeg(*, exif: bytes = b"", xmp: str = "", comment: bytes = b"", iptc: bytes = b"") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (16, 16), "teal").save(out, "JPEG")
    parts = [(0xE1, b"Exif\0\0" + exif)] if exif else []
    parts += [(0xE1, XMP_SIGN + xmp.encode())] if xmp else []
    parts += [(0xFE, comment)] if comment else []
    parts += [(0xED, b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0" + iptc)] if iptc else []
    segments = b"".join(b"\xff" + bytes([m]) + struct.pack(">H", len(p) + 2) + p for m, p in parts)
    plain = out.getvalue()
    return plain[:2] + segments + plain[2:]


def webp(*, exif: bytes = b"", xmp: str = "") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (16, 16), "teal").save(out, "WEBP", exif=exif, xmp=xmp.encode())
    return out.getvalue()


def exif(first: Mapping[int, object], further: Mapping[int, object] | None = None) -> bytes:
    block = Image.Exif()
    for tag, value in first.items():
        block[tag] = value
    if further:
        directory = block.get_ifd(0x8769)
        for tag, value in further.items():
            directory[tag] = IFDRational(*value) if isinstance(value, tuple) else value
    return block.tobytes().removeprefix(b"Exif\0\0")


def packet(attributes: str = "", inside: str = "") -> str:
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="" {attributes}>{inside}</rdf:Description></rdf:RDF></x:xmpmeta>'
    )


def chunk(kind: bytes, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload)) + kind + payload + struct.pack(">I", zlib.crc32(kind + payload))
