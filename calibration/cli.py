"""The command `jnd-calibrate`: measure what a model notices, write the report, serve a local model."""

import json
import logging
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from calibration.critic.command import critic
from calibration.extras import ExtrasGroup
from calibration.profile import JndProfile
from calibration.remote_options import Effort, MaxTokens, SideBySide, Thinking, Timeout
from calibration.stimuli.registry import DEFAULT_DISTORTIONS
from calibration.terminal import console, heed_sigterm, plain_errors, progress

app = typer.Typer(
    cls=ExtrasGroup,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Measure how small a change a large multimodal model can notice: its just noticeable difference.",
)

_SPEC_HELP = (
    "Who is asked: embedded | critic | openai:MODEL@BASE_URL (vLLM, Ollama, OpenAI; Azure with its "
    "deployment and ?api-version=) | openai-responses:MODEL@BASE_URL | anthropic:MODEL | gemini:MODEL | "
    "transformers:PATH_OR_ID | python:MODULE:FACTORY | human (people, by SSIMULACRA2 anchored on them) | "
    "simulated:threshold=20,slope=3,false_alarm=0.02,lapse=0.02 (also spread=, probabilities=1)"
)
_MODEL_HELP = "A calibration folder, a profile.json, embedded, or a published name such as gpt-4o."
_Observer = Annotated[str, typer.Option(help=_SPEC_HELP)]
_Images = Annotated[Path, typer.Option(help="Folder of reference pictures (PNG, JPEG, WebP, GIF).")]
_Out = Annotated[Path, typer.Option(help="Folder for trials.jsonl, profile.json and report.html.")]
_Distortions = Annotated[
    str,
    typer.Option(
        help="'all', or names separated by commas. With --question prompt:FILE: prompt-characters, "
        "prompt-words, prompt-sentences; all three unless some are named."
    ),
]
_Queries = Annotated[
    int | None,
    typer.Option(
        min=5,
        help="Questions per distortion, a fifth about identical pairs: 25 for adaptive, 100 for constant. "
        "For ascending, at most so many per picture; without it, every sweep runs to its end. "
        "With --question prompt:FILE 160, an eighth of them with the prompt as it is.",
    ),
]
_Question = Annotated[
    str,
    typer.Option(
        help="difference (direct prompt and its polarity swap), difference:direct, "
        "difference:multiple-choice, difference:implicit (the paper's prompts alone), "
        "task:FILE: does the answer to a prompt change with the picture? "
        "or prompt:FILE: how much of the prompt's characters, words or sentences can be perturbed before the "
        "answer changes? "
        'FILE is a prompt, or JSON lines {"image": file name, "prompt": text}; ask for short answers.'
    ),
]
_Procedure = Annotated[
    str,
    typer.Option(
        help="adaptive (levels placed where they tell most), ascending (the paper's: level by level, Replace "
        "after each JND) or constant (fixed levels, shuffled). A prompt is always perturbed at "
        "fixed levels: 5, 10, 15, 20, 25, 30 and 50 % of it."
    ),
]


@app.command()
def run(  # noqa: PLR0917 - typer reads the options from the signature; all are passed by name
    observer: _Observer,
    images: _Images,
    out: _Out,
    distortions: _Distortions = DEFAULT_DISTORTIONS,
    question: _Question = "difference",
    procedure: _Procedure = "adaptive",
    queries_per_threshold: _Queries = None,
    sweeps: Annotated[int, typer.Option(min=1, help="Ascending: pictures climbed per distortion.")] = 10,
    window: Annotated[int, typer.Option(min=1, help="Ascending: levels in a row that must be noticed.")] = 3,
    workers: Annotated[int, typer.Option(min=1, help="Requests in flight to a remote observer.")] = 8,
    cluster: Annotated[
        str | None,
        typer.Option(help="ray: spread the questions over a Ray cluster (RAY_ADDRESS, or one started here)."),
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, help="Fixes images, order, noise: everything but the model.")
    ] = 0,
    budget: Annotated[
        str | None,
        typer.Option(
            help="Stop after so many questions (500), or dollars ('$5'; needs --price). Thoughts count; "
            "dollars are overspent by no more than the requests in flight."
        ),
    ] = None,
    price: Annotated[
        str | None, typer.Option(help="Dollars per million tokens, in/out, such as 2.5/10.")
    ] = None,
    max_tokens: MaxTokens = None,
    effort: Effort = None,
    thinking: Thinking = None,
    timeout: Timeout = None,
    side_by_side: SideBySide = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the profile as one JSON line.")] = False,
) -> None:
    """Calibrate a model: find the level of each distortion at which it starts to notice.

    A run that was interrupted goes on where it stopped when the same command is given again, to the same
    model at the same address, asked in the same way.

    Models that think before they answer spend tokens on it. Known ones get room for that, others more when a
    reply ends before it says anything; --effort low or --thinking off makes a run cheaper and faster, and
    measures the model as it is then.

    Keys come from OPENAI_API_KEY (at Azure from AZURE_OPENAI_API_KEY first), ANTHROPIC_API_KEY and
    GEMINI_API_KEY; OPENAI_KEY_HEADER names the header for a proxy that wants no bearer token.

    A threshold is measured (its 95 % interval lies on the scale and spans a factor of 3 at most), rough (it
    does not, or something may have moved it), blunt (even the strongest is noticed too seldom), censored
    (never) or unmeasurable, for example because more than 25 % of all identical pairs were called different;
    in --json, read a threshold with its status: an unmeasurable one may have a number that must not be used.

    Exit code 1: no threshold came of it, or the observer could not be asked on; 2: bad use. Answers are kept.

    Example: jnd-calibrate run --observer embedded --images photos --out calibrated
    """
    from calibration import workflow  # noqa: PLC0415 - plots load only when a run needs them
    from calibration.request import Request  # noqa: PLC0415

    heed_sigterm()
    with plain_errors(), progress("asking") as report_progress:
        profile = workflow.calibrate(
            Request(
                observer=observer,
                images=images,
                out=out,
                distortions=distortions,
                question=question,
                procedure=procedure,
                queries_per_threshold=queries_per_threshold,
                sweeps=sweeps,
                window=window,
                workers=workers,
                seed=seed,
                budget=budget,
                price=price,
                cluster=cluster,
                max_tokens=max_tokens,
                effort=effort,
                thinking=thinking,
                timeout=timeout,
                side_by_side=side_by_side,
            ),
            report_progress,
        )
    _tell(profile, out, as_json=as_json)
    if all(found.status == "unmeasurable" for found in profile.distortions.values()):
        raise typer.Exit(1)


