"""What each command does, start to end: where the laboratory's parts meet the disk.

`calibration.cli` reads options and prints; everything it starts is here, callable from Python as well.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from calibration.assessment import assess, build_profile
from calibration.directory import CalibrationDirectory, DirectoryError, SessionRecord, write_whole
from calibration.image import ImageError
from calibration.observers.protocol import Described, LocalModel
from calibration.observers.select import build_observer
from calibration.procedures.ascending import DEFAULT_WINDOW
from calibration.profile import JndProfile, load_profile
from calibration.questions import PaperQuestion, parse_pair_question
from calibration.session.asking import Asker, asker_for
from calibration.session.budget import Budget, parse_budget
from calibration.session.estimate import describe_cost
from calibration.session.plan import ProcedureName, Question, SessionPlan, count_trials, wave_for
from calibration.session.references import References, find_references
from calibration.session.run import run_session
from calibration.stimuli.registry import select_distortions
from calibration.tasks import TaskQuestion, read_task
from calibration.trials import TrialLog, TrialLogError, read_trials

if TYPE_CHECKING:
    from calibration.cluster import RayAsker
    from calibration.vpa_jnd.build import BuildResult

TROUBLE = (DirectoryError, TrialLogError, ImageError)  # on the way, through no fault of the caller

DEFAULT_QUERIES: dict[ProcedureName, int | None] = {"adaptive": 25, "constant": 100, "ascending": None}


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
    sweeps: int = 10
    window: int = DEFAULT_WINDOW
    workers: int = 8
    seed: int = 0
    budget: str | None = None
    price: str | None = None
    cluster: str | None = None  # ray


class Reporter(Protocol):
    """Who is told how a run goes."""

    def begin(self, total: int) -> None:
        """Hear how many trials there will be."""
        ...

    def advance(self, count: int) -> None:
        """Hear that so many more were answered."""
        ...

    def tell(self, message: str) -> None:
        """Hear what is about to happen."""
        ...

    def warn(self, message: str) -> None:
        """Hear of something the user should know."""
        ...


def calibrate(request: Request, reporter: Reporter) -> JndProfile:
    """Run a calibration, or go on with one, and write its profile and report.

    Raises:
        ValueError: An option cannot be understood, or there is nothing to show.
        LookupError: A distortion is unknown.
        ObserverError: The observer gave up; what was answered is kept.
        DirectoryError: The folder holds another session, or the disk refused.
        TrialLogError: The trial log cannot be read or written.
    """
    plan, budget = _plan(request), parse_budget(request.budget, request.price)
    for skipped in plan.references.skipped:
        reporter.warn(f"skipped {skipped}")
    with _open(request) as (asker, observer):
        return _calibrate(asker, observer, plan, budget=budget, request=request, reporter=reporter)


def write_report(folder: Path, images: Path | None = None) -> list[Path]:
    """Write report.html and the plots of a finished calibration; return the paths.

    Args:
        folder: What `calibrate` wrote.
        images: Where the references lie now, for the examples; None: where they lay when the run began.

    Raises:
        TrialLogError: The folder has no trials, or they cannot be read.
    """
    from calibration.report.page import render_report, save_plots  # noqa: PLC0415 - loads matplotlib

    directory = CalibrationDirectory(folder)
    trials = read_trials(directory.trials)
    if not trials:
        raise TrialLogError(f"{folder} holds no trials: expected a folder written by `jnd-calibrate run`")
    assessments = assess(trials)
    profile = load_profile(directory.profile)
    images = images or _folder_of_images(directory)
    write_whole(directory.report, render_report(profile, assessments, images))
    return [directory.report, *save_plots(assessments, folder / "plots")]


def build_dataset(
    *,
    images: Path,
    out: Path,
    recipe: str,
    materialise: str,
    pairs: Path | None,
    seed: int,
    reporter: Reporter,
) -> "BuildResult":
    """Build VPA-JND from a folder of pictures, or go on building it.

    Raises:
        ValueError: An option cannot be understood, or a folder has no readable picture or pair.
        DirectoryError: The disk refused, or the folder holds another dataset.
    """
    from calibration.vpa_jnd.build import BuildRequest, build, parse_materialise  # noqa: PLC0415 - loads pyarrow

    request = BuildRequest(images, out, recipe, parse_materialise(materialise), seed, pairs)
    return build(request, reporter)


def serve(spec: str, *, host: str, port: int) -> None:
    """Serve a local observer until told to stop.

    Raises:
        ValueError: The observer cannot be served.
    """
    from calibration.serve import run_server  # noqa: PLC0415 - loads FastAPI

    observer = build_observer(spec)
    if not isinstance(observer, LocalModel):
        raise ValueError(f"{spec} is not a local model; expected embedded, transformers:... or simulated:...")
    run_server(observer, host=host, port=port)


def _plan(request: Request) -> SessionPlan:
    procedure = _parse_procedure(request.procedure)
    distortions = select_distortions(request.distortions)
    question = _parse_question(request.question, procedure)
    return SessionPlan(
        references=_find_references(request, question),
        distortions=distortions,
        question=question,
        procedure=procedure,
        queries_per_threshold=request.queries_per_threshold or DEFAULT_QUERIES[procedure],
        seed=request.seed,
        wave=wave_for(procedure, len(distortions)),
        sweeps=request.sweeps,
        window=request.window,
    )


def _parse_procedure(name: str) -> ProcedureName:
    for known in DEFAULT_QUERIES:
        if name == known:
            return known
    raise ValueError(f"expected --procedure {', '.join(DEFAULT_QUERIES)}, got {name!r}")


def _parse_question(spec: str, procedure: ProcedureName) -> Question:
    """Read `--question`; the paper's procedure puts the paper's prompts alone."""
    kind, _, path = spec.partition(":")
    if kind == "task":
        return read_task(Path(path))
    if spec == "difference" and procedure == "ascending":
        return PaperQuestion("direct")
    return parse_pair_question(spec)


def _find_references(request: Request, question: Question) -> References:
    if isinstance(question, TaskQuestion):
        return find_references(
            request.images, request.seed, is_wanted=lambda name: bool(question.prompts_for(name))
        )
    return find_references(request.images, request.seed)


@contextmanager
def _open(request: Request) -> Iterator[tuple[Asker, Described]]:
    """Bring up the observer, here or on every worker of a cluster, and close it again."""
    if request.cluster is not None:
        cluster = _connect(request)
        try:
            yield cluster, cluster.description
        finally:
            cluster.close()
        return
    observer = build_observer(request.observer, workers=request.workers)
    try:
        yield asker_for(observer), observer
    finally:
        observer.close()


def _connect(request: Request) -> "RayAsker":
    if request.cluster != "ray":
        raise ValueError(f"expected --cluster ray, got {request.cluster!r}")
    try:
        from calibration.cluster import RayAsker  # noqa: PLC0415 - loads Ray
    except ImportError as error:
        raise ValueError("Ray is not installed; expected `pip install 'lmm-jnd[cluster]'`") from error
    return RayAsker(request.observer, workers=request.workers)


def _calibrate(
    asker: Asker,
    observer: Described,
    plan: SessionPlan,
    *,
    budget: Budget,
    request: Request,
    reporter: Reporter,
) -> JndProfile:
    from calibration.report.page import render_report  # noqa: PLC0415 - loads matplotlib

    directory = CalibrationDirectory(request.out)
    begun = directory.begin(_record(request, plan, observer.stimulus_side))
    plan = replace(plan, wave=begun.wave)
    reporter.tell(describe_cost(plan, budget, spec=request.observer, workers=request.workers))
    reporter.begin(count_trials(plan))
    with TrialLog(directory.trials) as log:
        is_whole = run_session(
            asker,
            plan,
            log,
            reporter.advance,
            stimulus_side=observer.stimulus_side,
            budget=budget,
        )
        assessments = assess(log.trials)
    if not is_whole:
        reporter.warn(
            f"the budget of {request.budget} is spent after {budget.spent_queries} questions; "
            "with a larger one the same command goes on where it stopped"
        )
    profile = build_profile(observer, assessments, _details(request, plan, budget))
    write_whole(directory.profile, profile.to_json())
    write_whole(directory.report, render_report(profile, assessments, request.images))
    return profile


def _folder_of_images(directory: CalibrationDirectory) -> Path | None:
    try:
        folder = directory.read_session().folder
    except DirectoryError:
        return None  # the trials and the profile alone make a report, without examples
    return Path(folder) if folder else None


def _record(request: Request, plan: SessionPlan, stimulus_side: int | None) -> SessionRecord:
    question = plan.question
    return SessionRecord(
        observer=_identity(request.observer),
        question=question.name,
        question_digest=question.digest if isinstance(question, TaskQuestion) else "",
        procedure=plan.procedure,
        window=plan.window,
        seed=plan.seed,
        stimulus_side=stimulus_side,
        images=plan.references.names,
        folder=str(request.images.resolve()),
        wave=plan.wave,
    )


def _identity(spec: str) -> str:
    """Return what of a SPEC tells observers apart: where a server listens may change between runs."""
    return spec.rpartition("@")[0] if spec.startswith("openai:") else spec


def _details(request: Request, plan: SessionPlan, budget: Budget) -> dict[str, object]:
    return {
        "observer": request.observer,
        "question": plan.question.name,
        "procedure": plan.procedure,
        "window": plan.window if plan.procedure == "ascending" else None,
        "queries_per_threshold": plan.queries_per_threshold,
        "seed": plan.seed,
        "images": len(plan.references.names),
        "images_skipped": len(plan.references.skipped),
        "questions": budget.spent_queries,
        "dollars": budget.spent_dollars,
        "version": version("lmm-jnd"),
    }
