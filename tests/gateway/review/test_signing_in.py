"""Who gets in, over real sockets: people by a form, programs by a header, and no form of elsewhere."""

import pytest

from tests.gateway.review.conftest import KEY


@pytest.mark.parametrize("path", ["", "/" + "0" * 26, "/labels.jsonl", "/" + "0" * 26 + "/picture"])
@pytest.mark.usefixtures("kept")
def test_nobody_sees_anything_without_the_key(stranger, path):
    answer = stranger.get(f"/review{path}")

    assert answer.status == 303
    assert answer.headers["location"].startswith("/review/sign-in?next=%2Freview")
    assert b"Noise was added" not in answer.body


def test_whoever_sends_the_key_gets_where_they_were_going(stranger, kept):
    answer = stranger.post("/review/sign-in", key=KEY, next=f"/review/{kept[0].id}?kind=residual")

    assert answer.headers["location"] == f"/review/{kept[0].id}?kind=residual"
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=lax" in cookie and "path=/review" in cookie
    assert KEY not in cookie


@pytest.mark.parametrize(
    "place",
    [
        "https://evil.example/",
        "//evil.example/review",
        "/\\evil.example",
        "/elsewhere",
        "javascript:x",
        "//[",
    ],
)
def test_signing_in_leads_nowhere_else(stranger, place):
    assert stranger.post("/review/sign-in", key=KEY, next=place).headers["location"] == "/review"


def test_wrong_keys_are_refused_and_soon_not_even_heard_while_the_right_one_opens(stranger, caplog):
    statuses = [stranger.sign_in(f"guess {number}").status for number in range(11)]

    assert statuses == [403] * 10 + [429]
    assert stranger.sign_in(KEY).status == 303
    assert "guess" not in caplog.text


def test_a_job_with_an_old_key_locks_nobody_out(reviewer, caplog):
    cookie, reviewer.cookie = reviewer.cookie, ""
    answers = [reviewer.get("/review", authorization=f"Bearer old {number}") for number in range(12)]

    assert [answer.status for answer in answers] == [401] * 10 + [429] * 2
    assert answers[0].headers["www-authenticate"] == "Bearer"
    assert caplog.text.count("a wrong key was sent to the review page from 127.0.0.1") == 10
    assert reviewer.get("/review", authorization=f"Bearer {KEY}").status == 200
    assert reviewer.sign_in(KEY).status == 303
    reviewer.cookie = cookie
    answers = [reviewer.get("/review", authorization="Bearer of-a-proxy").status for _ in range(12)]
    assert answers == [200] * 12


@pytest.mark.usefixtures("kept")
def test_whoever_asks_for_the_head_alone_gets_what_getting_it_gives(reviewer, stranger):
    signed_in = reviewer.server.ask("HEAD", "/review", headers={"cookie": reviewer.cookie})
    unknown = stranger.server.ask("HEAD", "/review")

    assert (signed_in.status, signed_in.body) == (200, b"")
    assert (unknown.status, unknown.body) == (303, b"")


def test_behind_two_proxies_the_cookie_is_for_https_where_the_first_speaks_it(stranger):
    sent = {"content-type": "application/x-www-form-urlencoded", "x-forwarded-proto": "https, http"}

    answer = stranger.server.ask("POST", "/review/sign-in", f"key={KEY}", sent)

    assert "secure" in answer.headers["set-cookie"].lower()


def test_a_cookie_that_was_made_up_opens_nothing(stranger):
    for cookie in ("jnd_review=9999999999.x.y", "jnd_review=", "jnd_review=\xff"):
        stranger.cookie = cookie
        assert stranger.get("/review").status == 303


@pytest.mark.usefixtures("kept")
def test_a_program_brings_the_key_with_it(stranger):
    assert stranger.get("/review/labels.jsonl", authorization=f"Bearer {KEY}").status == 200
    assert stranger.get("/review/labels.jsonl", authorization="Bearer other").status == 401


def test_signing_out_ends_it_in_this_browser(reviewer):
    answer = reviewer.post("/review/sign-out", word=reviewer.word())

    assert answer.headers["location"] == "/review/sign-in"
    assert 'jnd_review="";' in answer.headers["set-cookie"]


def test_a_form_of_another_site_does_nothing(reviewer, store, kept):
    path, word = f"/review/{kept[0].id}/mark", reviewer.word()
    headers = {"cookie": reviewer.cookie, "content-type": "application/x-www-form-urlencoded"}
    tries = [
        ({}, "mark=attack"),
        ({}, "mark=attack&word=guessed"),
        ({"origin": "https://evil.example"}, f"mark=attack&word={word}"),
        ({"sec-fetch-site": "cross-site"}, f"mark=attack&word={word}"),
    ]

    answers = [reviewer.server.ask("POST", path, body, headers | more) for more, body in tries]

    assert [answer.status for answer in answers] == [403] * 4
    assert store.get(kept[0].id).mark == "open"
