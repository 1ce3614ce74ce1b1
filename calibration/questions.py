"""What the observer is asked about a pair, verbatim.

A question makes the prompt of one trial; `calibration.replies` reads what comes back. Questions about one
picture (`task:FILE`) are in `calibration.tasks`.
"""

from dataclasses import dataclass
from typing import Literal, Protocol, get_args

Polarity = Literal["different", "identical"]
ReplyClass = Literal["correct", "antilogy", "gibberish", "deficiency"]
REPLY_CLASSES: tuple[ReplyClass, ...] = ("correct", "antilogy", "gibberish", "deficiency")

# Prompts of the paper (arXiv 2507.00490, pipeline figure). Its '"+<dist.>+"' is string concatenation.
DIRECT_PROMPT = (
    "Is there any noticeable difference in {distortion} between these two images? "
    "Please return <yes> or <no> with analysis."
)
MULTIPLE_CHOICE_PROMPT = (
    "Is there any noticeable difference in {distortion} between these two images? "
    "A. Yes; B. No  Answer with the option's letter from the given choices directly."
)
IMPLICIT_PROMPT = (
    "Is there a noticeable difference between these two images? Please return <yes> or <no> with analysis."
)
VIEWPOINT_PROMPT = (
    "Is there a noticeable difference in the perspectives of these two images? "
    "Please return <yes> or <no> with analysis."
)
# Ours: the same question with "yes" meaning the opposite, so that a bias towards a word shows.
IDENTICAL_PROMPT = "Are these two images identical?"
DIFFERENT_PROMPT = "Are these two images different?"

Wording = Literal["direct", "multiple-choice", "implicit"]
_TEMPLATES: dict[Wording, str] = {
    "direct": DIRECT_PROMPT,
    "multiple-choice": MULTIPLE_CHOICE_PROMPT,
    "implicit": IMPLICIT_PROMPT,
}
_VIEWPOINTS = frozenset({"camera angle", "camera distance"})  # labels of the distortions asked about as views


class PairQuestion(Protocol):
    """A way to ask whether two images differ."""

    @property
    def name(self) -> str:
        """As on the command line."""
        ...

    @property
    def swaps_polarity(self) -> bool:
        """Whether some trials ask if the images are identical, so that a bias towards a word shows."""
        ...

    def prompt(self, distortion_label: str, polarity: Polarity) -> str:
        """Return the text shown with the two images."""
        ...

    def second_prompt(self, distortion_label: str) -> str | None:
        """Return what is asked when the first reply has no yes or no; None to leave it uncounted."""
        ...


@dataclass(frozen=True)
class DifferenceQuestion:
    """The paper's direct prompt, in turns with its polarity swap; multiple choice after an unreadable reply.

    Ten of sixteen open models of the paper answer half of the direct prompts or more in a form that cannot be
    counted, hence the second chance.
    """

    name: str = "difference"
    swaps_polarity: bool = True

    def prompt(self, distortion_label: str, polarity: Polarity) -> str:
        """Return the direct prompt, or "Are these two images identical?" where "yes" means the opposite."""
        if polarity == "identical":
            return IDENTICAL_PROMPT
        return DIRECT_PROMPT.format(distortion=distortion_label)

    def second_prompt(self, distortion_label: str) -> str | None:
        """Return the multiple-choice prompt."""
        return MULTIPLE_CHOICE_PROMPT.format(distortion=distortion_label)


@dataclass(frozen=True)
class PaperQuestion:
    """One of the paper's prompts and nothing else; changes of view have a prompt of their own."""

    wording: Wording
    swaps_polarity: bool = False

    @property
    def name(self) -> str:
        """As on the command line."""
        return f"difference:{self.wording}"

    def prompt(self, distortion_label: str, polarity: Polarity) -> str:  # noqa: ARG002 - never swapped
        """Return the prompt as published."""
        if distortion_label in _VIEWPOINTS and self.wording != "multiple-choice":
            return VIEWPOINT_PROMPT
        return _TEMPLATES[self.wording].format(distortion=distortion_label)

    def second_prompt(self, distortion_label: str) -> str | None:  # noqa: ARG002 - the protocol's signature
        """Return nothing: the paper reports the rate of such replies."""
        return None


def parse_pair_question(spec: str) -> PairQuestion:
    """Read `difference` or `difference:WORDING`.

    Raises:
        ValueError: The question is unknown.
    """
    name, _, wording = spec.partition(":")
    if name == "difference" and not wording:
        return DifferenceQuestion()
    for known in get_args(Wording):
        if name == "difference" and wording == known:
            return PaperQuestion(known)
    raise ValueError(
        "expected --question difference, difference:direct, difference:multiple-choice, difference:implicit, "
        f"task:FILE or prompt:FILE, got {spec!r}"
    )
