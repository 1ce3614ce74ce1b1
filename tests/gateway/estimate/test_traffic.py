import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from skimage import data as pictures

from calibration.image import Image, encode_png
from gateway.estimate.traffic import find_files, pictures_in

PNG = encode_png(Image(pictures.astronaut()[:64, :64].copy()))
BASE64 = base64.b64encode(PNG).decode()
URL = f"data:image/png;base64,{BASE64}"
CHAT = {
    "model": "gpt-4o",
    "messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": URL}}]}],
}
CLAUDE = {
    "model": "claude-sonnet-4-5",
    "messages": [
        {
            "role": "user",
            "content": [
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": BASE64}},
                {"type": "text", "text": "What is this?"},
            ],
        }
    ],
}
GEMINI = {"contents": [{"parts": [{"inline_data": {"mime_type": "image/png", "data": BASE64}}]}]}


def har(*bodies: Any, url: str = "https://api.openai.com/v1/chat/completions?x=1") -> dict[str, Any]:
    fetched = {"request": {"method": "GET", "url": "https://example.org/"}}
    posted = [{"request": {"url": url, "postData": {"text": json.dumps(body)}}} for body in bodies]
    return {"log": {"version": "1.2", "entries": [fetched, *posted]}}


def found_in(tmp_path: Path, name: str, text: str) -> list[tuple[bytes, str]]:
    (tmp_path / name).write_text(text, encoding="utf-8")
    return [(one.data, one.problem) for one in pictures_in(tmp_path / name)]


@pytest.mark.parametrize("body", [CHAT, CLAUDE, GEMINI], ids=["chat", "claude", "gemini"])
def test_a_body_without_a_path_is_read_by_whoever_sees_its_picture(tmp_path: Path, body: dict[str, Any]):
    assert found_in(tmp_path, "log.jsonl", f"{json.dumps(body)}\n\n") == [(PNG, "")]


@pytest.mark.parametrize(
    "record",
    [
        {"custom_id": "1", "method": "POST", "url": "/v1/chat/completions", "body": CHAT},
        {"path": "/v1/messages", "request": {"body": CLAUDE}},
        {"timestamp": 1, "request_body": json.dumps(CHAT)},
        har(CHAT),
        har(CLAUDE, url="https://api.anthropic.com/v1/messages"),
        [CHAT],
    ],
    ids=["batch", "wrapped twice", "as text", "har", "har of claude", "list"],
)
def test_recorded_requests_are_found_however_they_are_wrapped(tmp_path: Path, record: Any):
    assert found_in(tmp_path, "log.json", json.dumps(record)) == [(PNG, "")]


def test_the_level_of_detail_and_computer_tools_of_a_request_are_told(tmp_path: Path):
    image = {"type": "image_url", "image_url": {"url": URL, "detail": "high"}}
    body = {"messages": [{"role": "user", "content": [image]}], "tools": [{"type": "computer_use_preview"}]}
    (tmp_path / "log.jsonl").write_text(f"{json.dumps(body)}\n{json.dumps(CHAT)}\n")

    asked, plain = pictures_in(tmp_path / "log.jsonl")

    assert (asked.detail, asked.is_framed) == ("high", True)
    assert (plain.detail, plain.is_framed) == ("", False)


def test_a_line_that_cannot_be_read_is_told_and_the_next_is_read(tmp_path: Path):
    lines = ["{not json", "42", json.dumps(CHAT).replace("data:image/png;base64", "https"), json.dumps(CHAT)]

    found = found_in(tmp_path, "log.ndjson", "\n".join(lines))

    assert [problem for _, problem in found] == ["not_json", "not_a_request", "url", ""]
    assert found[-1][0] == PNG


def test_a_list_of_anything_else_is_told_once(tmp_path: Path):
    assert found_in(tmp_path, "numbers.json", json.dumps([[1, 2], [3, "four"]] * 50)) == [
        (b"", "not_a_request")
    ]


def test_a_pretty_printed_har_and_lines_under_another_name_are_read(tmp_path: Path):
    assert found_in(tmp_path, "a.har", json.dumps(har(CHAT), indent=2)) == [(PNG, "")]
    assert found_in(tmp_path, "lines.json", f"{json.dumps(CHAT)}\n{json.dumps(CLAUDE)}") == [(PNG, "")] * 2


def test_a_file_that_cannot_be_opened_is_told(tmp_path: Path):
    assert [one.problem for one in pictures_in(tmp_path / "gone.jsonl")] == ["unreadable_file"]


def test_a_folder_gives_its_pictures_and_records_once_each(tmp_path: Path):
    (tmp_path / "deep").mkdir()
    for name in ("b.png", "deep/a.JPG", "log.har", "notes.txt"):
        (tmp_path / name).write_bytes(b"x")

    names = [file.name for file in find_files([tmp_path, tmp_path / "b.png"])]

    assert sorted(names) == ["a.JPG", "b.png", "log.har"]


def test_a_path_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        find_files([tmp_path / "nowhere"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.binary(max_size=400)
    | st.recursive(
        st.none() | st.text() | st.integers(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(
                    ["log", "entries", "request", "postData", "text", "body", "url", "messages", "content"]
                ),
                inner,
            )
        ),
    ).map(lambda value: json.dumps(value).encode())
)
def test_no_record_stops_the_search(tmp_path: Path, data: bytes):
    file = tmp_path / "any.jsonl"
    file.write_bytes(data)

    for one in pictures_in(file):
        assert bool(one.problem) != bool(one.data)
