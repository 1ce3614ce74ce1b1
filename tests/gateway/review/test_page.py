"""The page as a browser without JavaScript meets it, over real sockets."""

import hashlib
import json
import logging
import re
from dataclasses import replace

import pytest
from sqlalchemy.exc import OperationalError

from gateway.review.filters import Filter
from gateway.review.page import create_review_app
from gateway.review.rendering import SAFE
from tests.gateway.conftest import listening
from tests.gateway.review.conftest import DAY, KEY, NOON, Reviewer


def text_of(answer) -> str:
    return answer.body.decode()


def test_every_answer_forbids_the_browser_what_the_page_does_not_need(reviewer, kept):
    paths = (
        "",
        f"/{kept[0].id}",
        f"/{kept[0].id}/picture",
        "/nothing/here/x",
        "/static/review.js",
        "/sign-in",
    )
    for path in paths:
        headers = reviewer.get(f"/review{path}").headers
        assert {name: headers.get(name) for name in SAFE} == SAFE, path


def test_no_page_holds_script_or_style_of_its_own(reviewer, kept):
    for path in ("", f"/{kept[2].id}", "/sign-in"):
        text = text_of(reviewer.get(f"/review{path}"))
        assert not re.search(r"<style|style=|<script(?! src)| on\w+=", text.replace("&lt;script", "")), path


# --- looking


def test_the_list_is_newest_first_and_says_what_was_found(reviewer, kept):
    text = text_of(reviewer.get("/review"))

    assert re.findall(r'<li id="(\w+)"', text) == [flag.id for flag in reversed(kept)]
    assert "<strong>3</strong> flags" in text
    assert "hidden noise" in text and "odd file" in text and "p = 0.001" in text and "0.5 JND" in text


def test_what_a_picture_says_is_shown_as_text(reviewer, kept):
    for path in ("", f"/{kept[2].id}"):
        text = text_of(reviewer.get(f"/review{path}"))
        assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; more." in text
        assert "<script>alert" not in text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("kind=container", [1]),
        ("kind=residual&model=gpt-4o", [2, 0]),
        ("client=web", [1]),
        ("status=attack", []),
        (f"since={int((NOON + 2) * 1000)}", [2]),
        ("kind=&model=&status=", [2, 1, 0]),
    ],
)
def test_a_link_with_a_filter_shows_what_it_says(reviewer, kept, query, found):
    text = text_of(reviewer.get(f"/review?{query}"))

    assert re.findall(r'<li id="(\w+)"', text) == [kept[place].id for place in found]


def test_a_filter_that_cannot_be_is_told(reviewer):
    answer = reviewer.get("/review?kind=nonsense")

    assert answer.status == 400 and "kind: expected one of" in text_of(answer)


def test_a_long_list_has_pages_that_lead_on_and_back(reviewer, store, catch):
    flags = [catch(at=NOON + number).flag for number in range(120)]
    store.add([replace(catch(), flag=flag) for flag in flags])
    newest = [flag.id for flag in reversed(flags)]

    seen, path, texts = [], "/review?kind=residual", []
    while path:
        texts.append(text_of(reviewer.get(path)))
        seen += re.findall(r'<li id="(\w+)"', texts[-1])
        found = re.search(r'rel="next"[^>]*href="([^"]+)"', texts[-1])
        path = found[1].replace("&amp;", "&") if found else ""
    back = re.search(r'rel="prev" href="([^"]+)"', texts[-1])[1].replace("&amp;", "&")

    assert seen == newest and len(texts) == 3
    assert re.findall(r'<li id="(\w+)"', text_of(reviewer.get(back))) == newest[50:100]


def test_a_flag_has_a_permanent_link_with_everything_known_of_it(reviewer, kept):
    text = text_of(reviewer.get(f"/review/{kept[0].id}?kind=residual"))

    assert kept[0].digest in text and "first" in text and "gpt-4o" in text and "shop" in text
    assert f'href="/review/{kept[1].id}?kind=residual"' in text, "the newer one of the filter"
    assert f"/review/{kept[0].id}/residual" in text and "every flag of it" in text


