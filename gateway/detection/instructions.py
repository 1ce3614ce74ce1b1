"""Tell text that gives orders to a model from the captions, notices and settings that pictures carry.

Patterns and weights, no model: two points are an alarm. What a photographer asks of an editor, a licence, or
the prompt a picture was generated from comes to less. What is wrapped once (base64, hexadecimal, rot13,
backwards, letters of other scripts that look alike) is unwrapped and read as well.
"""

import base64
import binascii
import codecs
import html
import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import unquote

from gateway.detection.beside_pixels import without_padding
from gateway.detection.orders import FORGETTING, HINTS, TALKING, found

ALARM = 2  # points

_TAG_CHARACTERS = re.compile(r"[\U000e0020-\U000e007e]{8,}")  # letters that no font shows
_INVISIBLE = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff\u00ad]")
_MARKUP = re.compile(
    r"</?[a-z][\w.-]{0,40}:[\w.-]{1,60}|\b[a-z]\w{0,30}:[\w.-]{1,40}=", re.IGNORECASE
)  # of XMP
_SPACES = re.compile(r"[\s\0]+")
_RUNS = re.compile(r"[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f]{6,}")
# Any two bytes are some letter: of those read in pairs, only what few scripts hold together is text.
_WIDE_RUNS = re.compile(
    r"[\U000e0020-\U000e007e]{8,}|[\t\n\r -~\xa0-\u024f\u1ea0-\u1ef9\u2010-\u2026]{12,}"
    r"|[ -~\u0370-\u052f]{12,}|[ -~\u0590-\u06ff]{12,}"
    r"|[ -~\u0900-\u09ff\u0e00-\u0e7f]{12,}|[ -~\u2010-\u2026\u3000-\u30ff\u4e00-\u9fff\uff00-\uff5e]{8,}"
    r"|[ -~\u3000-\u303f\uac00-\ud7af]{8,}"
)
_MOST_BYTES = 262_144
_MOST_LEGACY = 16_384  # bytes of one block that are tried in the encodings of before Unicode
_LEGACY = ("cp1252", "cp1251", "gb18030", "shift_jis", "euc_kr", "big5")
_RECORD = re.compile(rb"\x1c[\x01-\x09]...", re.DOTALL)  # of IPTC: its number, and how long it is
_WIDE_SIGN = b"UNICODE\0"  # of EXIF
_LONG = 100  # letters in a row: noise has no such runs, markup has
_WORDY = 0.7  # of a run
_LEGACY_RUNS = re.compile(rb"[\x20-\x7e\x80-\xff]{40,}")
_JIS = b"\x1b$"  # begins two-byte letters (ISO-2022-JP), as EXIF's JIS comments have them
_WRAPPED = re.compile(r"[A-Za-z0-9+/_-]{24,}={0,2}")
_HEXADECIMAL = re.compile(r"(?:[0-9a-fA-F]{2}[ :,]?){16,}")
_MOST_WRAPPED, _MOST_RUNS = 8_192, 32  # letters of one run, runs of one text
_NEAR = 160  # letters: hints further apart have nothing to do with each other
_MOST_TURNED = 4_096  # letters of a text that is read as rot13 and backwards
_ROT13 = (
    "vtaber",
    "qvfertneq",
    "sbetrg",
    "ercyl",
    "flfgrz",
    "bhgchg",
    "bireevqr",
    "nafjre",
    "erfcbaq",
    "cebzcg",
)
_BACKWARDS = ("erongi", "dragersid", "tegrof", "ylper", "metsys", "tuptuo", "edirrevo", "rewsna", "dnopser")
_OF_PAIRS = re.compile(r"[\u2e80-\uffff]+")
_SPACED = re.compile(r"(?:\b\w[ ._*-]){4,}\w\b")  # letters
_SPACED_WORD, _BETWEEN = re.compile(r"(?<!\w)(?:\w[ ._*-])+\w(?!\w)"), re.compile(r"[ ._*-]")
_LOOKALIKES = str.maketrans("аеорсухіѕјԁһӏոαοερνιτκυ", "aeopcyxisjdhlnaoepvitku")
_GENERATION = re.compile(
    r"\bsteps: \d+, (?:sampler|size|cfg)|negative prompt:|negative_prompt\"|\"class_type\"|\"ksampler"
    r"|\"last_node_id\"|\"cfg_scale\"|\"sampler(?:_name)?\"|\"sui_image_params\"|\bsampler: |\"uncond\""
    r"|\bjob id: "
    r"|\"positive_prompt\"|\"guidance_scale\"|\bcfg scale: | --(?:ar|v|niji|stylize|seed) \w"
    r"|trainedalgorithmicmedia"
)


def decoded_texts(block: bytes) -> tuple[str, ...]:
    """Read bytes as the texts they may hold; of binary data the runs that read as one."""
    # Signs and lengths in front of a text would be taken for its first letters.
    part = _RECORD.sub(b"\n", without_padding(block[:_MOST_BYTES])).replace(
        _WIDE_SIGN, bytes(len(_WIDE_SIGN))
    )
    legacy = tuple(_legacy(part[:_MOST_LEGACY]))
    if b"\0" not in part:
        return (part.decode("utf-8", errors="ignore"), *legacy)
    runs = _RUNS.findall(part.decode("utf-8", errors="ignore"))
    # XP fields of EXIF begin at an even or at an odd place of the block.
    wide = (
        part[start:].decode(order, errors="ignore")
        for start in (0, 1)
        for order in ("utf-16-le", "utf-16-be")
    )
    runs += [run for text in wide for run in _WIDE_RUNS.findall(text)]
    return ("\n".join(run for run in runs if _is_wordy(run)), *legacy)


