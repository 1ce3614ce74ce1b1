import io
import json
from dataclasses import replace

import pytest
from rich.console import Console

from gateway.demo.table import (
    Reply,
    Row,
    Sample,
    calibration_disappointments,
    calibration_table,
    disappointments,
    metrics_table,
    table_of,
)
from gateway.metrics import Metrics


@pytest.fixture
def kept(tmp_path):
    """One row per kind of picture, each as promised."""
    file = tmp_path / "picture.png"
    file.write_bytes(bytes(1000))

    def row(expects, verdict, *, saved=0, direct="red", through="red", original="red"):
        headers = {
            "x-jnd-verdict": verdict,
            "x-jnd-bytes-saved": str(saved),
            "x-jnd-ratio": "0.42",
            "x-jnd-explanation": f"why {expects}",
        }
        return Row(
            Sample(f"the {expects}", file, "image/png", expects),
            original,
            Reply(direct, 40),
            Reply(through, 39),
            headers,
        )

    return {
        "clean": row("clean", "clean"),
        "hidden edit": row("hidden edit", "imperceptible_edit"),
        "attack": row("attack", "imperceptible_edit", direct="blue", through="blue"),
        "camera": row("camera", "clean", saved=700),
    }


@pytest.mark.parametrize("kind", ["clean", "hidden edit", "attack", "camera"])
def test_a_picture_that_went_as_promised_disappoints_nobody(kept, kind):
    assert disappointments(kept[kind]) == []


@pytest.mark.parametrize(
    ("kind", "change", "complaint"),
    [
        ("clean", {"headers": {"x-jnd-verdict": "imperceptible_edit"}}, "found clean"),
        ("clean", {"headers": {}}, "found clean"),
        ("clean", {"through": Reply("blue", 39)}, "answered the same"),
        ("hidden edit", {"headers": {"x-jnd-verdict": "clean"}}, "would not notice"),
        ("hidden edit", {"headers": {"x-jnd-verdict": "noticeable_edit"}}, "would not notice"),
        ("attack", {"headers": {"x-jnd-verdict": "clean"}}, "flagged"),
        ("attack", {"direct": Reply("red", 40)}, "answered differently"),
        ("camera", {"headers": {"x-jnd-verdict": "clean", "x-jnd-bytes-saved": "499"}}, "halved"),
    ],
)
def test_every_broken_promise_is_told(kept, kind, change, complaint):
    (told,) = disappointments(replace(kept[kind], **change))

    assert complaint in told
    assert f"the {kind}" in told


def test_the_table_tells_verdict_size_reason_bytes_tokens_and_answers(kept):
    console = Console(width=200, record=True, file=io.StringIO())

    console.print(table_of(list(kept.values())))

    text = console.export_text()
    for told in (
        "hidden edit",
        "0.42 × JND",
        "why attack",
        "1 kB",
        "→ 0 kB",
        "→ 39",
        "red = red",
        "blue = blue",
        "its original: red",
    ):
        assert told in text


def record_of(status):
    found = {"status": status, "threshold": 12.34, "low": 10.0, "high": 15.55}
    return json.dumps({"model": "embedded", "source": "measured", "distortions": {"blur": found}})


def test_the_calibration_is_told_by_level_and_interval():
    console = Console(width=100, record=True, file=io.StringIO())

    console.print(calibration_table(record_of("measured")))

    text = console.export_text()
    for told in ("blur", "12.3", "10.0 to 15.6", "measured"):
        assert told in text


def test_a_rough_threshold_is_told_as_such():
    console = Console(width=100, record=True, file=io.StringIO())

    console.print(calibration_table(record_of("rough")))

    text = console.export_text()
    assert "12.3" in text
    assert "rough" in text


@pytest.mark.parametrize("status", ["unmeasurable", "censored", "blunt"])
def test_a_calibration_that_measured_nothing_shows_no_numbers_and_disappoints(status):
    console = Console(width=100, record=True, file=io.StringIO())

    console.print(calibration_table(record_of(status)))

    assert "12.3" not in console.export_text()
    assert calibration_disappointments(record_of(status))
    assert not calibration_disappointments(record_of("measured"))


def test_a_handful_of_live_metrics_is_shown():
    metrics = Metrics({"embedded": "embedded"})
    metrics.images.labels("embedded", "imperceptible_edit", "").inc(2)
    metrics.bytes_saved.labels("embedded").inc(4_500_000)
    metrics.overhead.labels("true").observe(0.25)
    console = Console(width=100, record=True, file=io.StringIO())

    console.print(metrics_table(metrics.exposition().decode()))

    text = console.export_text()
    for told in ("images found imperceptible edit", "4.5 MB", "250 ms"):
        assert told in text
    assert "wait for the model" not in text
