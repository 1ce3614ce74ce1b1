"""The words in which people compare two pictures, as patterns to build others of."""

import re


def one_of(*alternatives: str) -> str:
    """Return the pattern that matches any of the alternatives."""
    return f"(?:{'|'.join(alternatives)})"


def matcher(*alternatives: str) -> re.Pattern[str]:
    """Compile alternatives, whatever their case."""
    return re.compile("|".join(alternatives), re.IGNORECASE)


BE = one_of(
    *("is", "are", "was", "were", "looks?", "appears?", "seems?", "has", "have", "shows?", "exhibits?"),
    *("displays?", "contains?", "being", "been", "became", "becomes", r"(?<=\w)['’](?:re|s)"),
)
NOT = r"(?: not|n['’]t)"
ADVERBS = (
    r"(?:(?:\w+ly|very|quite|rather|somewhat|a bit|a little|slightly|much|still|also|now|indeed|far|to be"
    r"|to have"
    r"|have|be|too|any|been|more|less|exactly|really|being|become|just|all) ){0,3}"
)
PLAIN = one_of(
    *(
        "noticeabl[ey]",
        "perceptibl[ey]",
        "perceivable",
        "visibl[ey]",
        "discernibl[ey]",
        "detectable",
        "apparent",
    ),
    *("distinguishable", "observable", "obvious", "evident", "clear", "seen", "significant", "meaningful"),
    "appreciable",
)
SLIGHT = one_of("slight", "subtle", "small", "minor")
HIDDEN = one_of("imperceptible", "unnoticeable", "indiscernible", "undetectable", "invisible", "negligible")
DIFFERENCE_NOUN = one_of(
    *("differences?", "changes?", "variations?", "discrepanc(?:y|ies)", "distinctions?", "differing"),
    *("disparit(?:y|ies)", "shifts?"),
)
COMPARATIVE = one_of(
    *(
        "blurr?ier",
        "sharper",
        "softer",
        "brighter",
        "darker",
        "dimmer",
        "noisier",
        "grainier",
        "hazier",
        "duller",
    ),
    *(
        "lighter",
        "warmer",
        "cooler",
        "crisper",
        "clearer",
        "higher",
        "lower",
        "stronger",
        "weaker",
        "smoother",
    ),
    *(
        "rougher",
        "coarser",
        "closer",
        "farther",
        "further",
        "larger",
        "smaller",
        "paler",
        "richer",
        "fainter",
    ),
    *(
        "blockier",
        "nearer",
        "greyer",
        "grayer",
        "yellower",
        "bluer",
        "greener",
        "redder",
        "flatter",
        "fuzzier",
    ),
    *("worse", "better", r"(?:more|less) (?!than)\w+"),
)
_SPOILT_WORDS = one_of(
    *(
        "blurr(?:ed|y)",
        "out of focus",
        "pixelated",
        "noisy",
        "grainy",
        "washed[- ]out",
        "degraded",
        "desaturated",
    ),
    *(
        "oversaturated",
        "posteri[sz]ed",
        "faded",
        "hazy",
        "overexposed",
        "underexposed",
        "distorted",
        "darkened",
    ),
    *(
        "brightened",
        "lightened",
        "sharpened",
        "smoothed",
        "softened",
        "compressed",
        "dimmed",
        "rotated",
        "zoomed",
    ),
    *("shifted", "changed", "moved", "altered", "reduced", "increased", "missing", "masked", "covered"),
    *("obscured", "soft", "bright", "dark", "dim", "dull", "muted"),
)
_NOT_A_NOUN = one_of(
    *(
        "compared",
        "than",
        "relative",
        "in",
        "with",
        "by",
        "from",
        "on",
        "at",
        "overall",
        "throughout",
        "and",
        "or",
    ),
    *("to", "across", "along", "around", "versions?", "copy", "either", "too", "also", r"\w+ly"),
)
SPOILT = rf"{_SPOILT_WORDS}(?! (?!{_NOT_A_NOUN}\b)\w)"  # "a dark room" says nothing of the picture
ONE = one_of(
    r"(?:first|second|left|right|latter|former|other|top|bottom|1st|2nd)(?:[- ]hand)?"
    r"(?: (?:image|picture|photo|one|version|side))?",
    "(?:image|picture|photo) (?:1|2|a|b|one|two)",
    r"one(?: of (?:them|the (?:two )?images))?",
)
THE_OTHER = r"(?:the )?(?:first|second|other|left|right|original|former|image \w)"
VIEW = one_of(
    *("angle", "viewpoint", "perspective", "camera", "position", "distance", "view", "vantage point", "spot"),
    *("place", "location"),
)
OF_THE_PAIR = one_of(
    *("level", "degree", "amount", "sharpness", "clarity", "focus", "brightness", "contrast", "saturation"),
    *(
        "colou?rs?",
        "noise",
        "quality",
        "exposure",
        "tones?",
        "viewpoint",
        "position",
        "place",
        "spot",
        "location",
    ),
    *(
        "vantage",
        "lighting",
        "height",
        "perspective",
        "angle",
        "distance",
        "blur",
        "resolution",
        "grain",
        "image",
    ),
    *("picture", "photo", "detail", "visual"),
)
OF_THE_SCENE = one_of("scene", "composition", "subject", "content", "object", "layout", "framing", "setting")
TRACE = one_of(  # what damage leaves in a picture
    *(
        "blur(?:ring|riness)?",
        r"nois[ey]\w*",
        r"grain\w*",
        r"speck\w*",
        "banding",
        "bands",
        "steps",
        "contours?",
    ),
    *(
        "artifacts?",
        "artefacts?",
        "blocks",
        "blocking",
        "blockiness",
        "ringing",
        "watermarks?",
        r"overlay\w*",
    ),
    *(
        "overlaid",
        "lettering",
        "text",
        "qr",
        "code",
        r"mask\w*",
        "cover(?:s|ed)",
        "hid(?:es|den)",
        "obscure[sd]",
    ),
    *("rectangle", "blacked", "box", "patch", "square", "loss", "reduction", "haze", r"smear\w*"),
)
ADDED = one_of(  # traces that are there only where something was done to a picture
    *(
        "watermark",
        "overlay",
        "overlaid",
        "banding",
        "artifacts?",
        "artefacts?",
        "qr code",
        "blocky",
        "blocking",
    ),
    *("masked", "covered", "hides?", "hidden", "added"),
)
