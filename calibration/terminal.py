"""What a person at a terminal sees beside results: progress, warnings, errors in one sentence.

All of it goes to stderr; stdout is for results.
"""

import logging
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

console = Console(stderr=True)


@contextmanager
def plain_errors() -> Iterator[None]:
    """End with a sentence and exit code 2 for bad use, 1 for trouble on the way."""
    from calibration.observers.protocol import ObserverError  # noqa: PLC0415
    from calibration.workflow import TROUBLE  # noqa: PLC0415

    try:
        with redirect_stdout(sys.stderr):  # a plug-in that prints must not spoil the line of JSON
            yield
    except (*TROUBLE, ObserverError) as error:
        fail(str(error), 1)
    except (ValueError, LookupError) as error:
        fail(str(error.args[0] if isinstance(error, KeyError) else error), 2)
    except KeyboardInterrupt:
        fail("interrupted; give the same command again to go on where it stopped", 1)


def heed_sigterm() -> None:
    """Treat SIGTERM as Ctrl-C from now on: what was answered is safe, and the last word says how to go on."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def fail(message: str, code: int) -> NoReturn:
    """Print why, and end with this exit code."""
    console.print(f"[red]error:[/red] {escape(message)}", highlight=False, soft_wrap=True)
    raise typer.Exit(code)


@contextmanager
def progress(doing: str) -> Iterator["TerminalReporter"]:
    """Yield who moves a progress bar on a terminal, and prints warnings anywhere, logged ones too."""
    with _logged_warnings():
        if not sys.stderr.isatty():
            yield TerminalReporter(None)
            return
        columns = (TextColumn(doing), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console, transient=True) as bar:
            yield TerminalReporter(bar)


@contextmanager
def _logged_warnings() -> Iterator[None]:
    """Print what the laboratory logs above the progress bar, not through it: retries, options given up."""
    logger, handler = logging.getLogger("calibration"), _ConsoleHandler(logging.WARNING)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


class _ConsoleHandler(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        TerminalReporter(None).warn(record.getMessage())


class TerminalReporter:
    """Moves the progress bar on a terminal and prints warnings."""

    def __init__(self, bar: Progress | None) -> None:
        self._bar = bar
        self._task = None if bar is None else bar.add_task("", total=None)

    def begin(self, total: int) -> None:
        """Hear how many there will be."""
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, total=total)

    def advance(self, count: int) -> None:
        """Hear that so many more are done."""
        if self._bar is not None and self._task is not None:
            self._bar.advance(self._task, count)

    def tell(self, message: str) -> None:
        """Print a message."""
        console.print(escape(message), highlight=False, soft_wrap=True)

    def warn(self, message: str) -> None:
        """Print a warning."""
        console.print(f"[yellow]warning:[/yellow] {escape(message)}", highlight=False, soft_wrap=True)
