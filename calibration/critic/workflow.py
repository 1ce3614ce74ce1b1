"""What `jnd-calibrate critic` does, start to end: where asking meets the disk."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

from calibration.critic.answers import CriticLog
from calibration.critic.asking import Asked, Interview, ShownPictures
from calibration.critic.beside import ModelPoint, Relation, own_point, read_point, relate
from calibration.critic.findings import Findings, find
from calibration.critic.folder import CriticFolder, CriticSession
from calibration.critic.plan import AnswersBy, CriticPlan
from calibration.critic.record import as_record, as_table
from calibration.critic.request import CriticRequest, Material, gather, options_of, plan_of, session_of
from calibration.directory import write_whole
from calibration.known_profiles import EMBEDDED, find_profile, profile_of_model
from calibration.observers.options import ObserverOptions
from calibration.observers.protocol import Observer
from calibration.observers.select import build_observer
from calibration.profile import JndProfile, load_profile
from calibration.published import published_profile
from calibration.request import public_spec
from calibration.run_notes import Reporter, how_asked
from calibration.session.asking import asker_for
from calibration.session.budget import Budget, parse_budget
from calibration.session.estimate import cost_parts, expected_tokens_out

_PROBES = 3  # questions whose replies tell whether an observer tells probabilities
_WAYS: Mapping[str, AnswersBy] = {"log-probabilities": "log-probabilities", "samples": "samples"}


@dataclass(frozen=True)
class Criticism:
    """What came of a run, beside other models."""

    findings: Findings
    points: tuple[ModelPoint, ...]  # this model's first
    relation: Relation
    folder: CriticFolder

    def as_record(self) -> dict[str, object]:
        """Return what `--json` prints."""
        told = as_record(self.findings, self.points[0], self.relation)
        return {**told, "report": str(self.folder.report)}


def criticise(request: CriticRequest, reporter: Reporter) -> Criticism:
    """Ask a model to judge pictures, or go on asking, and write what came of it.

    Raises:
        ValueError: An option cannot be understood, or scores and pictures do not fit.
        LookupError: A profile is unknown.
        ObserverError: The observer gave up; what was answered is kept.
        DirectoryError: The folder holds another critic, one beside it holds none, or the disk refused.
        TrialLogError: The log cannot be read or written.
    """
    if request.answers not in ("auto", *_WAYS):
        raise ValueError(f"expected --answers auto, {' or '.join(_WAYS)}, got {request.answers!r}")
    profile = None if request.profile is None else find_profile(request.profile)
    beside = tuple(map(read_point, request.beside))
    budget = parse_budget(request.budget, request.price)
    folder, material = CriticFolder(request.folder), gather(request)
    plan, reasons = plan_of(request, material)
    for note in (*material.notes, *reasons):
        reporter.warn(note)
    options = options_of(request, folder.read_session())
    budget.expected_out = expected_tokens_out(request.observer, options)
    observer = build_observer(request.observer, options)
    try:
        run = _Run(request, options, plan, material, budget, observer, reporter, folder)
        findings = run.ask()
    finally:
        observer.close()
    point = own_point(findings, profile or _profile_of(observer.name, folder))
    points = (point, *beside)
    made = Criticism(findings, points, relate(points), folder)
    _write(made, run.details())
    return made


@dataclass(frozen=True)
class _Run:
    """One run: what was asked for, who is asked, who is told."""

    request: CriticRequest
    options: ObserverOptions
    plan: CriticPlan
    material: Material
    budget: Budget
    observer: Observer
    reporter: Reporter
    folder: CriticFolder

    def ask(self) -> Findings:
        """Ask what is missing; return what came of all answers."""
        address = getattr(self.observer, "address", "")
        session = self.folder.begin(session_of(self.request, self.plan, self.material, self.options, address))
        with CriticLog(self.folder.answers) as log:
            for answer in log.entries:
                self.budget.spend(answer)
            pictures = ShownPictures(self.request.images, self.request.longest_side)
            interview = Interview(asker_for(self.observer), pictures, log, self.budget, self.reporter.advance)
            answers_by = self._way(interview)
            asked = self._ask_all(interview, answers_by)
            self._note_side_by_side(session)
            if not log.entries:
                raise ValueError(f"the budget of {self.request.budget} buys no question")
            return find(
                log.entries,
                model=self.observer.name,
                answers_by=answers_by,
                pictures=self.plan.pictures,
                anchors=self.plan.anchors,
                scores=self.material.scores,
                given_up=asked.given_up,
                is_whole=asked.is_whole,
            )

    def details(self) -> dict[str, object]:
        """Return what a report tells about the run."""
        return {
            "observer": public_spec(self.request.observer),
            "opened": self.plan.is_opened,
            "longest_side": self.request.longest_side,
            "samples": self.plan.samples,
            "seed": self.plan.seed,
            "questions": self.budget.spent_queries,
            "dollars": self.budget.spent_dollars,
            "version": version("lmm-jnd"),
            **how_asked(self.observer, self.options),
        }

    def _way(self, interview: Interview) -> AnswersBy:
        """Find out whether the observer tells probabilities, by its first replies; refusals tell nothing."""
        if self.request.answers != "auto":
            return _WAYS[self.request.answers]
        for question in [*self.plan.questions("log-probabilities")][:_PROBES]:
            interview.ask([question])
            answer = next((each for each in interview.log.entries if each.id == question.id), None)
            if answer is not None and answer.tells_probabilities:
                return "log-probabilities"
            if answer is not None and answer.outcome != "refused":
                break
        return "samples"

    def _ask_all(self, interview: Interview, answers_by: AnswersBy) -> Asked:
        total, spec = self.plan.count(answers_by), public_spec(self.request.observer)
        parts = cost_parts(total, self.budget, spec=self.request.observer, options=self.options)
        self.reporter.tell("; ".join([f"{total:,} questions to {spec}, by {answers_by}", *parts]))
        self.reporter.begin(total)
        wanted = {question.id for question in self.plan.questions(answers_by)}
        self.reporter.advance(sum(answer.id in wanted for answer in interview.log.entries))
        asked = interview.ask(self.plan.questions(answers_by))
        if not asked.is_whole:
            self.reporter.warn(
                f"the budget of {self.request.budget} is spent after {self.budget.spent_queries} questions; "
                "with a larger one the same command goes on where it stopped"
            )
        if asked.given_up:
            names = ", ".join(sorted(asked.given_up))
            self.reporter.warn(f"given up, since replies hardly ever say one of the words: {names}")
        return asked

    def _note_side_by_side(self, session: CriticSession) -> None:
        if getattr(self.observer, "side_by_side", False) and not session.side_by_side:
            self.folder.amend(replace(session, side_by_side=True))


def _profile_of(model: str, folder: CriticFolder) -> JndProfile | None:
    """Return what is known of a model's JND: measured in the same folder, shipped, or published."""
    measured = folder.root / "profile.json"
    if measured.exists():
        return load_profile(measured)
    return profile_of_model(EMBEDDED) if model == EMBEDDED else published_profile(model)


def _write(made: Criticism, details: Mapping[str, object]) -> list[Path]:
    from calibration.critic.page import render_page, save_plots  # noqa: PLC0415 - loads matplotlib

    folder = made.folder
    write_whole(
        folder.findings, json.dumps(as_record(made.findings, made.points[0], made.relation), indent=2)
    )
    write_whole(folder.table, as_table(made.findings))
    write_whole(folder.report, render_page(made.findings, made.points, made.relation, details))
    return save_plots(made.findings, made.points, made.relation, folder.plots)
