import asyncio
from collections import Counter
from pathlib import Path

import pytest

from gateway.compression.audit.answers import Answer
from gateway.compression.audit.asking import HopelessError, UnansweredError
from gateway.compression.audit.journal import Journal
from gateway.compression.audit.questions import Question
from gateway.compression.audit.run import Audit, AuditLog, Pair, UnreadablePictureError
from gateway.compression.audit.wire import Asked

pytestmark = pytest.mark.anyio


class StandInModel:
    """Answers with the picture's first letter in capitals; a lightened one may say otherwise."""

    def __init__(
        self, *, swayed: frozenset[bytes] = frozenset(), broken: frozenset[bytes] = frozenset()
    ) -> None:
        self.asked: Counter[bytes] = Counter()
        self.swayed, self.broken = swayed, broken

    async def ask(self, asked: Asked) -> Answer:
        await asyncio.sleep(0)
        self.asked[asked.data] += 1
        name = asked.data.split(b"/")[0]
        if name in self.broken:
            raise UnansweredError("answered 500")
        is_swayed = name in self.swayed and asked.data.endswith(b"light")
        return Answer("other" if is_swayed else name.decode(), 0.9)


def lighten(name: str) -> Pair:
    if name.startswith("unreadable"):
        raise UnreadablePictureError("damaged")
    data = name.encode()
    small = data if name.startswith("same") else data + b"/light"
    return Pair(data, "image/png", small, "image/webp", "photograph", "nothing is gained")


async def audited(
    model: StandInModel, names: list[str], path: Path, *, budget: int = 1000, thrice: bool = False
) -> AuditLog:
    with Journal(path / "audit.jsonl") as journal:
        audit = Audit(lighten, model.ask, lambda: thrice, journal, budget, source="m@here")
        return await audit.run([Question(name, "What?") for name in names], in_flight=3)


async def test_a_question_costs_two_answers_and_a_third_where_they_differ(tmp_path: Path):
    model = StandInModel(swayed=frozenset({b"a"}))

    log = await audited(model, ["a", "b"], tmp_path)

    assert {outcome.picture: outcome.is_changed for outcome in log.outcomes} == {"a": True, "b": False}
    assert model.asked == {b"a": 2, b"a/light": 1, b"b": 1, b"b/light": 1}
    assert log.asked == 5


async def test_a_model_that_takes_no_temperature_is_asked_thrice(tmp_path: Path):
    model = StandInModel()

    await audited(model, ["a"], tmp_path, thrice=True)

    assert model.asked == {b"a": 2, b"a/light": 1}


@pytest.mark.parametrize("budget", [3, 7, 20, 31])
async def test_no_more_is_asked_than_the_budget_allows_and_the_rest_is_counted(tmp_path: Path, budget: int):
    names = [f"picture {number}" for number in range(12)]
    model = StandInModel(swayed=frozenset(name.encode() for name in names))

    log = await audited(model, names, tmp_path, budget=budget)

    assert 0 < model.asked.total() <= budget
    assert len(log.outcomes) + log.unfinished == 12
    assert len(log.outcomes) == min(12, budget // 3)


async def test_a_run_that_goes_on_asks_nothing_twice_and_comes_to_the_same(tmp_path: Path):
    names = ["a", "b", "c", "d"]
    model = StandInModel(swayed=frozenset({b"c"}))
    first = await audited(model, names[:2], tmp_path)
    before = model.asked.total()

    whole = await audited(model, names, tmp_path)
    again = await audited(model, names, tmp_path)

    assert before == first.asked == 4
    assert model.asked.total() == whole.asked == again.asked == 9
    assert sorted(map(repr, whole.outcomes)) == sorted(map(repr, again.outcomes))


async def test_what_is_left_alone_costs_nothing_and_what_cannot_be_read_is_named(tmp_path: Path):
    model = StandInModel()

    log = await audited(model, ["same", "unreadable", "a"], tmp_path)

    assert log.left_alone == {"same": "nothing is gained"} and log.unreadable == {"unreadable": "damaged"}
    assert [outcome.picture for outcome in log.outcomes] == ["a"]


async def test_a_question_without_an_answer_is_told_and_the_others_go_on(tmp_path: Path):
    log = await audited(StandInModel(broken=frozenset({b"a"})), ["a", "b"], tmp_path)

    assert log.unanswered == ["answered 500"]
    assert [outcome.picture for outcome in log.outcomes] == ["b"]


async def test_an_api_that_answers_nothing_is_given_up(tmp_path: Path):
    names = [f"picture {number}" for number in range(40)]
    model = StandInModel(broken=frozenset(name.encode() for name in names))

    with pytest.raises(HopelessError, match="no question was answered"):
        await audited(model, names, tmp_path)
    assert model.asked.total() <= 15
