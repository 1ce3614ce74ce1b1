import json
from collections.abc import Sequence

import pytest

from gateway.compression.audit.answers import Answer
from gateway.compression.audit.report import Report
from gateway.compression.audit.run import AuditLog, Outcome


def outcomes(
    count: int, *, changed: int = 0, margin: float | None = None, kind: str = "photograph", text: str = "yes"
) -> list[Outcome]:
    return [
        Outcome(
            f"{kind} {number}",
            kind,
            "Is it?",
            Answer(text, margin),
            Answer("no" if number < changed else text),
            is_changed=number < changed,
            is_noise=False,
        )
        for number in range(count)
    ]


def report(found: Sequence[Outcome] = (), **log: object) -> Report:
    return Report("m", "faithful", 0.01, AuditLog(list(found), **log), {"http_429": 2})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("found", "finding", "is_kept", "words"),
    [
        (outcomes(400), "kept", True, "is kept."),
        (outcomes(100), "undecided", True, "not proved: that takes 368 lightened pictures"),
        (outcomes(100, changed=2), "undecided", False, "was not kept here, though that may be chance"),
        (outcomes(100, changed=10), "broken", False, "is broken."),
    ],
)
def test_the_sentence_and_the_exit_code_say_what_was_found(
    found: list[Outcome], finding: str, is_kept: bool, words: str
):
    made = report(found)

    assert (made.finding, made.has_kept_promise) == (finding, is_kept)
    assert words in made.sentence
    assert "m, tier faithful: lightening changed" in made.sentence


def test_the_promise_is_about_confident_answers_where_the_api_tells_which_they_are():
    made = report([*outcomes(50, changed=25, margin=0.05), *outcomes(400, margin=0.9, kind="screen")])

    assert made.finding == "kept" and made.fields()["judged_by"] == "confident answers"
    assert made.fields()["classes"][0]["all"]["changed"] == 25
    assert made.fields()["classes"][0]["confident"]["pictures"] == 400


def test_the_table_has_a_line_for_each_class_with_its_own_numbers():
    made = report([*outcomes(10, changed=5), *outcomes(4, kind="screen")])

    heading, *lines = made.table()

    assert [line[0] for line in lines] == ["all", "photograph", "screen"]
    assert [line[1] for line in lines] == ["14", "10", "4"]
    assert dict(zip(heading, lines[1], strict=True))["changed"] == "50 %"
    assert {len(line) for line in lines} == {len(heading)}


def test_pictures_that_are_sent_as_they_are_keep_any_promise():
    made = report(left_alone={"a": "nothing is gained", "b": "nothing is gained"})

    assert made.has_kept_promise
    assert "2 pictures are sent as they are: nothing is gained." in made.notes()
    assert "2 pictures left as they are" in made.sentence


@pytest.mark.parametrize(
    "log", [{}, {"unanswered": ["gone"]}, {"left_alone": {"a": ""}, "unreadable": {"b": "damaged"}}]
)
def test_nothing_compared_is_no_promise_kept(log: dict[str, object]):
    assert not report(**log).has_kept_promise


def test_free_text_what_was_missed_and_the_apis_errors_are_told():
    made = report(
        outcomes(2, text="a cat that sits on a red mat"), unfinished=3, unreadable={"x.png": "damaged"}
    )

    notes = "\n".join(made.notes())

    for told in (
        "2 answers are free text",
        "3 questions were not asked",
        "x.png was left out",
        "2 × http_429",
    ):
        assert told in notes


def test_the_fields_are_json_and_show_changed_answers():
    fields = json.loads(json.dumps(report(outcomes(3, changed=1)).fields()))

    assert fields["changed"] == [
        {"image": "photograph 0", "prompt": "Is it?", "original": "yes", "lightened": "no"}
    ]
    assert fields["kept"] is False and fields["promise"] == 0.01
