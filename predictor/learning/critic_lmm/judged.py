"""What is known of a picture that the critic LMM learns to speak about."""

from dataclasses import dataclass

from predictor.critic.critique import Attribute, Attributes, Flaw

# The attribute that a flaw is one of, for those that attributes tell.
ATTRIBUTE_OF: dict[Flaw, Attribute] = {
    "blurred": "sharpness",
    "noisy": "noisiness",
    "dark": "brightness",
    "bright": "brightness",
    "flat": "contrast",
    "pale": "colorfulness",
}


@dataclass(frozen=True)
class Place:
    """A ninth of the picture that was damaged, and nothing else was."""

    ninth: int  # 0 to 8, row by row
    flaw: Flaw | None


@dataclass(frozen=True)
class Judged:
    """One picture with its labels."""

    mos: float  # 0 to 100
    attributes: Attributes
    flaw: Flaw | None = None  # what was done to it, strongly enough to be told first
    place: Place | None = None
    photograph: int | None = None  # that it is a version of
    is_damaged: bool = False
    generated: float | None = None  # 1 or 0; None: outside what is learned
