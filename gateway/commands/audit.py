"""The command `jnd-gateway audit`: ask a real model whether lightened pictures change its answers.

Heavy imports happen inside the command, so that `--help` answers at once.
"""

from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from calibration.profile import ProfileError
from gateway.compression.plan import Tier


def audit(  # noqa: PLR0917 - typer reads the options from the signature; all are passed by name
    images: Annotated[Path, typer.Option(help="Folder of pictures like those of your traffic.")],
    questions: Annotated[
        Path,
        typer.Option(
            help='JSON lines {"image": NAME, "prompt": TEXT}, without `image` about every picture; or a file '
            "with one prompt about all."
        ),
    ],
    model: Annotated[str, typer.Option(help="The model's name at the API.")],
    upstream: Annotated[str, typer.Option(help="The API's address, such as https://api.openai.com.")],
    budget: Annotated[int, typer.Option(min=3, help="Most questions put to the model, all runs together.")],
    out: Annotated[Path, typer.Option(help="Answers are kept here as they come.")] = Path("audit.jsonl"),
    profile: Annotated[
        str | None, typer.Option(help="Whose eyes count, as for compress; without it, the model's.")
    ] = None,
    provider: Annotated[
        str | None, typer.Option(help="Whose size and token rules apply; without it, whose host it is.")
    ] = None,
    dialect: Annotated[
        Literal["openai", "anthropic", "gemini"] | None,
        typer.Option(help="The API's format; without it, the provider's, else openai."),
    ] = None,
    tier: Annotated[Tier, typer.Option(help="As for compress.")] = "faithful",
    promise: Annotated[
        float | None,
        typer.Option(
            min=0.0, max=1.0, help="Share of answers that may change; without it .01, or .05 for lean."
        ),
    ] = None,
    max_probability: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="As compression.max_probability.")
    ] = 0.05,
    max_tokens: Annotated[int, typer.Option(min=1, help="Of one answer, thoughts included.")] = 1024,
    in_flight: Annotated[int, typer.Option(min=1, max=64, help="Questions at a time.")] = 4,
    artifact: Annotated[
        Path | None, typer.Option(help="Folder of a trained predictor; without it, the one that ships.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Ask a real model about pictures as they are and as they would be sent: do its answers change?

    Each question is put about the original and about the lightened picture, at temperature 0. Where the
    answers differ, or a temperature is refused, the original is asked about once more: what the model does
    not repeat itself is its own noise and is taken off. Where the API tells probabilities, the promise is
    about answers of which the model was sure (a margin of .2 at every token). Answers are compared without
    case, white space and punctuation, numbers by value, free text word for word.

    The key comes from OPENAI_API_KEY, ANTHROPIC_API_KEY or GEMINI_API_KEY. An interrupted run goes on with
    the same command and pays for no answer twice.

    Exit code 0: what was seen is within the promise. 1: it is not, or nothing could be compared. 2: bad use,
    or the API answers nothing.
    """
    from gateway.compression.audit.asking import HopelessError  # noqa: PLC0415 - see the module's docstring
    from gateway.compression.audit.journal import JournalError  # noqa: PLC0415
    from gateway.compression.audit.questions import QuestionsError  # noqa: PLC0415
    from gateway.compression.audit.session import (  # noqa: PLC0415
        AuditRequest,
        print_report,
        run_audit,
        to_json,
    )
    from predictor.predict import ArtifactError  # noqa: PLC0415

    request = AuditRequest(
        images=images,
        questions=questions,
        model=model,
        upstream=upstream,
        budget=budget,
        out=out,
        profile=profile,
        provider=provider,
        dialect=dialect,
        tier=tier,
        promise=promise,
        max_probability=max_probability,
        max_tokens=max_tokens,
        in_flight=in_flight,
        artifact=artifact,
    )
    try:
        report = run_audit(request, lambda line: typer.echo(line, err=True))
    except (QuestionsError, JournalError, HopelessError, ArtifactError, ProfileError, OSError) as error:
        typer.echo(f"jnd-gateway: {error}", err=True)
        raise typer.Exit(2) from None
    except KeyboardInterrupt:
        typer.echo(f"jnd-gateway: stopped; the same command goes on with what is in {out}", err=True)
        raise typer.Exit(130) from None
    if as_json:
        typer.echo(to_json(report))
    else:
        print_report(report, Console())
    raise typer.Exit(0 if report.has_kept_promise else 1)