@app.command()
def report(
    calibration: Annotated[Path, typer.Option(help="Folder that `run` wrote.")],
    images: Annotated[
        Path | None, typer.Option(help="Where the reference pictures lie, if they were moved since.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the paths written as one JSON line.")
    ] = False,
) -> None:
    """Write report.html and its plots as PNG files again, from the trial log."""
    from calibration import workflow  # noqa: PLC0415

    with plain_errors():
        written = workflow.write_report(calibration, images)
    if as_json:
        print(json.dumps({"report": str(written[0]), "plots": [str(path) for path in written[1:]]}))
        return
    for path in written:
        console.print(f"wrote {path}", highlight=False, soft_wrap=True)


@app.command()
def build(  # noqa: PLR0917 - as above
    images: _Images,
    out: Annotated[Path, typer.Option(help="Folder for manifest.parquet and the pictures asked for.")],
    recipe: Annotated[
        str, typer.Option(help="paper (489,065 stimuli of 21,598 references) or small (every distortion).")
    ] = "small",
    materialise: Annotated[
        str, typer.Option(help="How many stimuli to write as PNG, spread over the manifest; or 'all'.")
    ] = "0",
    pairs: Annotated[
        Path | None,
        typer.Option(help="A MagicBrush or spot-the-diff folder; without it local edits are generated."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Fixes crops, noise, places.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was built as one JSON line.")] = False,
) -> None:
    """Turn a folder of pictures into the VPA-JND dataset: a manifest, and pictures on demand.

    The manifest says of every stimulus how it is made; nothing is written that was not asked for.

    Example: jnd-calibrate build --images photos --out vpa --recipe paper --materialise 1000
    """
    from calibration import workflow  # noqa: PLC0415 - loads pyarrow

    heed_sigterm()
    with plain_errors(), progress("writing") as report_progress:
        built = workflow.build_dataset(
            images=images,
            out=out,
            recipe=recipe,
            materialise=materialise,
            pairs=pairs,
            seed=seed,
            reporter=report_progress,
        )
    if as_json:
        print(json.dumps(built.as_record()))
        return
    counts = ", ".join(f"{count:,} {category}" for category, count in built.categories.items())
    console.print(
        f"{built.stimuli:,} stimuli of {built.references:,} references ({counts}) from {built.pictures:,} "
        f"pictures: {built.manifest}; {built.materialised:,} on disk",
        highlight=False,
        soft_wrap=True,
    )


@app.command()
def compare(
    first: Annotated[str, typer.Argument(metavar="A", help=_MODEL_HELP)],
    second: Annotated[str, typer.Argument(metavar="B", help="The same; ratios are B's level over A's.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the comparison as one JSON line.")] = False,
) -> None:
    """Say whether two models, or two versions of one, differ in what they notice: by how much, how surely.

    Where the pictures shown differ in size, blur is compared as a share of the side, and what counts in
    pixels (noise, compression, banding, resolution) gets no verdict: calibrate both at one size.

    Example: jnd-calibrate compare calibrated-v1 calibrated-v2
    """
    from calibration import comparison  # noqa: PLC0415

    with plain_errors():
        result = comparison.compare(first, second)
    if as_json:
        print(json.dumps(comparison.as_record(result)))
        return
    console.print(comparison.as_table(result))
    for warning in result.warnings:
        console.print(f"[yellow]warning:[/yellow] {escape(warning)}", highlight=False, soft_wrap=True)


@app.command()
def serve(
    observer: Annotated[
        str, typer.Option(help="A local observer: embedded | critic | transformers:PATH | simulated:...")
    ],
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8100,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
) -> None:
    """Serve a local observer behind an OpenAI-compatible endpoint (chat completions, streaming, usage)."""
    from calibration import workflow  # noqa: PLC0415

    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(name)s %(message)s")
    with plain_errors():
        workflow.serve(observer, host=host, port=port)


app.command()(critic)


def _tell(profile: JndProfile, out: Path, *, as_json: bool) -> None:
    from calibration import summary  # noqa: PLC0415

    retries = dict(profile.details.get("retries") or {})
    if as_json:
        print(json.dumps({**summary.as_record(profile), **({"retries": retries} if retries else {})}))
        return
    console.print(summary.as_table(profile))
    for reason in summary.reasons(profile):
        console.print(escape(reason), highlight=False, soft_wrap=True)
    if retries:
        reasons = ", ".join(f"{reason} {times} times" for reason, times in retries.items())
        waited = profile.details.get("waited_seconds", 0)
        console.print(
            f"asked again: {escape(reasons)}; waited {waited:.0f} s", highlight=False, soft_wrap=True
        )
    console.print(f"report: {(out / 'report.html').resolve()}", highlight=False, soft_wrap=True)


if __name__ == "__main__":
    app()
