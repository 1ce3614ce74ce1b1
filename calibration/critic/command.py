"""The command `jnd-calibrate critic`: ask any model to judge visual quality, beside people."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from calibration.remote_options import Effort, MaxTokens, SideBySide, Thinking, Timeout
from calibration.terminal import console, heed_sigterm, plain_errors, progress

if TYPE_CHECKING:
    from calibration.critic.workflow import Criticism


def critic(  # noqa: PLR0917 - typer reads the options from the signature; all are passed by name
    observer: Annotated[
        str,
        typer.Option(
            help="Who judges: embedded | critic | openai:MODEL@BASE_URL | openai-responses:MODEL@BASE_URL | "
            "anthropic:MODEL | gemini:MODEL | transformers:PATH_OR_ID | python:MODULE:FACTORY"
        ),
    ],
    images: Annotated[Path, typer.Option(help="Folder of pictures (PNG, JPEG, WebP, GIF).")],
    scores: Annotated[
        Path | None,
        typer.Option(
            help="CSV of what people said: columns file and mos on any scale, perhaps brightness, "
            "colorfulness, contrast, noisiness, sharpness, and generated (yes or no). Without it nothing is "
            "compared."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for critic.html, critic.json, critic.csv and the log; may be that of a calibration. "
            "Without it: critic-OBSERVER."
        ),
    ] = None,
    methods: Annotated[
        str,
        typer.Option(
            help="'all', or names separated by commas: quality (Q-Align's five words), good-poor (Q-Bench), "
            "pairs (with anchors of known score, in both orders), attributes, origin (generated or "
            "photographed)."
        ),
    ] = "all",
    answers: Annotated[
        str,
        typer.Option(
            help="log-probabilities, samples (answers drawn at temperature 1), or auto: what the model's "
            "first reply shows that it can tell."
        ),
    ] = "auto",
    samples: Annotated[int, typer.Option(min=1, help="Answers drawn to a question, by samples.")] = 5,
    anchors: Annotated[int, typer.Option(min=2, help="Pictures that every other is compared with.")] = 5,
    opening: Annotated[
        str,
        typer.Option(
            help="on: the answer is begun for the model (`The quality of the image is`), as Q-Align and "
            "Q-Bench do; off: it is told to answer with one of the words. auto: on for local models. Of "
            "servers, vLLM and SGLang can go on from an opening; others refuse it, or answer anew."
        ),
    ] = "auto",
    longest_side: Annotated[
        int, typer.Option(min=32, help="Pixels: larger pictures are shrunk to this, the whole of them shown.")
    ] = 1024,
    profile: Annotated[
        str | None,
        typer.Option(
            help="The model's JND: a calibration folder, a profile.json or a published name. Without it: "
            "profile.json in --out, or what is known of the model's name."
        ),
    ] = None,
    beside: Annotated[
        list[Path] | None,
        typer.Option(help="Folder that `critic` wrote for another model; may be given several times."),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Requests in flight to a remote observer.")] = 8,
    seed: Annotated[int, typer.Option(min=0, help="Fixes the order of the questions.")] = 0,
    budget: Annotated[
        str | None,
        typer.Option(help="Stop after so many questions (500), or dollars ('$5'; needs --price)."),
    ] = None,
    price: Annotated[
        str | None, typer.Option(help="Dollars per million tokens, in/out, such as 2.5/10.")
    ] = None,
    max_tokens: MaxTokens = None,
    effort: Effort = None,
    thinking: Thinking = None,
    timeout: Timeout = None,
    side_by_side: SideBySide = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print what came of it as one JSON line.")] = False,
) -> None:
    """Ask a model to judge visual quality, and compare it with people.

    SRCC and PLCC are told with 95 % intervals, PLCC also after the usual four-parameter logistic, beside the
    model's just noticeable differences: does a finer eye judge better? --beside puts other models next to it.

    A run that was interrupted goes on where it stopped when the same command is given again; methods,
    pictures and samples may be added. Questions that a model refuses or never answers with one of the words
    are counted, and given up after a while.

    Exit code 1: no reply could be read, or the observer could not be asked on; 2: bad use. Answers are kept.

    Example: jnd-calibrate critic --observer openai:M@http://host:8000/v1 --images photos --scores mos.csv
    """
    from calibration.critic.request import CriticRequest  # noqa: PLC0415 - the observers load only here
    from calibration.critic.workflow import criticise  # noqa: PLC0415

    heed_sigterm()
    with plain_errors(), progress("asking") as reporter:
        made = criticise(
            CriticRequest(
                observer=observer,
                images=images,
                scores=scores,
                out=out,
                methods=methods,
                answers=answers,
                samples=samples,
                anchors=anchors,
                opening=opening,
                longest_side=longest_side,
                profile=profile,
                beside=tuple(beside or ()),
                workers=workers,
                seed=seed,
                budget=budget,
                price=price,
                max_tokens=max_tokens,
                effort=effort,
                thinking=thinking,
                timeout=timeout,
                side_by_side=side_by_side,
            ),
            reporter,
        )
    _tell(made, as_json=as_json)
    if not any(each.read for each in made.findings.replies.values()):
        raise typer.Exit(1)


def _tell(made: "Criticism", *, as_json: bool) -> None:
    from calibration.critic.sentences import summarise  # noqa: PLC0415

    if as_json:
        typer.echo(json.dumps(made.as_record()))
        return
    for sentence in summarise(made.findings, made.points[0], made.relation):
        console.print(sentence, highlight=False, soft_wrap=True, markup=False)
    console.print(f"report: {made.folder.report.resolve()}", highlight=False, soft_wrap=True, markup=False)
