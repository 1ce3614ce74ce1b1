import re

import pytest
from redis.exceptions import NoScriptError, ResponseError

from gateway.memory.shelves import PROBATION, RECORD_VERSION, Room, Shelves, owner_of, put, run_script


class Pipeline(list):
    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def hset(self, *arguments):
        self.append(("HSET", *arguments))

    def execute_command(self, *arguments):
        self.append(arguments)

    def execute(self, **_):
        return self.results


class Client:
    """Has forgotten every script."""

    def __init__(self, *results) -> None:
        self.evaluated: list[str] = []
        self._results = results

    def evalsha(self, *_):
        raise NoScriptError("NOSCRIPT")

    def eval(self, text, *_):
        self.evaluated.append(text)
        return "done"

    def pipeline(self, **_):
        made = Pipeline()
        made.results = self._results
        return made


def test_all_keys_of_a_shelf_lie_in_one_slot_and_name_the_version():
    for shelf in (owner_of("a").hex(), PROBATION):
        names = Shelves("jnd").keys("pictures", shelf)

        assert {re.search(rb"\{(.*?)\}", name)[1] for name in names} == {shelf.encode()}
        assert all(name.startswith(b"jnd:%d:{" % RECORD_VERSION) for name in names)
        assert len(set(names)) == len(names)


def test_pictures_and_results_of_a_tenant_lie_apart_and_share_what_is_known_of_it():
    pictures, outcomes = (Shelves("jnd").keys(kind, "x") for kind in ("pictures", "outcomes"))

    assert not set(pictures[:4]) & set(outcomes[:4])
    assert pictures[4:] == outcomes[4:]


def test_a_tenant_is_on_probation_until_it_is_known_to_be_accepted():
    shelves, owner = Shelves("jnd"), owner_of("a")
    assert shelves.may_be_accepted(owner)
    shelves.note(owner, is_accepted=False)

    assert (shelves.shelf_of(owner), shelves.may_be_accepted(owner)) == (PROBATION, False)
    shelves.note(owner, is_accepted=True)
    assert (shelves.shelf_of(owner), shelves.may_be_accepted(owner)) == (owner.hex(), True)


def test_a_script_that_redis_forgot_is_told_again():
    client = Client()

    assert run_script(client, "alike", [b"k"], [1]) == "done"
    assert "bxor" in client.evaluated[0]


def test_a_thing_is_put_on_its_shelf_also_where_the_script_was_forgotten():
    client = Client(1, NoScriptError("NOSCRIPT"))

    put(client, [b"items"], b"e" * 48, b"value", Room(1, 1, 1))

    assert len(client.evaluated) == 1


@pytest.mark.parametrize("results", [(ResponseError("OOM"), 1), (1, ResponseError("OOM"))])
def test_what_could_not_be_put_there_is_told(results):
    with pytest.raises(ResponseError, match="OOM"):
        put(Client(*results), [b"items"], b"e" * 48, b"value", Room(1, 1, 1))
