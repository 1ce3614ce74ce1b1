"""Who can be asked: the one seam between the laboratory and a model.

An observer sees a prompt with images and replies. It never learns which image is the reference; the fields
of a `Query` that tell are for observers that are made up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from calibration.image import Image

Ended = Literal["stop", "length", "refusal", "other"]  # by itself, at the token limit, declined


@dataclass(frozen=True)
class Manner:
    """How an answer is wanted, beside what is asked."""

    words: tuple[str, ...] = ()  # answers whose probabilities are wanted, where the observer can tell them
    opening: str = ""  # what the answer begins with; the model goes on from there
    temperature: float = 0.0  # above 0 an answer is drawn: no probabilities are asked for


@dataclass(frozen=True)
class TokenChoice:
    """One token of a reply and what else it could have been."""

    token: str
    alternatives: Mapping[
        str, float
    ]  # text to natural logarithm of its probability; the token's own included


@dataclass(frozen=True)
class Query:
    """One question to a model."""

    prompt: str
    images: Sequence[Image]
    key: str = ""  # the trial's identity: seeds simulated observers, names the query in error messages
    level: float | None = (
        None  # levels between the two images: what a simulated observer "sees"; others must not look
    )
    manner: Manner = Manner()


@dataclass(frozen=True)
class Reply:
    """What came back."""

    text: str
    probability: float | None = None  # of the affirmative answer (yes, A), where the observer can tell
    is_first_token: bool = False  # `text` stops after the flag; its analysis was not generated
    tokens_in: int | None = None  # billed for the question, where the provider tells
    tokens_out: int | None = None  # thoughts included
    tokens_thought: int | None = None  # of those, spent on thoughts, where the provider tells
    ended: Ended | None = None  # why the text ends; None: the observer does not tell
    choices: Sequence[TokenChoice] = ()  # its tokens, where the observer tells what else they could have been


class ObserverError(RuntimeError):
    """The observer could not be asked, after every retry; the trials answered so far are safe."""


class UnfitQueryError(ObserverError):
    """The observer never takes such a query: it has too many images, or is too long."""


class Described(Protocol):
    """What a session and a profile must know of an observer."""

    @property
    def name(self) -> str:
        """What profiles and reports call the model."""
        ...

    @property
    def stimulus_side(self) -> int | None:
        """Pixels: stimuli are rendered as squares of this side; None: as they are."""
        ...

    @property
    def input_side(self) -> int | None:
        """Pixels: what the model shrinks images to; None if it tiles or is unknown."""
        ...


@runtime_checkable
class Observer(Described, Protocol):
    """A model under test.

    It may also say how many queries it wants at a time (`in_flight`), and answer each by itself (`submit`):
    see `calibration.session.asking`.
    """

    def ask(self, queries: Sequence[Query]) -> list[Reply]:
        """Answer every query, in order.

        Raises:
            ObserverError: A query got no answer.
        """
        ...

    def close(self) -> None:
        """Give back connections and memory."""
        ...


@runtime_checkable
class LocalModel(Protocol):
    """An observer that can be served: it completes prompts and counts tokens."""

    @property
    def name(self) -> str:
        """The id clients ask for."""
        ...

    def complete(self, queries: Sequence[Query]) -> list[str]:
        """Return the reply text of every query, in order."""
        ...

    def count_tokens(self, text: str) -> int:
        """Return how many tokens the model reads or writes for this text."""
        ...

    def count_image_tokens(self, image: Image) -> int:
        """Return how many tokens the model reads for this image."""
        ...


@runtime_checkable
class TellsTokens(Protocol):
    """A local model that knows what each token of its replies could have been instead."""

    def tell(self, queries: Sequence[Query], listed: int) -> list[Reply]:
        """Reply to every query, in order, with the choice of each token.

        Args:
            queries: As for `complete`.
            listed: How many of the likeliest tokens each choice has, 1 and more.
        """
        ...