@pytest.mark.parametrize("view", ["thumbnail", "picture", "residual", "evidence"])
def test_pictures_are_drawn_anew_and_no_file_of_a_stranger_is_shown(reviewer, kept, png, view):
    answer = reviewer.get(f"/review/{kept[0].id}/{view}")

    assert answer.status == 200 and answer.headers["content-type"] in ("image/png", "image/jpeg")
    assert answer.body != png and answer.headers["cache-control"].startswith("private")


def test_the_file_as_it_came_can_only_be_saved(reviewer, kept, png):
    answer = reviewer.get(f"/review/{kept[0].id}/file")

    assert answer.body == png
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment")


def test_a_picture_that_is_none_or_gone_says_so(reviewer, kept, store):
    broken = reviewer.get(f"/review/{kept[2].id}/picture")
    store.pictures.remove(kept[0].digest)

    assert broken.status == 404 and "cannot be drawn" in text_of(broken)
    assert reviewer.get(f"/review/{kept[0].id}/picture").status == 404
    assert "no longer kept" in text_of(reviewer.get(f"/review/{kept[0].id}"))


@pytest.mark.parametrize("path", ["/nonsense", "/" + "0" * 26, "/../../etc/passwd", "/static/page.py"])
def test_what_is_not_there_is_not_found(reviewer, path):
    answer = reviewer.get(f"/review{path}")

    assert answer.status == 404 and b"<h1>Not Found</h1>" in answer.body


# --- doing


@pytest.mark.parametrize("mark", ["attack", "false_alarm"])
def test_a_mark_is_noted_and_taken_back(reviewer, store, kept, mark):
    flag, word = kept[0], reviewer.word()

    answer = reviewer.post(f"/review/{flag.id}/mark", mark=mark, word=word, back="/review?kind=residual")

    assert answer.headers["location"] == f"/review?kind=residual#{flag.id}"
    assert store.get(flag.id).mark == mark
    assert store.get(kept[1].id).mark == "open", "the other flag of this picture"
    reviewer.post(f"/review/{flag.id}/undo", word=word)
    assert store.get(flag.id).mark == "open"


def test_all_open_flags_of_a_picture_are_marked_at_once_and_taken_back_at_once(reviewer, store, kept):
    word = reviewer.word()
    reviewer.post(f"/review/{kept[0].id}/mark", mark="false_alarm", of="picture", word=word)
    assert [store.get(flag.id).mark for flag in kept] == ["false_alarm", "false_alarm", "open"]

    reviewer.post(f"/review/{kept[1].id}/undo", word=word)

    assert [store.get(flag.id).mark for flag in kept] == ["open", "open", "open"]


def test_an_allowed_picture_joins_the_list_and_leaves_it_again(reviewer, kept, tmp_path):
    word, file = reviewer.word(), tmp_path / "allowed.txt"

    reviewer.post(f"/review/{kept[0].id}/mark", mark="allowed", word=word)
    assert file.read_text().startswith(f"{kept[0].digest}  # flag {kept[0].id}")
    reviewer.post(f"/review/{kept[0].id}/undo", word=word)

    assert file.read_text() == ""


def test_taking_back_what_followed_allows_a_picture_again(reviewer, store, kept, tmp_path):
    word, file = reviewer.word(), tmp_path / "allowed.txt"
    reviewer.post(f"/review/{kept[0].id}/mark", mark="allowed", word=word)
    for flag in kept[:2]:  # both of this picture
        reviewer.post(f"/review/{flag.id}/mark", mark="attack", word=word)
    assert file.read_text() == ""

    reviewer.post(f"/review/{kept[0].id}/undo", word=word)

    assert store.get(kept[0].id).mark == "allowed" and file.read_text().startswith(kept[0].digest)


def test_where_the_list_cannot_be_written_nothing_is_noted_and_it_is_told(reviewer, store, kept, tmp_path):
    (tmp_path / "allowed.txt").mkdir()

    answer = reviewer.post(f"/review/{kept[0].id}/mark", mark="allowed", word=reviewer.word())

    assert answer.status == 500 and "nothing was noted" in text_of(answer)
    assert store.get(kept[0].id).mark == "open"


