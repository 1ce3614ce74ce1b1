"""Run one calibration: images and distortions in, a log of answered trials out.

Each round asks the next trial of every distortion in one batch, and waits until its answers are on disk. All
that chance decides (image, order, polarity, noise) hangs on the seed and the trial's index, so a run that was
killed goes on as if it had not been.
"""

import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from calibration.image import Image, ImageError, center_square, load
from calibration.observers.protocol import Observer, Query, Reply
from calibration.procedures import Procedure, build_procedure, replay
from calibration.questions import Answer, Polarity, Question, read_first_token, read_reply, says_different
from calibration.stimuli.distortion import Distortion
from calibration.trials import Order, Stimulus, Trial, TrialLog

IMAGE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".gif"})
MAX_REFERENCES = 256  # bounds the time spent reading a large folder; more would not narrow any interval
_KEPT_IN_MEMORY = 64
_LEVEL_OF_PROBABILITY = 0.5

Progress = Callable[[int], None]  # told how many trials were answered


class SessionError(ValueError):
    """The session cannot be run as asked for."""


@dataclass(frozen=True)
class References:
    """The pictures a session draws from."""

    folder: Path
    names: tuple[str, ...]  # relative to the folder, forward slashes
    skipped: tuple[str, ...]  # "name: why", files that look like images but cannot be read

    def load(self, name: str, side: int | None) -> Image:
        """Return a picture as it is shown: its central square at `side` pixels, or as it is."""
        image = load(self.folder / name)
        return image if side is None else center_square(image, side)


def find_references(folder: Path, seed: int) -> References:
    """Find the readable images of a folder, at most `MAX_REFERENCES`, chosen by the seed.

    Raises:
        SessionError: The folder is missing or has no readable image.
    """
    if not folder.is_dir():
        raise SessionError(f"expected a folder of images, got {folder}")
    paths = sorted(
        path for path in folder.rglob("*") if path.suffix.lower() in IMAGE_SUFFIXES and path.is_file()
    )
    names: list[str] = []
    skipped: list[str] = []
    for at in np.random.default_rng(seed).permutation(len(paths)):
        if len(names) == MAX_REFERENCES:
            break
        name = paths[at].relative_to(folder).as_posix()
        try:
            load(paths[at])
        except (ImageError, OSError) as error:
            skipped.append(f"{name}: {error}")
        else:
            names.append(name)
    if not names:
        raise SessionError(
            f"{folder} holds no readable image: expected PNG, JPEG, WebP or GIF files"
            + (f", could not read {len(skipped)} (first: {skipped[0]})" if skipped else "")
        )
    return References(folder, tuple(sorted(names)), tuple(sorted(skipped)))


@dataclass(frozen=True)
class SessionPlan:
    """What to run."""

    references: References
    distortions: Sequence[Distortion]
    question: Question
    procedure: str
    queries_per_threshold: int
    seed: int


def run_session(observer: Observer, plan: SessionPlan, log: TrialLog, progress: Progress) -> None:
    """Ask what the log does not hold yet, until every distortion has its queries.

    Raises:
        ObserverError: The observer gave up; the log keeps what was answered.
        TrialLogError: The log cannot be written, or holds trials of another run.
    """
    arms = [_Arm(distortion, plan, log) for distortion in plan.distortions]
    progress(sum(arm.index for arm in arms))
    renderer = _Renderer(plan.references, observer.stimulus_side)
    while open_arms := [arm for arm in arms if arm.index < plan.queries_per_threshold]:
        drafts = [arm.next_draft() for arm in open_arms]
        queries = [draft.query(renderer) for draft in drafts]
        started = time.perf_counter()
        replies = observer.ask(queries)
        seconds = (time.perf_counter() - started) / len(queries)
        trials = [draft.answered(reply, seconds) for draft, reply in zip(drafts, replies, strict=True)]
        log.append(trials)
        for arm, trial in zip(open_arms, trials, strict=True):
            arm.record(trial)
        progress(len(trials))


