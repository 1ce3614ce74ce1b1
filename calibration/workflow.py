"""What each command does, start to end: where the laboratory's parts meet the disk.

`calibration.cli` reads options and prints; everything it starts is here, callable from Python as well.
"""

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Protocol

from calibration.assessment import assess, build_profile
from calibration.directory import CalibrationDirectory, DirectoryError, SessionRecord, write_whole
from calibration.observers.protocol import LocalModel, Observer
from calibration.observers.select import build_observer
from calibration.procedures import check_procedure
from calibration.profile import JndProfile, load_profile
from calibration.questions import parse_question
from calibration.session import SessionPlan, count_trials, find_references, run_session
from calibration.stimuli.registry import select_distortions
from calibration.trials import TrialLog, TrialLogError, read_trials

TROUBLE = (DirectoryError, TrialLogError)  # what may go wrong on the way, through no fault of the caller


@dataclass(frozen=True)
class Request:
    """The options of `jnd-calibrate run`."""

    observer: str
    images: Path
    out: Path
    distortions: str
    question: str = "difference"
    procedure: str = "adaptive"
    queries_per_threshold: int = 25
    workers: int = 8
    seed: int = 0


class Reporter(Protocol):
    """Who is told how a run goes."""

    def begin(self, total: int) -> None:
        """Hear how many trials there will be."""
        ...

    def advance(self, count: int) -> None:
        """Hear that so many more were answered."""
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
    plan = _plan(request)
    for skipped in plan.references.skipped:
        reporter.warn(f"skipped {skipped}")
    observer = build_observer(request.observer, workers=request.workers)
    try:
        return _calibrate(observer, plan, request, reporter)
    finally:
        observer.close()


def write_report(folder: Path) -> list[Path]:
    """Write report.html and the plots of a finished calibration; return the paths.

    Raises:
        TrialLogError: The folder has no trials, or they cannot be read.
    """
    from calibration.report import render_report, save_plots  # noqa: PLC0415 - loads matplotlib

    directory = CalibrationDirectory(folder)
    trials = read_trials(directory.trials)
    if not trials:
        raise TrialLogError(f"{folder} holds no trials: expected a folder written by `jnd-calibrate run`")
    assessments = assess(trials)
    profile = load_profile(directory.profile)
    write_whole(directory.report, render_report(profile, assessments))
    return [directory.report, *save_plots(assessments, folder / "plots")]


def serve(spec: str, *, host: str, port: int) -> None:
    """Serve a local observer until told to stop.

    Raises:
        ValueError: The observer cannot be served.
    """
    from calibration.serve import run_server  # noqa: PLC0415 - loads FastAPI

    observer = build_observer(spec)
    if not isinstance(observer, LocalModel):
        raise ValueError(f"{spec} is not a local model; expected embedded or simulated:...")
    run_server(observer, host=host, port=port)


def _plan(request: Request) -> SessionPlan:
    check_procedure(request.procedure)
    distortions = select_distortions(request.distortions)
    question = parse_question(request.question)
    return SessionPlan(
        references=find_references(request.images, request.seed),
        distortions=distortions,
        question=question,
        procedure=request.procedure,
        queries_per_threshold=request.queries_per_threshold,
        seed=request.seed,
    )


def _calibrate(observer: Observer, plan: SessionPlan, request: Request, reporter: Reporter) -> JndProfile:
    from calibration.report import render_report  # noqa: PLC0415 - loads matplotlib

    directory = CalibrationDirectory(request.out)
    directory.begin(
        SessionRecord(
            observer=request.observer,
            question=request.question,
            procedure=request.procedure,
            seed=request.seed,
            stimulus_side=observer.stimulus_side,
            images=plan.references.names,
        )
    )
    reporter.begin(count_trials(plan))
    with TrialLog(directory.trials) as log:
        run_session(observer, plan, log, reporter.advance)
        assessments = assess(log.trials)
    profile = build_profile(observer, assessments, _details(request, plan))
    write_whole(directory.profile, profile.to_json())
    write_whole(directory.report, render_report(profile, assessments))
    return profile


def _details(request: Request, plan: SessionPlan) -> dict[str, object]:
    return {
        "observer": request.observer,
        "question": request.question,
        "procedure": request.procedure,
        "queries_per_threshold": request.queries_per_threshold,
        "seed": request.seed,
        "images": len(plan.references.names),
        "images_skipped": len(plan.references.skipped),
        "version": version("lmm-jnd"),
    }