def _is_wordy(run: str) -> bool:
    """Tell text from what noise holds of printable letters."""
    if len(run) >= _LONG:
        return True
    letters = sum(letter.isalnum() or letter == " " or letter > "\u02ff" for letter in run)
    return letters >= _WORDY * len(run) and (" " in run or len(run) >= 24 or not run.isascii())


def points(text: str) -> int:
    """Return how much a text sounds like orders to a model; `ALARM` and more is one."""
    if _TAG_CHARACTERS.search(text):
        return ALARM  # letters nobody can see have no honest use in a picture
    plain = _plain(text)
    if _points(plain) >= ALARM or any(next(found(FORGETTING, line), None) for line in _lines(text)):
        return ALARM
    return max((ALARM for other in _unwrapped(text, plain) if _points(_plain(other)) >= ALARM), default=0)


def tells_of_generation(text: str) -> bool:
    """Whether it is what a picture was generated from: a prompt, which is an order to somebody else."""
    return _GENERATION.search(_plain(text)) is not None


def excerpt(text: str) -> str:
    """Return the place of a text that sounds like an order, short and on one line."""
    plain = _plain(text)
    for each in (plain, *_lines(text), *map(_plain, _unwrapped(text, plain))):
        if _points(each) < ALARM:
            continue
        for patterns in (FORGETTING, TALKING, HINTS):
            for match in found(patterns, each):
                start = max(0, match.start() - 20)
                shown = each[start : start + 80]
                if match[0].isascii():  # beside it may be the same bytes, read two by two
                    at = match.start() - start
                    shown = _OF_PAIRS.split(shown[:at])[-1] + _OF_PAIRS.split(shown[at:])[0]
                return "".join(letter for letter in shown if letter.isprintable())
    return "letters that no font shows"


def _points(plain: str) -> int:
    if next(found(FORGETTING, plain), None) is not None:
        return ALARM
    if _GENERATION.search(plain):
        return 0
    if next(found(TALKING, plain), None) is not None:
        return ALARM
    places = sorted(match.start() for match in found(HINTS, plain))
    near = max((sum(at <= other < at + _NEAR for other in places) for at in places), default=0)
    return min(near // 2, ALARM)


def _lines(text: str) -> Iterator[str]:
    """Give the lines one by one: "parameters" above an order is not who is said to follow it."""
    lines = text[:_MOST_TURNED].splitlines()
    return map(_plain, lines[:_MOST_RUNS] if len(lines) > 1 else ())


def _plain(text: str) -> str:
    normal = unicodedata.normalize("NFKC", html.unescape(text)).casefold()
    return _SPACES.sub(" ", _MARKUP.sub(" ", _INVISIBLE.sub("", normal))).replace("’", "'")


def _legacy(part: bytes) -> Iterator[str]:
    """Read what is no UTF-8 as people wrote before it; of the languages in which orders are known."""
    if _JIS in part:
        yield part[max(0, part.find(_JIS)) :].decode("iso2022_jp", errors="ignore")
    try:
        part.decode("utf-8")
    except UnicodeDecodeError:
        if b"\0" in part:  # of binary data only what goes on for longer than by chance
            part = b"\n".join(_LEGACY_RUNS.findall(part))
        for encoding in _LEGACY:
            yield part.decode(encoding, errors="ignore")


def _unwrapped(text: str, plain: str) -> Iterator[str]:
    """Undo what hides letters from whoever searches for words."""
    runs = list(_WRAPPED.finditer(text))[:_MOST_RUNS]
    yield from (inner for run in runs if (inner := _readable(_from_base64(run[0][:_MOST_WRAPPED]))))
    if _INVISIBLE.search(text):  # in the place of spaces, too
        yield _INVISIBLE.sub(" ", text[:_MOST_TURNED])
    hexadecimal = list(_HEXADECIMAL.finditer(text))[:_MOST_RUNS]
    yield from (
        inner for run in hexadecimal if (inner := _readable(_from_hexadecimal(run[0][:_MOST_WRAPPED])))
    )
    if text.count("%20") > 2 or text.count("\\u00") > 4:
        yield unquote(text[:_MOST_WRAPPED])
    short = plain[:_MOST_TURNED]
    if any(word in short for word in _ROT13):
        yield codecs.decode(short, "rot13")
    if any(word in short for word in _BACKWARDS):
        yield short[::-1]
    if not short.isascii() and re.search(r"[a-z]", short):
        yield short.translate(_LOOKALIKES)
    if _SPACED.search(text[:_MOST_TURNED]):
        words = re.split(r"\s{2,}|\n", text[:_MOST_TURNED])
        yield " ".join(_SPACED_WORD.sub(lambda match: _BETWEEN.sub("", match[0]), word) for word in words)


def _from_base64(run: str) -> bytes:
    try:
        return base64.b64decode(run.rstrip("=") + "=" * (-len(run.rstrip("=")) % 4), altchars=b"-_")
    except (binascii.Error, ValueError):
        return b""


def _from_hexadecimal(run: str) -> bytes:
    digits = re.sub(r"[ :,]", "", run)
    return bytes.fromhex(digits[: len(digits) // 2 * 2])


def _readable(data: bytes) -> str:
    """Return the text, or nothing where it is binary data."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return ""
    return text if text.count(" ") >= 2 and all(each.isprintable() or each.isspace() for each in text) else ""
