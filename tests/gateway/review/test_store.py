import hashlib
import math
import threading

import pytest

from gateway.detection.verdict import Evidence
from gateway.review.filters import Filter, Named
from gateway.review.store import ReviewStore
from tests.gateway.review.conftest import DAY, NOON, PICTURE


def test_a_flag_comes_back_as_it_was_with_its_picture(store, catch):
    caught = catch(model="gpt-4o", client="shop", kinds=("container", "residual"), path="/v1/chat")

    store.add([caught])

    assert store.get(caught.flag.id) == caught.flag
    assert store.pictures.get(caught.flag.digest) == PICTURE


def test_a_flag_outlives_the_program(tmp_path, catch):
    caught = catch()
    first = ReviewStore.open(tmp_path / "kept")
    first.add([caught])
    first.close()

    again = ReviewStore.open(tmp_path / "kept")

    assert again.get(caught.flag.id) == caught.flag
    again.close()


def test_what_metrics_call_other_finds_what_callers_made_up(store, catch):
    named = Named(models=frozenset({"gpt-4o"}), clients=frozenset({"shop"}))
    known, made_up = catch(), catch(model="my-gpt", client="")
    half = catch(model="my-gpt", client="shop")
    store.add([known, made_up, half])

    def found(**query: str) -> set[str]:
        return {flag.id for flag in store.find(Filter.of(query, named), 9)}

    assert found(model="other") == {made_up.flag.id, half.flag.id}
    assert found(client="other", kind="residual") == {made_up.flag.id}
    assert found(model="other", client="shop") == {half.flag.id}
    assert found(model="gpt-4o") == {known.flag.id}
    assert store.count(Filter.of({"model": "other"}, named)) == 2


def test_the_same_flag_twice_is_one(store, catch):
    caught = catch()

    store.add([caught, caught])
    store.add([caught])

    assert store.count(Filter()) == 1


def test_what_callers_make_up_is_stored_however_odd(store, catch):
    caught = catch(model="a\0b\ud800" + "x" * 5000, explanation="it says \0\udfff")

    store.add([caught])

    kept = store.get(caught.flag.id)
    assert kept.request.model.startswith("a\N{REPLACEMENT CHARACTER}b?xx") and len(kept.request.model) == 498


def test_what_callers_make_up_is_cut_by_bytes_as_an_index_counts(store, catch):
    caught = catch(model="\N{CUNEIFORM SIGN A}" * 1000)

    store.add([caught])

    assert store.get(caught.flag.id).request.model == "\N{CUNEIFORM SIGN A}" * 125


def test_numbers_that_are_none_and_halves_of_characters_are_kept_as_something_readable(store, catch):
    odd = Evidence("residual", math.nan, math.nan, math.inf, "reads \ud800", boxes=())
    caught = catch(p_value=math.nan, jnd_ratio=math.inf, evidence=(odd,))

    store.add([caught])

    kept = store.get(caught.flag.id)
    assert (kept.p_value, kept.jnd_ratio) == (1.0, None)
    assert kept.evidence == (Evidence("residual", 0.0, 1.0, None, "reads ?"),)


def test_the_list_is_newest_first_and_goes_on_where_it_stopped(store, catch):
    flags = [catch(at=NOON + second) for second in range(7)]
    store.add(flags)
    newest_first = [each.flag.id for each in reversed(flags)]

    first = store.find(Filter(), 3)
    second = store.find(Filter(before=first[-1].id), 3)
    back = store.find(Filter(after=second[0].id), 3)

    assert [flag.id for flag in (*first, *second)] == newest_first[:6]
    assert back == first
    assert [flag.id for flag in store.walk(Filter())] == newest_first


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Filter(kind="container"), {"b"}),
        (Filter(kind="residual"), {"a", "b", "c"}),
        (Filter(model="m2"), {"c"}),
        (Filter(client="web", kind="residual"), {"b"}),
        (Filter(mark="attack"), {"a"}),
        (Filter(since=NOON + DAY), {"b", "c"}),
        (Filter(until=NOON + DAY), {"a"}),
        (Filter(kind="residual", since=NOON + DAY, until=NOON + 2 * DAY), {"b"}),
        (Filter(digest=hashlib.sha256(b"third").hexdigest()), {"c"}),
        (Filter(model="nobody"), set()),
    ],
)
def test_filters_find_what_they_say_and_count_it(store, catch, wanted, found):
    a = catch(at=NOON, request_id="a")
    b = catch(at=NOON + DAY, request_id="b", kinds=("container", "residual"), client="web")
    c = catch(at=NOON + 2 * DAY, request_id="c", model="m2", picture=b"third")
    store.add([a, b, c])
    store.mark(a.flag.id, "attack")

    assert {flag.request.request_id for flag in store.find(wanted, 10)} == found
    assert store.count(wanted) == len(found)


def test_the_words_to_choose_from_are_those_there_are(store, catch):
    store.add([catch(model=model, client="") for model in ("b", "a", "b", "c")])

    assert store.words("model") == ["a", "b", "c"]
    assert store.words("client") == []