@dataclass(frozen=True)
class _Draft:
    """A trial before its answer."""

    id: str
    index: int
    stimulus: Stimulus
    distortion: Distortion
    polarity: Polarity
    order: Order
    prompt: str

    def query(self, renderer: "_Renderer") -> Query:
        reference, distorted = renderer.render(self.stimulus, self.distortion)
        pair = (reference, distorted) if self.order == "reference_first" else (distorted, reference)
        return Query(self.prompt, pair, key=self.id, level=self.stimulus.level)

    def answered(self, reply: Reply, seconds: float) -> Trial:
        answer = self._read(reply)
        probability = reply.probability
        if probability is not None and self.polarity == "identical":
            probability = 1 - probability
        return Trial(
            id=self.id,
            index=self.index,
            stimulus=self.stimulus,
            polarity=self.polarity,
            order=self.order,
            prompt=self.prompt,
            noticed=says_different(answer, self.polarity),
            probability=probability,
            reply_class=answer.reply_class,
            reply=reply.text,
            is_first_token=reply.is_first_token,
            seconds=round(seconds, 6),
        )

    def _read(self, reply: Reply) -> Answer:
        if not reply.is_first_token:
            return read_reply(reply.text, self.prompt)
        if reply.probability is not None:
            return Answer(reply.probability > _LEVEL_OF_PROBABILITY, "correct")
        return read_first_token(reply.text, self.prompt)


class _Arm:
    """The trials of one distortion: where it stands, and what comes next."""

    def __init__(self, distortion: Distortion, plan: SessionPlan, log: TrialLog) -> None:
        self._distortion = distortion
        self._plan = plan
        self._key = zlib.crc32(distortion.name.encode())
        rng = np.random.default_rng([plan.seed, self._key])
        self._procedure: Procedure = build_procedure(plan.procedure, float(distortion.levels), rng)
        done = sorted(
            (trial for trial in log.trials if trial.stimulus.distortion == distortion.name),
            key=lambda trial: trial.index,
        )
        replay(self._procedure, [(trial.stimulus.level, trial.noticed) for trial in done])
        self.index = len(done)

    def next_draft(self) -> _Draft:
        """Return the trial to ask next."""
        names = self._plan.references.names
        cycle, place = divmod(self.index, len(names))
        shuffled = np.random.default_rng([self._plan.seed, self._key, 1, cycle]).permutation(len(names))
        rng = np.random.default_rng([self._plan.seed, self._key, 2, self.index])
        polarity: Polarity = "identical" if rng.random() < 0.5 else "different"
        order: Order = "distorted_first" if rng.random() < 0.5 else "reference_first"
        stimulus = Stimulus(
            image=names[shuffled[place]],
            distortion=self._distortion.name,
            level=self._procedure.next_level(self.index),
            seed=int(rng.integers(2**31)),
        )
        return _Draft(
            id=f"{self._plan.seed}-{self._distortion.name}-{self.index:05d}",
            index=self.index,
            stimulus=stimulus,
            distortion=self._distortion,
            polarity=polarity,
            order=order,
            prompt=self._plan.question.prompt(self._distortion.label, polarity),
        )

    def record(self, trial: Trial) -> None:
        """Take note of the answer to the last draft."""
        if trial.noticed is not None:
            self._procedure.record(trial.stimulus.level, noticed=trial.noticed)
        self.index += 1


class _Renderer:
    """Turns a stimulus into its pair of pictures."""

    def __init__(self, references: References, side: int | None) -> None:
        self._load = lru_cache(_KEPT_IN_MEMORY)(lambda name: references.load(name, side))

    def render(self, stimulus: Stimulus, distortion: Distortion) -> tuple[Image, Image]:
        reference = self._load(stimulus.image)
        rng = np.random.default_rng(stimulus.seed)
        return reference, distortion.apply(reference, stimulus.level, rng)


def render_pair(
    stimulus: Stimulus, distortion: Distortion, references: References, side: int | None
) -> tuple[Image, Image]:
    """Render the pair of a logged trial again: reference, then distorted.

    Raises:
        ImageError: The reference is no longer readable.
    """
    return _Renderer(references, side).render(stimulus, distortion)


def count_trials(plan: SessionPlan) -> int:
    """Return how many trials the whole session takes."""
    return plan.queries_per_threshold * len(plan.distortions)
