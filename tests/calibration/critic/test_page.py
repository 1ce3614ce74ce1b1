import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest

from calibration.critic.agreement import Measured
from calibration.critic.beside import ModelPoint, own_point, relate
from calibration.critic.findings import Findings, find
from calibration.critic.page import render_page, save_plots
from calibration.critic.record import as_record, as_table
from calibration.critic.sentences import summarise
from calibration.observers.protocol import Query, Reply
from calibration.published import published_profile
from tests.calibration.critic.judges import telling, words_by_lightness
from tests.calibration.critic.test_findings import answers_to, findings_of
from tests.calibration.report.test_page import Outline


def judging(query: Query) -> Reply:
    if "photographed" in query.manner.words:
        return Reply("I cannot <b>tell</b> & will not.")
    return telling(words_by_lightness(query))


@pytest.fixture(scope="module")
def findings() -> Findings:
    return replace(findings_of(answers_to(judging), given_up=frozenset({"origin"})), model="GPT-4o")


@pytest.fixture(scope="module")
def points(findings: Findings) -> list[ModelPoint]:
    own = own_point(findings, published_profile("GPT-4o"))
    others = [
        replace(own, model=f"m<{at}>", srcc=Measured(0.9 - at / 10, 0.6, 0.95), multiples=more)
        for at in range(1, 5)
        if (more := {name: each * (1 + at) for name, each in own.multiples.items()})
    ]
    return [own, *others]


@pytest.fixture(scope="module")
def page(findings: Findings, points: list[ModelPoint]) -> str:
    return render_page(findings, points, relate(points), {"observer": "openai:<m>", "opened": False})


def test_the_page_has_every_section_and_loads_nothing(page: str):
    outline = Outline(page)

    assert {"summary", "agreement", "scatters", "models", "replies", "published", "method"} <= set(
        outline.ids
    )
    assert "script" not in outline.tags
    assert all(source.startswith(("data:", "#")) for source in outline.sources)


def test_what_models_and_replies_say_cannot_become_markup(page: str):
    assert "<b>tell</b>" not in page
    assert "m&lt;1&gt;" in page
    assert "openai:&lt;m&gt;" in page


def test_the_page_says_what_was_given_up(page: str):
    assert "given up" in page
    assert "24 of 24 replies say none of the words (0 refused)" in page


def test_the_page_answers_whether_finer_means_better(page: str):
    assert "Over 5 models, those with a finer JND judge quality better" in page


def test_every_figure_is_written_as_a_png(findings: Findings, points: list[ModelPoint], tmp_path: Path):
    written = save_plots(findings, points, relate(points), tmp_path / "plots")

    assert {path.stem for path in written} == {
        "quality",
        "good-poor",
        "pairs",
        "noisiness",
        "words",
        "models",
    }
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in written)


def test_a_page_without_scores_says_so():
    found = find(
        answers_to(judging),
        model="m",
        answers_by="log-probabilities",
        pictures=["05.png"],
        anchors=[],
        scores=None,
    )
    own = own_point(found, None)

    page = render_page(found, [own], relate([own]), {})

    assert "No human scores were given" in page
    assert "No JND of m is known here" in page


def test_the_table_has_a_line_for_every_picture_with_bounds(findings: Findings):
    rows = [*csv.DictReader(io.StringIO(as_table(findings)))]

    assert len(rows) == 24
    assert rows[0].keys() >= {"file", "mos", "people_noisiness", "quality", "good_poor", "pairs", "sharpness"}
    assert float(rows[-1]["quality"]) > float(rows[0]["quality"])


def test_the_record_holds_what_machines_need(findings: Findings, points: list[ModelPoint]):
    record = as_record(findings, points[0], relate(points))

    assert record["pairs"]["place_bias"]["pairs"] == 10 + 5 * 19  # type: ignore[index]
    assert record["replies"]["origin"]["is_given_up"]  # type: ignore[index]
    assert record["finer_is_better"]["models"] == 5  # type: ignore[index]


def test_the_summary_tells_of_bias_and_of_a_budget_that_was_spent(
    findings: Findings, points: list[ModelPoint]
):
    told = " ".join(summarise(replace(findings, is_whole=False), points[0], relate(points[:1])))

    assert "105 pairs shown in both orders, 100% favour the same picture both times" in told
    assert "The budget was spent before everything was asked" in told
    assert "Whether finer means better is not told: 1 model with both" in told


def test_a_model_that_says_none_of_the_words_is_told_so():
    mute = findings_of(answers_to(lambda query: Reply("different.")))  # noqa: ARG005 - whatever is asked
    own = own_point(mute, None)

    page = render_page(mute, [own], relate([own]), {})

    assert "None of its 402 replies says, or so much as considers, one of the words" in page
    assert "it says “different.”" in page
    assert "nothing that the model said can be compared" in page
    assert "<svg" not in page
