import io
import json
from pathlib import Path
from typing import Any

from rich.console import Console

from gateway.demo.paid_models import MODELS, paid_models_table
from gateway.demo.table import Sample

SAMPLE = Sample("a photograph", Path("/pictures/a.png"), "image/png", "clean")


def line(model: str, **changes: Any) -> str:
    told = {"file": str(SAMPLE.file), "class": "photograph", "model": model, "reason": ""}
    sizes = {"bytes_in": 2_000_000, "bytes_out": 500_000, "tokens_in": 1000, "tokens_out": 600}
    return json.dumps(told | sizes | changes)


def shown(*lines: str) -> str:
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(paid_models_table([SAMPLE], [*lines, '{"images": 1}']))
    return console.export_text()


def test_every_model_has_a_column_that_tells_bytes_tokens_and_money():
    text = shown(*(line(model) for _, model in MODELS))

    assert text.count("2.0 MB → 500 kB") == 3
    assert text.count("75 % fewer bytes") == 3
    assert text.count("1,000 → 600 tokens") == 3
    for cost in ("$3.00 → $1.80", "$2.50 → $1.50", "$0.30 → $0.18"):
        assert cost in text


def test_a_picture_left_alone_says_why():
    text = shown(line("gpt-4o", bytes_out=2_000_000, tokens_out=1000, reason="nothing lighter"))

    assert "nothing lighter" in text
    assert "$2.50 → $2.50" in text


def test_a_picture_that_was_not_read_is_told_as_such():
    assert shown(line("gpt-4o", **{"class": None})).count("not read") == 3
