import json
import math
from pathlib import Path

import pytest

from calibration.critic.answers import CriticAnswer, CriticLog, answer_of, read_answers
from calibration.critic.plan import CriticPlan
from calibration.line_log import TrialLogError
from calibration.observers.protocol import Reply
from tests.calibration.critic.judges import telling

QUESTION = next(CriticPlan(("é.png",), ("quality",)).questions("log-probabilities"))


def test_an_answer_is_read_again_as_it_was_written(tmp_path: Path):
    answer = answer_of(QUESTION, telling({" good": 0.75, "poor": 0.25}), 0.5)

    with CriticLog(tmp_path / "log.jsonl") as log:
        log.append([answer])

    assert read_answers(tmp_path / "log.jsonl") == [answer]
    assert answer.word == "good"
    assert answer.alternatives[" good"] == pytest.approx(math.log(0.75), abs=1e-6)


def test_a_torn_last_line_is_dropped(tmp_path: Path):
    line = answer_of(QUESTION, Reply("good"), 0.5).to_line()
    (tmp_path / "log.jsonl").write_text(line + line[:30])

    with CriticLog(tmp_path / "log.jsonl") as log:
        assert len(log.entries) == 1

    assert (tmp_path / "log.jsonl").read_text() == line


@pytest.mark.parametrize(
    "change", [{"outcome": "perhaps"}, {"pictures": 3}, {"surplus": 1}, {"alternatives": {"a": None}}]
)
def test_a_field_of_the_wrong_kind_is_named(change: dict[str, object]):
    fields = {**json.loads(answer_of(QUESTION, Reply("good"), 0.5).to_line()), **change}

    with pytest.raises(TrialLogError, match=next(iter(change))):
        CriticAnswer.from_line(json.dumps(fields))


@pytest.mark.parametrize("line", ["[]", "{}", "no", '{"schema_version": 9}'])
def test_what_is_no_answer_is_told(line: str):
    with pytest.raises(TrialLogError, match="expected"):
        CriticAnswer.from_line(line)


def test_half_a_character_does_not_stop_the_log():
    assert answer_of(QUESTION, Reply("good \ud83d"), 0.5).reply == "good ?"
