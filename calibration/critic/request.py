"""The options of `jnd-calibrate critic`, and what they ask for. Nothing is asked here."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from calibration.critic.folder import CriticSession
from calibration.critic.plan import CriticPlan, choose_anchors
from calibration.critic.scales import PAIRS, parse_methods
from calibration.critic.scores_file import HumanScores, read_scores
from calibration.image import ImageError
from calibration.observers.options import ObserverOptions, parse_effort, parse_thinking
from calibration.pictures import PicturesError, picture_names, printable, read_picture
from calibration.request import public_spec

_OPENED_BY_THEMSELVES = ("embedded", "critic", "transformers")  # kinds that go on from any text
_MAY_BE_OPENED = (*_OPENED_BY_THEMSELVES, "openai")
_SHOWN = 3  # names of rows without a picture
_JUDGE_NOTHING = ("human", "simulated")  # kinds that tell pairs apart, and nothing else


@dataclass(frozen=True)
class CriticRequest:
    """The options of `jnd-calibrate critic`."""

    observer: str
    images: Path
    scores: Path | None = None
    out: Path | None = None  # None: a folder named after the observer
    methods: str = "all"
    answers: str = "auto"
    samples: int = 5
    anchors: int = 5
    opening: str = "auto"
    longest_side: int = 1024  # pixels
    profile: str | None = None
    beside: Sequence[Path] = ()
    workers: int = 8
    seed: int = 0
    budget: str | None = None
    price: str | None = None
    max_tokens: int | None = None
    effort: str | None = None
    thinking: str | None = None
    timeout: float | None = None
    side_by_side: bool = False

    @property
    def kind(self) -> str:
        """What of a SPEC says how the observer is asked."""
        return self.observer.partition(":")[0]

    @property
    def folder(self) -> Path:
        """Where everything is written."""
        if self.out is not None:
            return self.out
        name = public_spec(self.observer).partition("@")[0]
        return Path("critic-" + re.sub(r"[^\w.-]+", "-", name).strip("-"))


@dataclass(frozen=True)
class Material:
    """Pictures to be judged, and what people said about them."""

    digests: dict[str, str]  # name to SHA-256 of the file
    scores: HumanScores | None
    notes: tuple[str, ...]  # what the user should know


def gather(request: CriticRequest) -> Material:
    """Find the pictures that have a score, or all where there are none.

    Raises:
        ValueError: The scores cannot be read or are about none of the pictures, or none can be read.
    """
    names = picture_names(request.images, request.folder)
    if not names:
        raise PicturesError(f"{request.images} holds no image: expected PNG, JPEG, WebP or GIF files")
    scores = None if request.scores is None else read_scores(request.scores, names)
    wanted = names if scores is None else [name for name in names if name in scores.mos]
    digests: dict[str, str] = {}
    notes = [] if scores is None else _unmatched(scores, len(names) - len(wanted))
    for name in wanted:
        try:
            digests[name] = read_picture(request.images, name).sha256
        except (ImageError, OSError) as error:
            notes.append(f"skipped {printable(name)}: {error}")
    if not digests:
        raise PicturesError(f"none of {len(wanted)} pictures in {request.images} can be read: {notes[-1]}")
    return Material(digests, scores, tuple(notes))


def _unmatched(scores: HumanScores, unscored: int) -> list[str]:
    """Say how many pictures have no score, and how many scores no picture."""
    notes = []
    if unscored:
        notes.append("1 picture has no score" if unscored == 1 else f"{unscored} pictures have no score")
    if lost := scores.without_picture:
        named = ", ".join(map(printable, lost[:_SHOWN])) + (" …" if len(lost) > _SHOWN else "")
        rows = "1 row has" if len(lost) == 1 else f"{len(lost)} rows have"
        notes.append(f"{rows} a score and no picture in the folder: {named}")
    return notes


def plan_of(request: CriticRequest, material: Material) -> tuple[CriticPlan, list[str]]:
    """Return what is asked, and why something is not.

    Raises:
        ValueError: An option cannot be understood, or is not for this observer.
    """
    if request.kind in _JUDGE_NOTHING:
        raise ValueError(f"{request.kind} tells pictures apart and judges no quality: expected a model")
    methods, told = parse_methods(request.methods), []
    readable = {
        name: score
        for name, score in (material.scores.mos if material.scores else {}).items()
        if name in material.digests
    }
    anchors = choose_anchors(readable, request.anchors)
    if PAIRS in methods and not anchors:
        told.append(
            "pairs need anchors of known score: expected --scores with a few more pictures than --anchors"
        )
        methods = tuple(method for method in methods if method != PAIRS)
        if not methods:
            raise ValueError(told[0])
    return (
        CriticPlan(
            pictures=tuple(sorted(material.digests)),
            methods=methods,
            anchors=anchors,
            samples=request.samples,
            is_opened=_is_opened(request),
            seed=request.seed,
        ),
        told,
    )


def options_of(request: CriticRequest, begun: CriticSession | None) -> ObserverOptions:
    """Return how a remote observer is to be asked; one that began with two pictures as one goes on so.

    Raises:
        ValueError: An option cannot be understood.
    """
    is_joined = request.side_by_side or (begun is not None and begun.side_by_side)
    return ObserverOptions(
        workers=request.workers,
        max_tokens=request.max_tokens,
        effort=parse_effort(request.effort),
        thinking=parse_thinking(request.thinking),
        timeout_seconds=request.timeout,
        side_by_side=True if is_joined else None,
    )


def session_of(
    request: CriticRequest, plan: CriticPlan, material: Material, options: ObserverOptions, address: str
) -> CriticSession:
    """Return what must stay the same for the run to be resumed."""
    return CriticSession(
        observer=public_spec(request.observer),
        address=address,
        longest_side=request.longest_side,
        is_opened=plan.is_opened,
        max_tokens=options.max_tokens,
        effort=options.effort,
        thinking=None if options.thinking is None else str(options.thinking),
        pictures=material.digests,
        anchors=plan.anchors,
        side_by_side=bool(options.side_by_side),
    )


def _is_opened(request: CriticRequest) -> bool:
    if request.opening not in ("auto", "on", "off"):
        raise ValueError(f"expected --opening auto, on or off, got {request.opening!r}")
    if request.opening == "on" and request.kind not in _MAY_BE_OPENED:
        raise ValueError(
            f"--opening on is for {', '.join(_MAY_BE_OPENED)}: no answer of {request.kind} can be begun"
        )
    return request.opening == "on" or (request.opening == "auto" and request.kind in _OPENED_BY_THEMSELVES)
