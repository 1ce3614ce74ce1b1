"""What each command does, start to end: where the laboratory's parts meet the disk.

`calibration.cli` reads options and prints; everything it starts is here, callable from Python as well.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from calibration.assessment import Method, assess, build_profile
from calibration.directory import CalibrationDirectory, DirectoryError, SessionRecord, write_whole
from calibration.image import ImageError
from calibration.observers.options import ObserverOptions
from calibration.observers.protocol import Described, LocalModel
from calibration.observers.select import build_observer
from calibration.procedures.ascending import DEFAULT_WINDOW
from calibration.profile import JndProfile, load_profile
from calibration.request import Request, options_of, plan_session, public_spec, record_of
from calibration.run_notes import Reporter, RunNotes, how_asked
from calibration.session.asking import Asker, asker_for
from calibration.session.budget import Budget, parse_budget
from calibration.session.estimate import describe_cost, expected_tokens_out
from calibration.session.plan import SessionPlan, count_trials
from calibration.session.run import run_session
from calibration.trials import Trial, TrialLog, TrialLogError, read_trials

if TYPE_CHECKING:
    from calibration.cluster import RayAsker
    from calibration.vpa_jnd.build import BuildResult

TROUBLE = (DirectoryError, TrialLogError, ImageError)  # on the way, through no fault of the caller


def calibrate(request: Request, reporter: Reporter) -> JndProfile:
    """Run a calibration, or go on with one, and write its profile and report.

    Raises:
        ValueError: An option cannot be understood, or there is nothing to show.
        LookupError: A distortion is unknown.
        ObserverError: The observer gave up; what was answered is kept.
        DirectoryError: The folder holds another session, or the disk refused.
        TrialLogError: The trial log cannot be read or written.
    """
    options = options_of(request, CalibrationDirectory(request.out))
    plan, budget = plan_session(request), parse_budget(request.budget, request.price)
    budget.expected_out = expected_tokens_out(request.observer, options)
    for skipped in plan.references.skipped:
        reporter.warn(f"skipped {skipped}")
    with _open(request, options) as (asker, observer):
        run = _Run(request, options, plan, budget, observer, reporter)
        return _calibrate(asker, run)


def write_report(folder: Path, images: Path | None = None) -> list[Path]:
    """Write report.html and the plots of a finished calibration; return the paths.

    Args:
        folder: What `calibrate` wrote.
        images: Where the references lie now, for the examples; None: where they lay when the run began.

    Raises:
        TrialLogError: The folder has no trials, or they cannot be read.
        ProfileError: Its profile cannot be read.
    """
    from calibration.report.page import render_report, save_plots  # noqa: PLC0415 - loads matplotlib

    directory = CalibrationDirectory(folder)
    trials = read_trials(directory.trials)
    if not trials:
        raise TrialLogError(f"{folder} holds no trials: expected a folder written by `jnd-calibrate run`")
    profile = (
        _profile_so_far(directory, trials) if directory.is_unfinished else load_profile(directory.profile)
    )
    assessments = assess(trials, _method_of(profile))
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
        raise ValueError(
            f"{spec} is not a local model; expected embedded, critic, transformers:... or simulated:..."
        )
    run_server(observer, host=host, port=port)


@contextmanager
def _open(request: Request, options: ObserverOptions) -> Iterator[tuple[Asker, Described]]:
    """Bring up the observer, here or on every worker of a cluster, and close it again."""
    if request.cluster is not None:
        cluster = _connect(request, options)
        try:
            yield cluster, cluster.description
        finally:
            cluster.close()
        return
    observer = build_observer(request.observer, options)
    try:
        yield asker_for(observer), observer
    finally:
        observer.close()


def _connect(request: Request, options: ObserverOptions) -> "RayAsker":
    if request.cluster != "ray":
        raise ValueError(f"expected --cluster ray, got {request.cluster!r}")
    from calibration.cluster import RayAsker  # noqa: PLC0415 - loads Ray

    return RayAsker(request.observer, options)


@dataclass(frozen=True)
class _Run:
    """One run: what was asked for, who is asked, who is told."""

    request: Request
    options: ObserverOptions
    plan: SessionPlan
    budget: Budget
    observer: Described
    reporter: Reporter

    def record(self) -> SessionRecord:
        """Return what must stay the same for the run to be resumed."""
        return record_of(
            self.request,
            self.plan,
            stimulus_side=self.observer.stimulus_side,
            address=getattr(self.observer, "address", ""),
            options=self.options,
        )


def _calibrate(asker: Asker, run: _Run) -> JndProfile:
    from calibration.report.page import render_report  # noqa: PLC0415 - loads matplotlib

    request, budget, reporter = run.request, run.budget, run.reporter
    directory = CalibrationDirectory(request.out)
    begun = directory.begin(run.record())
    plan = replace(run.plan, wave=begun.wave)
    reporter.tell(describe_cost(plan, budget, spec=public_spec(request.observer), options=run.options))
    reporter.begin(count_trials(plan))
    notes = RunNotes(directory, begun, run.observer, plan, budget, reporter)
    with TrialLog(directory.trials) as log:
        is_whole = run_session(
            asker,
            plan,
            log,
            notes.advance,
            stimulus_side=run.observer.stimulus_side,
            budget=budget,
        )
        if not log.trials:
            raise ValueError(f"the budget of {request.budget} buys no question")
        assessments = assess(log.trials, Method(plan.procedure, plan.window))
    if not is_whole:
        reporter.warn(
            f"the budget of {request.budget} is spent after {budget.spent_queries} questions; "
            "with a larger one the same command goes on where it stopped"
        )
    profile = build_profile(run.observer, assessments, _details(run))
    write_whole(directory.profile, profile.to_json())
    write_whole(directory.report, render_report(profile, assessments, request.images))
    return profile


def _profile_so_far(directory: CalibrationDirectory, trials: Sequence[Trial]) -> JndProfile:
    """Make a profile of what an interrupted run has answered; it is shown, not kept."""
    begun = directory.read_session()
    details = {
        "procedure": begun.procedure,
        "window": begun.window,
        "question": begun.question,
        "seed": begun.seed,
        "images": len(begun.images),
        "unfinished": "the run has not finished: give the same `run` command again to go on",
    }
    method = Method(begun.procedure, begun.window)
    return build_profile(_Unknown(begun.observer, begun.stimulus_side), assess(trials, method), details)


@dataclass(frozen=True)
class _Unknown:
    """What the log's neighbours tell of an observer that is not at hand."""

    name: str
    stimulus_side: int | None
    input_side: int | None = None


def _method_of(profile: JndProfile) -> Method:
    """Read how the trials were placed off the profile made of them: a mailed folder may lack session.json."""
    return Method(
        str(profile.details.get("procedure") or "adaptive"),
        int(profile.details.get("window") or DEFAULT_WINDOW),
    )


def _folder_of_images(directory: CalibrationDirectory) -> Path | None:
    try:
        folder = directory.read_session().folder
    except DirectoryError:
        return None  # the trials and the profile alone make a report, without examples
    return Path(folder) if folder else None


def _details(run: _Run) -> dict[str, object]:
    request, plan, budget = run.request, run.plan, run.budget
    return {
        "observer": public_spec(request.observer),
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
        **how_asked(run.observer, run.options),
    }
