"""The options of `jnd-calibrate run`, and the session they ask for.

Reads text and folders; nothing is asked and nothing written here.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from calibration.directory import CalibrationDirectory, SessionRecord
from calibration.observers.addresses import identity, split_spec
from calibration.observers.options import ObserverOptions, parse_effort, parse_thinking
from calibration.observers.select import REMOTE
from calibration.pictures import picture_names
from calibration.procedures.ascending import DEFAULT_WINDOW
from calibration.prompts.task import PromptQuestion, read_prompts
from calibration.questions import PaperQuestion, parse_pair_question
from calibration.session.plan import PROMPT_WAVE, ProcedureName, Question, SessionPlan, wave_for
from calibration.session.references import References, find_references
from calibration.stimuli.prompt_kinds import select_prompt_kinds
from calibration.stimuli.registry import DEFAULT_DISTORTIONS, select_distortions
from calibration.tasks import TaskQuestion, read_task

_SWEEPS = 10
_QUERIES: dict[ProcedureName, int | None] = {"adaptive": 25, "constant": 100, "ascending": None}
_PROMPT_QUERIES = 160  # 20 at each of the paper's seven levels, and 20 unperturbed


@dataclass(frozen=True)
class Request:
    """The options of `jnd-calibrate run`."""

    observer: str
    images: Path
    out: Path
    distortions: str
    question: str = "difference"
    procedure: str = "adaptive"
    queries_per_threshold: int | None = None  # None: the procedure's own default
    sweeps: int = _SWEEPS
    window: int = DEFAULT_WINDOW
    workers: int = 8
    seed: int = 0
    budget: str | None = None
    price: str | None = None
    cluster: str | None = None  # ray
    max_tokens: int | None = None  # of a reply; None: by the model's family
    effort: str | None = None
    thinking: str | None = None  # on, off or a number of tokens
    timeout: float | None = None  # seconds
    side_by_side: bool = False


def plan_session(request: Request) -> SessionPlan:
    """Return what the options ask for.

    Raises:
        ValueError: An option cannot be understood, or there is nothing to show.
        LookupError: A distortion is unknown.
    """
    procedure = _parse_procedure(request.procedure)
    if procedure != "ascending" and (request.sweeps, request.window) != (_SWEEPS, DEFAULT_WINDOW):
        raise ValueError(f"--sweeps and --window belong to --procedure ascending, got {procedure}")
    question = _parse_question(request.question, procedure)
    if isinstance(question, PromptQuestion):
        return _plan_prompts(request, question)
    distortions = select_distortions(request.distortions)
    return SessionPlan(
        references=_find_references(request, question),
        distortions=distortions,
        question=question,
        procedure=procedure,
        queries_per_threshold=request.queries_per_threshold or _QUERIES[procedure],
        seed=request.seed,
        wave=wave_for(procedure, len(distortions)),
        sweeps=request.sweeps,
        window=request.window,
    )


def _plan_prompts(request: Request, question: PromptQuestion) -> SessionPlan:
    """Ask at the paper's levels in shuffled order; the distortions of pictures say nothing about a prompt."""
    is_default = request.distortions == DEFAULT_DISTORTIONS
    return SessionPlan(
        references=_find_references(request, question),
        distortions=select_prompt_kinds("all" if is_default else request.distortions),
        question=question,
        procedure="constant",
        queries_per_threshold=request.queries_per_threshold or _PROMPT_QUERIES,
        seed=request.seed,
        wave=PROMPT_WAVE,
    )


def options_of(request: Request, directory: CalibrationDirectory) -> ObserverOptions:
    """Return how a remote observer is to be asked.

    A session goes on showing pictures the way it began. On a cluster the workers cannot tell the session that
    a server takes one picture only, so there it must be said beforehand.

    Raises:
        ValueError: An option cannot be understood.
        DirectoryError: The folder's session cannot be read.
    """
    began_side_by_side = directory.session.exists() and directory.read_session().side_by_side
    side_by_side: bool | None = None
    if request.side_by_side or began_side_by_side:
        side_by_side = True
    elif directory.has_trials or request.cluster is not None:
        side_by_side = False
    return ObserverOptions(
        workers=request.workers,
        max_tokens=request.max_tokens,
        effort=parse_effort(request.effort),
        thinking=parse_thinking(request.thinking),
        timeout_seconds=request.timeout,
        side_by_side=side_by_side,
    )


def record_of(
    request: Request,
    plan: SessionPlan,
    *,
    stimulus_side: int | None,
    address: str = "",
    options: ObserverOptions | None = None,
) -> SessionRecord:
    """Return what must stay the same for the run to be resumed."""
    question, options = plan.question, options or ObserverOptions()
    return SessionRecord(
        observer=_identity(request.observer),
        question=question.name,
        question_digest=question.digest if isinstance(question, TaskQuestion) else "",
        procedure=plan.procedure,
        window=plan.window if plan.procedure == "ascending" else DEFAULT_WINDOW,
        seed=plan.seed,
        stimulus_side=stimulus_side,
        images=plan.references.names,
        images_content=plan.references.digest,
        folder=str(request.images.resolve()),
        wave=plan.wave,
        address=address,
        max_tokens=options.max_tokens,
        effort=options.effort,
        thinking=None if options.thinking is None else str(options.thinking),
        side_by_side=bool(options.side_by_side),
    )


def public_spec(spec: str) -> str:
    """Return a SPEC as it may be printed and kept: without credentials in its address."""
    model, (_, _, rest) = _identity(spec), spec.partition(":")
    found = split_spec(rest)
    return spec if found is None or model == spec else f"{model}@{identity(found[1])}"


def _parse_procedure(name: str) -> ProcedureName:
    for known in _QUERIES:
        if name == known:
            return known
    raise ValueError(f"expected --procedure {', '.join(_QUERIES)}, got {name!r}")


def _parse_question(spec: str, procedure: ProcedureName) -> Question:
    """Read `--question`; the paper's procedure puts the paper's prompts alone."""
    kind, _, path = spec.partition(":")
    if kind == "task":
        return read_task(Path(path))
    if kind == "prompt":
        if procedure == "ascending":
            raise ValueError(
                "expected no --procedure ascending: a prompt is perturbed at fixed levels, shuffled"
            )
        return read_prompts(Path(path))
    if spec == "difference" and procedure == "ascending":
        return PaperQuestion("direct")
    return parse_pair_question(spec)


def _find_references(request: Request, question: Question) -> References:
    if not isinstance(question, TaskQuestion):
        return find_references(request.images, request.seed, without=request.out)
    there = picture_names(request.images, request.out)
    if not any(question.prompts_for(name) for name in there):
        raise ValueError(f"{question.path} asks about no picture in {request.images}")
    missing = tuple(
        f"{name}: the task asks about it, {request.images} lacks it" for name in question.not_among(there)
    )
    found = find_references(
        request.images,
        request.seed,
        without=request.out,
        is_wanted=lambda name: bool(question.prompts_for(name)),
    )
    return replace(found, skipped=(*found.skipped, *missing))


def _identity(spec: str) -> str:
    """Return what of a SPEC tells models apart; where its server listens is noted without credentials."""
    kind, _, rest = spec.partition(":")
    found = split_spec(rest) if kind in REMOTE else None
    return spec if found is None else f"{kind}:{found[0]}"
