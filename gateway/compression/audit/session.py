"""Carry out one audit from files to a printed report; importing this loads torch."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from rich.console import Console
from rich.table import Table

from gateway.compression.audit.asking import Asker
from gateway.compression.audit.journal import Journal
from gateway.compression.audit.keys import AuditKeys
from gateway.compression.audit.lightening import lightener
from gateway.compression.audit.questions import read_questions
from gateway.compression.audit.report import PROMISES, Report
from gateway.compression.audit.run import MOST_ASKS, Audit, AuditLog
from gateway.compression.audit.wire import WIRES, DialectName, Manner
from gateway.compression.plan import Tier
from gateway.providers.hosts import provider_at

_OUT_OF_PATIENCE = aiohttp.ClientTimeout(total=600, sock_connect=30)
_BY_PROVIDER: dict[str, DialectName] = {"anthropic": "anthropic", "gemini": "gemini"}


@dataclass(frozen=True)
class AuditRequest:
    """What the command line asks for."""

    images: Path
    questions: Path
    model: str
    upstream: str
    budget: int  # answers
    out: Path  # answers, as they come
    profile: str | None  # whose eyes count; None: the model's
    provider: str | None  # None: whose host it is
    dialect: DialectName | None  # None: the provider's
    tier: Tier
    promise: float | None  # None: the tier's
    max_probability: float
    max_tokens: int
    in_flight: int  # questions at a time
    artifact: Path | None


def run_audit(request: AuditRequest, tell: Callable[[str], None]) -> Report:
    """Ask until every question is answered or the budget is spent.

    Raises:
        QuestionsError: The questions cannot be read.
        JournalError: The file of answers is something else, or in use.
        HopelessError: The API answers no question at all.
        ArtifactError: The predictor cannot be loaded.
        ProfileError: The model's profile cannot be read.
        OSError: Answers cannot be kept.
    """
    questions = read_questions(request.questions, request.images)
    provider = request.provider or provider_at(request.upstream)
    dialect = request.dialect or _BY_PROVIDER.get(provider, "openai")
    lighten = lightener(
        request.images,
        model=request.profile or request.model,
        provider=provider,
        tier=request.tier,
        max_probability=request.max_probability,
        artifact=request.artifact,
    )
    with Journal(request.out) as journal:
        pictures = len({question.picture for question in questions})
        most = min(request.budget, MOST_ASKS * len(questions))
        tell(
            f"{len(questions)} questions about {pictures} pictures: at most {most} will be put to "
            f"{request.model} ({provider}, {dialect}), {len(journal)} answers are in {request.out} already."
        )

        async def ask_all() -> Report:
            async with aiohttp.ClientSession(timeout=_OUT_OF_PATIENCE, trust_env=True) as session:
                asker = Asker(
                    session,
                    WIRES[dialect],
                    request.upstream,
                    request.model,
                    AuditKeys().of(dialect),
                    Manner(max_tokens=request.max_tokens),
                )
                audit = Audit(
                    lighten,
                    asker.ask,
                    lambda: not asker.manner.has_temperature,
                    journal,
                    request.budget,
                    source=f"{request.model}@{request.upstream}/{request.max_tokens}",
                    told=_progress(tell),
                )
                log = await audit.run(questions, in_flight=request.in_flight)
                promise = PROMISES[request.tier] if request.promise is None else request.promise
                return Report(request.model, request.tier, promise, log, asker.errors)

        return asyncio.run(ask_all())


def print_report(report: Report, console: Console) -> None:
    """Print for people."""
    table = Table(box=None, pad_edge=False)
    heading, *lines = report.table()
    for name in heading:
        table.add_column(name, justify="left" if name == "class" else "right", no_wrap=True)
    for line in lines:
        table.add_row(*line)
    if report.log.outcomes:
        console.print(table)
    for note in report.notes():
        console.print(note, markup=False, highlight=False)
    console.print(report.sentence, markup=False, highlight=False, soft_wrap=True)


def to_json(report: Report) -> str:
    """Return one line."""
    return json.dumps(report.fields(), ensure_ascii=False)


def _progress(tell: Callable[[str], None]) -> Callable[[AuditLog], None]:
    last = 0

    def told(log: AuditLog) -> None:
        nonlocal last
        settled = len(log.outcomes) + len(log.unanswered)
        if settled >= last + 25:
            last = settled
            changed = sum(outcome.is_changed for outcome in log.outcomes)
            tell(f"{log.asked} answers, {settled} questions settled, {changed} changed")

    return told
