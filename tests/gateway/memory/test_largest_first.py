import random
import time

from gateway.memory.largest_first import LargestFirst


def test_whoever_holds_most_is_named_however_often_that_changes():
    rng, ranking, loads = random.Random(0), LargestFirst(), {}
    for _ in range(5000):
        name, load = str(rng.randrange(50)), rng.random()
        if rng.random() < 0.2:
            loads.pop(name, None)
            ranking.forget(name)
        else:
            loads[name] = load
            ranking.note(name, load)

        found = ranking.largest()

        assert found == (max((load, name) for name, load in loads.items()) if loads else None)


def test_of_equals_the_one_noted_longest_ago_comes_first():
    ranking = LargestFirst()
    for name in ("a", "b", "a"):
        ranking.note(name, 1.0)

    assert ranking.largest() == (1.0, "b")


def test_what_is_outdated_takes_no_memory_for_good():
    ranking = LargestFirst()

    for number in range(100_000):
        ranking.note("a", number)

    assert len(ranking._heap) < 2000  # it lives as long as the process


def test_the_largest_of_ten_thousand_is_named_at_once():
    ranking = LargestFirst()
    for number in range(10_000):
        ranking.note(str(number), 1.0)
    started = time.perf_counter()

    for number in range(1000):
        ranking.note(str(number), 2.0)
        ranking.largest()

    assert time.perf_counter() - started < 0.5
