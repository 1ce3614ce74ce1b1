"""What the demo's pictures would become at the models people pay for: by their rules, nothing is sent there.

Asks `jnd-gateway estimate`, as somebody would of pictures of his own.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich import box
from rich.markup import escape
from rich.table import Table

from gateway.demo.services import Job, own_command, start_job
from gateway.demo.table import Sample
from gateway.providers.prices import Prices, load_prices

MODELS = (("anthropic", "claude-sonnet-4-5"), ("openai", "gpt-4o"), ("gemini", "gemini-2.5-flash"))
_PER = 1_000  # images, of sums of money


def start_estimate(samples: Sequence[Sample], *, log: Path) -> Job:
    """Begin to try each picture at each model, in a process of its own."""
    command = [own_command("jnd-gateway"), "estimate", *(str(sample.file) for sample in samples), "--json"]
    for provider, model in MODELS:
        command += ["--for", f"{provider}:{model}"]
    return start_job(command, log=log)


def paid_models_table(samples: Sequence[Sample], lines: Sequence[str]) -> Table:
    """Lay out the lines of `estimate --json`: a picture a row, a model a column."""
    table = Table(
        box=box.ROUNDED,
        show_lines=True,
        expand=True,
        title="The same pictures at models people pay for (by their rules; nothing was sent there)",
        caption="Dollars are for 1,000 such pictures at list price. Fewer bytes arrive sooner; what is "
        "billed is tokens, which follow from a picture's size in pixels.",
    )
    table.add_column("Picture", ratio=2)
    for _, model in MODELS:
        table.add_column(model, ratio=3)
    told = {(one["file"], one["model"]): one for one in map(json.loads, lines) if "file" in one}
    prices = load_prices()
    for sample in samples:
        cells = (
            _cell(told.get((str(sample.file), model)), prices, provider, model) for provider, model in MODELS
        )
        table.add_row(escape(sample.title), *cells)
    return table


def _cell(told: dict[str, Any] | None, prices: Prices, provider: str, model: str) -> str:
    """Say what one picture would be, cost and save at one model."""
    if told is None or told["class"] is None:
        return "not read"
    saved = f"{100 * (1 - told['bytes_out'] / told['bytes_in']):.0f} % fewer bytes"
    lines = [
        f"{_size(told['bytes_in'])} → {_size(told['bytes_out'])}",
        saved if told["bytes_out"] < told["bytes_in"] else escape(told["reason"]),
        f"{told['tokens_in']:,} → {told['tokens_out']:,} tokens",
    ]
    price = prices.find(provider, model)
    if price is not None:
        before, after = (price.of(told[tokens] * _PER) for tokens in ("tokens_in", "tokens_out"))
        lines.append(f"${before:.2f} → ${after:.2f}")
    return "\n".join(lines)


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"
