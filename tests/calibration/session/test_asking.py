from concurrent.futures import Future

from calibration.observers.protocol import ObserverError, Query, Reply
from calibration.observers.simulated import parse_simulated
from calibration.session.asking import BatchAsker, FutureAsker, asker_for


class Local:
    name, stimulus_side, input_side, in_flight = "local", None, None, 3

    def __init__(self) -> None:
        self.batches: list[int] = []

    def ask(self, queries: list[Query]) -> list[Reply]:
        self.batches.append(len(queries))
        return [Reply(query.prompt) for query in queries]

    def close(self) -> None:
        """Hold nothing."""


class Remote(Local):
    def submit(self, query: Query) -> Future[Reply]:
        future: Future[Reply] = Future()
        if query.prompt == "late":
            self.late = future
        elif query.prompt == "bad":
            future.set_exception(ObserverError("refused"))
        else:
            future.set_result(Reply(query.prompt))
        return future


def test_a_local_model_is_asked_a_batch_at_a_time():
    observer = Local()
    asker = BatchAsker(observer)

    for ticket in range(3):
        asker.submit(ticket, Query(f"{ticket}", []))
    room = asker.room
    answered = asker.collect()

    assert (room, asker.room, observer.batches) == (0, 3, [3])
    assert [(each.ticket, each.reply.text) for each in answered] == [(0, "0"), (1, "1"), (2, "2")]


def test_answers_of_a_remote_model_come_as_they_are_ready():
    observer = Remote()
    asker = FutureAsker(observer)

    for ticket, prompt in enumerate(["late", "soon", "bad"]):
        asker.submit(ticket, Query(prompt, []))
    first = asker.collect()
    observer.late.set_result(Reply("at last"))
    second = asker.collect()

    assert [each.ticket for each in first] == [1, 2]
    assert isinstance(first[1].reply, ObserverError)
    assert [(each.ticket, each.reply.text) for each in second] == [(0, "at last")]
    assert asker.room == 3


def test_the_queue_suits_the_observer():
    assert isinstance(asker_for(Remote()), FutureAsker)
    assert isinstance(asker_for(parse_simulated("")), BatchAsker)


def test_a_batch_that_fails_fails_every_question_of_it():
    class Broken(Local):
        def ask(self, queries: list[Query]) -> list[Reply]:
            raise ObserverError(f"out of memory at a batch of {len(queries)}")

    asker = BatchAsker(Broken())
    asker.submit(1, Query("a", []))
    asker.submit(2, Query("b", []))

    assert [str(each.reply) for each in asker.collect()] == ["out of memory at a batch of 2"] * 2