def test_marks_are_taken_back_one_by_one(store, catch):
    caught = catch()
    store.add([caught])
    flag_id = caught.flag.id

    store.mark(flag_id, "attack")
    assert store.mark(flag_id, "false_alarm").mark == "false_alarm"
    assert store.undo(flag_id).mark == "attack"
    undone = store.undo(flag_id)

    assert (undone.mark, undone.marked_at) == ("open", None)
    assert store.undo(flag_id).mark == "open"


def test_taking_a_picture_back_leaves_what_was_said_of_its_other_flags_since(store, catch):
    first, second, third = (catch(at=NOON + number) for number in range(3))
    store.add([first, second, third])
    store.mark_picture(first.flag.id, "false_alarm")
    store.mark(second.flag.id, "attack")

    store.undo(first.flag.id)

    assert [store.get(each.flag.id).mark for each in (first, second, third)] == ["open", "attack", "open"]
    assert [store.undo(second.flag.id).mark for _ in range(3)] == ["false_alarm", "open", "open"]


def test_a_flag_that_is_not_there_takes_no_mark(store):
    assert store.mark("0" * 26, "attack") is None
    assert store.undo("0" * 26) is None


def test_a_picture_stays_as_long_as_a_flag_names_it(store, catch):
    first, second = catch(at=NOON), catch(at=NOON + DAY)
    store.add([first, second])

    store.delete_before(NOON + 1)
    assert store.pictures.get(first.flag.digest) == PICTURE
    store.delete_before(NOON + 2 * DAY)

    assert not store.pictures.has(first.flag.digest)


def test_a_tenant_is_forgotten_by_its_hash_or_its_name(store, catch):
    store.add([catch(tenant="t1", client="shop"), catch(tenant="t2", client="web", picture=b"web's")])
    store.add([catch(tenant="t3", client="", picture=b"nobody's")])

    assert store.delete_tenant("web") == 1
    assert store.delete_tenant("t1") == 1
    assert store.delete_tenant("") == 0

    assert [flag.request.tenant for flag in store.find(Filter(), 9)] == ["t3"]
    assert list(store.pictures.digests()) == [hashlib.sha256(b"nobody's").hexdigest()]


def test_a_picture_is_forgotten_with_every_flag_and_mark_of_it(store, catch):
    flags = [catch(at=NOON + number) for number in range(3)]
    store.add(flags)
    store.mark(flags[0].flag.id, "attack")

    assert store.delete_picture(flags[0].flag.digest) == 3

    assert store.size().flags == 0 and not store.pictures.has(flags[0].flag.digest)
    assert store.get(flags[0].flag.id) is None


def test_what_is_deleted_leaves_no_trace_in_the_files(tmp_path, catch):
    store = ReviewStore.open(tmp_path / "kept")
    store.add([catch(explanation="the words SECRET-WORD are hidden in it", tenant="t9")])
    assert any(b"SECRET-WORD" in file.read_bytes() for file in files_in(tmp_path))

    store.delete_tenant("t9")
    store.close()  # the log of writes goes with it

    assert not [file for file in files_in(tmp_path) if b"SECRET-WORD" in file.read_bytes()]


def files_in(folder):
    return [file for file in folder.rglob("*") if file.is_file()]


def test_the_size_counts_each_picture_once(store, catch):
    store.add([catch(), catch(), catch(picture=b"another")])

    size = store.size()

    assert (size.flags, size.pictures, size.bytes) == (3, 2, len(PICTURE) + len(b"another"))


def test_pictures_of_a_writer_that_was_killed_are_found_and_removed(store, catch):
    store.add([catch()])
    stray = hashlib.sha256(b"stray").hexdigest()
    store.pictures.put(stray, b"stray")

    assert store.forget_strays() == 1
    assert list(store.pictures.digests()) == [hashlib.sha256(PICTURE).hexdigest()]


def test_nobody_else_reads_what_lies_in_a_folder_that_others_may_enter(tmp_path, catch):
    folder = tmp_path / "kept"
    folder.mkdir(mode=0o755)
    store = ReviewStore.open(folder)
    store.add([catch()])

    modes = {file.name: file.stat().st_mode & 0o077 for file in files_in(folder)}

    assert len(modes) > 2 and not any(modes.values()), modes
    store.close()


def test_several_writers_and_a_deleter_lose_no_picture(tmp_path, catch):
    stores = [ReviewStore.open(tmp_path / "kept") for _ in range(3)]
    batches = [[catch(at=NOON + number) for number in range(20)] for _ in stores]

    def write(store, batch) -> None:
        for each in batch:
            store.add([each])
            store.delete_before(NOON)  # nothing, under the same lock

    threads = [threading.Thread(target=write, args=pair) for pair in zip(stores, batches, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert stores[0].count(Filter()) == 60
    assert stores[0].pictures.get(batches[0][0].flag.digest) == PICTURE
    for store in stores:
        store.close()
