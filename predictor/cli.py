"""The command `jnd-predictor`: learn from an observer's answers, and ask what it would notice."""

import typer

from calibration.extras import ExtrasGroup
from predictor.commands.critique import critique
from predictor.commands.questions import answer, compare, thresholds
from predictor.commands.recalibrate import recalibrate
from predictor.commands.training import evaluate, train, train_answers
from predictor.commands.upgrade import upgrade

app = typer.Typer(
    cls=ExtrasGroup,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="Predict whether a large multimodal model notices a change in an image.",
)
for command in (compare, thresholds, answer, critique, recalibrate, train, evaluate, train_answers, upgrade):
    app.command()(command)

if __name__ == "__main__":
    app()
