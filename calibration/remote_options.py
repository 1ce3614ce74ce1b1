"""The options of the command line about how a remote model is asked, with the help that teaches them."""

from typing import Annotated

import typer

MaxTokens = Annotated[
    int | None,
    typer.Option(
        min=16,
        help="Tokens a reply may take, thoughts included. Without it: by the model's family (1,024; 16,384 "
        "for models that think), doubled where a reply ends with nothing said. A number given here is kept.",
    ),
]
Effort = Annotated[
    str | None,
    typer.Option(
        help="How hard the model thinks: none, minimal, low, medium, high, xhigh or max, as its provider "
        "calls it. Without it: the provider's default."
    ),
]
Thinking = Annotated[
    str | None,
    typer.Option(
        help="on, off, or how many tokens it may think (anthropic:, gemini:). Without it: the provider's "
        "default. At other servers, on and off set enable_thinking of the chat template (Qwen3, GLM)."
    ),
]
Timeout = Annotated[
    float | None,
    typer.Option(
        min=1,
        help="Seconds one request may take. Without it: 120, or 600 for models that think.",
        metavar="S",
    ),
]
SideBySide = Annotated[
    bool,
    typer.Option(
        "--side-by-side",
        help="Show two pictures as one, left and right: for servers that take one picture per request. Done "
        "by itself where a server refuses a second picture; needed where it silently looks at one only.",
    ),
]