def test_a_mark_that_cannot_be_and_a_form_without_end_are_refused(reviewer, kept):
    word = reviewer.word()

    assert reviewer.post(f"/review/{kept[0].id}/mark", mark="nonsense", word=word).status == 400
    assert reviewer.post(f"/review/{kept[0].id}/mark", mark="x" * 20_000, word=word).status == 413
    assert reviewer.post("/review/sign-in", **{f"f{number}": "" for number in range(60)}).status == 400


def test_a_picture_is_forgotten_with_every_flag_of_it(reviewer, store, kept):
    reviewer.post(f"/review/{kept[0].id}/forget", word=reviewer.word())

    assert [flag.id for flag in store.find(Filter(), 9)] == [kept[2].id]
    assert not store.pictures.has(kept[0].digest)


def test_labels_are_json_lines_of_what_was_judged(reviewer, kept):
    word = reviewer.word()
    reviewer.post(f"/review/{kept[1].id}/mark", mark="attack", word=word)

    lines = text_of(reviewer.get("/review/labels.jsonl")).splitlines()

    heading, label = [json.loads(line) for line in lines]
    assert (heading["format"], heading["calibration"]["format"]) == (
        "jnd-review-labels",
        "jnd-detection-calibration",
    )
    assert label["stratum"] == "small lossless" and label["score"] > 0
    assert (label["id"], label["label"], label["kinds"]) == (kept[1].id, "attack", ["container", "residual"])
    assert label["digest"] == kept[1].digest and label["time"].startswith("2027-01-15T08:00:01")


def test_what_people_do_is_logged_without_keys_or_words(reviewer, kept, caplog):
    with caplog.at_level(logging.INFO):
        reviewer.sign_in()
        reviewer.post(f"/review/{kept[2].id}/mark", mark="attack", word=reviewer.word())

    assert f"flag {kept[2].id} was marked attack" in caplog.text
    assert KEY not in caplog.text and "alert(1)" not in caplog.text and reviewer.cookie not in caplog.text


def test_where_only_hashes_are_kept_the_page_says_so(page, store, catch):
    caught = catch(picture=None, explanation="")
    store.add([caught])
    with listening(create_review_app(replace(page, keeps_pictures=False))) as server:
        someone = Reviewer(server)
        someone.sign_in()
        for path in ("", f"/{caught.flag.id}"):
            text = text_of(someone.get(f"/review{path}"))
            assert "review.store: hashes" in text and "<img" not in text
        assert hashlib.sha256(b"gone").hexdigest() in text


@pytest.mark.usefixtures("kept")
def test_a_store_that_does_not_answer_is_told(reviewer, store, monkeypatch):
    def fails(*_: object) -> None:
        raise OperationalError("SELECT secret-sql", {}, Exception("gone"))

    monkeypatch.setattr(store, "find", fails)

    answer = reviewer.get(f"/review?since={int(DAY)}")

    assert answer.status == 503 and "Try again soon" in text_of(answer)
    assert "secret-sql" not in text_of(answer)


def test_a_link_from_a_panel_that_says_other_finds_models_that_callers_made_up(reviewer, store, catch):
    known, made_up = catch(), catch(model="my-gpt", client="")
    store.add([known, made_up])

    for query in ("kind=residual&model=other", "kind=residual&client=other"):
        shown = text_of(reviewer.get(f"/review?{query}"))

        assert made_up.flag.id in shown
        assert known.flag.id not in shown
        assert f"/review/{made_up.flag.id}?{query}" in shown.replace("&amp;", "&")


def test_markup_in_the_names_that_callers_make_up_is_shown_as_text(reviewer, store, catch):
    odd = "<img src=x onerror=alert(1)>\"'&" + "w" * 600
    facts = dict.fromkeys(("model", "client", "tenant", "upstream", "path", "request_id", "policy"), odd)
    caught = catch(**facts)
    store.add([caught])

    for path in ("/review", f"/review/{caught.flag.id}"):
        body = reviewer.get(path).body.decode()
        assert "<img src=x" not in body and "&lt;img src=x onerror=alert(1)&gt;" in body
