"""The command against a real server that speaks OpenAI, a plug-in, and the model that ships."""

import base64
import csv
import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from typer.testing import CliRunner

from calibration.cli import app
from calibration.critic.answers import read_answers
from calibration.critic.scales import SCALES
from calibration.image import Image, decode
from calibration.observers.protocol import Manner, Query
from tests.calibration.critic.judges import grey_folder, words_by_lightness, write_scores
from tests.calibration.observers.conftest import Peer

_DATA_URL = "data:image/png;base64,"


def invoke(*arguments: object):
    return CliRunner().invoke(app, ["critic", *map(str, arguments)])


def shown(body: Any) -> tuple[str, list[Image]]:
    """What a request asks, and the pictures it shows."""
    *pictures, text = body["messages"][0]["content"]
    urls = [part["image_url"]["url"].removeprefix(_DATA_URL) for part in pictures]
    return text["text"], [decode(base64.b64decode(url)).image for url in urls]


def masses_for(body: Any) -> dict[str, float]:
    prompt, images = shown(body)
    words = next(each.words for each in SCALES.values() if prompt in (each.prompt, each.offering))
    return words_by_lightness(Query(prompt, images, manner=Manner(words=words)))


def completion(text: str, masses: dict[str, float] | None) -> dict[str, object]:
    logprobs = None
    if masses is not None:
        top = [{"token": f" {token}", "logprob": math.log(mass)} for token, mass in masses.items()]
        chosen = next(each for each in top if each["token"] == f" {text}")
        end = {"token": ".", "logprob": 0.0, "top_logprobs": [{"token": ".", "logprob": 0.0}]}
        logprobs = {"content": [{**chosen, "top_logprobs": top}, end]}
    message = {"role": "assistant", "content": f" {text}."}
    choice = {"index": 0, "finish_reason": "stop", "message": message, "logprobs": logprobs}
    usage = {"prompt_tokens": 300, "completion_tokens": 3, "total_tokens": 303}
    return {"id": "c", "object": "chat.completion", "choices": [choice], "usage": usage}


def judging(body: Any) -> dict[str, object]:
    masses = masses_for(body)
    likeliest = max(masses, key=lambda word: masses[word])
    return completion(likeliest, masses if body.get("logprobs") else None)


@pytest.fixture
def server() -> Iterator[Peer]:
    peer = Peer()
    peer.answer = judging
    yield peer
    peer.stop()


@pytest.fixture
def greys(tmp_path: Path) -> dict[str, int]:
    return grey_folder(tmp_path / "pictures", 16)


@pytest.fixture
def options(tmp_path: Path, greys: dict[str, int]) -> list[object]:
    scores = write_scores(tmp_path / "scores.csv", {name: grey / 2 for name, grey in greys.items()})
    return ["--images", tmp_path / "pictures", "--scores", scores, "--out", tmp_path / "out"]


def test_a_model_behind_openai_s_api_is_compared_with_people_by_every_method(
    server: Peer, options: list[object], tmp_path: Path, greys: dict[str, int]
):
    result = invoke("--observer", f"openai:gpt-4o@{server.address}/v1", *options, "--json")

    assert result.exit_code == 0, result.stderr
    record = json.loads(result.stdout)
    assert (record["model"], record["answers_by"]) == ("gpt-4o", "log-probabilities")
    for column in ("quality", "good-poor", "pairs"):
        assert record["agreement"][column]["srcc"]["value"] == pytest.approx(1)
    assert record["agreement"]["pairs"]["pictures"] == 16 - 5
    assert all(each["read"] == each["asked"] for each in record["replies"].values())
    assert record["jnd"]["source"] == "published-prior"
    table = (tmp_path / "out" / "critic.csv").read_text().splitlines()
    rows = {row["file"]: row for row in csv.DictReader(table)}
    for name, grey in greys.items():
        assert float(rows[name]["quality"]) == pytest.approx(1 + 4 * grey / 255, abs=1e-3)
    assert "<svg" in (tmp_path / "out" / "critic.html").read_text()
    assert (tmp_path / "out" / "critic_plots" / "quality.png").read_bytes().startswith(b"\x89PNG")


def test_words_are_asked_for_with_as_many_alternatives_as_the_api_lists(server: Peer, options: list[object]):
    invoke("--observer", f"openai:m@{server.address}/v1", *options, "--methods", "quality")

    assert {(body["temperature"], body["top_logprobs"]) for body in server.bodies} == {(0, 20)}
    assert "Answer with one word: excellent, good" in shown(server.bodies[0])[0]


def test_an_opening_is_sent_as_vllm_takes_it(server: Peer, options: list[object]):
    arguments = ["--observer", f"openai:m@{server.address}/v1", *options, "--methods", "quality"]

    result = invoke(*arguments, "--opening", "on")

    assert result.exit_code == 0, result.stderr
    body = server.bodies[0]
    assert body["messages"][-1] == {"role": "assistant", "content": "The quality of the image is"}
    assert (body["continue_final_message"], body["add_generation_prompt"]) == (True, False)
    assert shown(body)[0] == "How would you rate the quality of this image?"


def test_a_server_without_log_probabilities_is_asked_for_drawn_answers(server: Peer, options: list[object]):
    refusal = {"error": {"message": "logprobs are not supported by this model"}}

    async def refuse(_: web.Request) -> web.Response:
        return web.json_response(refusal, status=400)

    server.script = [refuse] * 3  # for 20, 10 and 5 alternatives

    result = invoke(
        *("--observer", f"openai:m@{server.address}/v1", *options, "--json"),
        *("--methods", "quality,pairs", "--samples", 2),
    )

    assert result.exit_code == 0, result.stderr
    record = json.loads(result.stdout)
    assert record["answers_by"] == "samples"
    assert record["agreement"]["quality"]["srcc"]["value"] > 0.9
    drawn = server.bodies[4:]
    assert len(drawn) == 2 * (16 + 2 * (10 + 5 * 11))
    assert {body["temperature"] for body in drawn} == {1.0}
    assert not any("logprobs" in body for body in drawn)


def test_a_budget_stops_the_run_and_the_same_command_goes_on(
    server: Peer, options: list[object], tmp_path: Path
):
    arguments = ["--observer", f"openai:m@{server.address}/v1", *options, "--methods", "quality,pairs"]

    stopped = invoke(*arguments, "--budget", 20)
    asked = len(server.bodies)
    whole = invoke(*arguments)

    assert stopped.exit_code == whole.exit_code == 0
    assert "budget of 20 is spent after 20 questions" in " ".join(stopped.stderr.split())
    assert asked == 20
    answers = read_answers(tmp_path / "out" / "critic_answers.jsonl")
    assert len(server.bodies) == len(answers) == len({each.id for each in answers}) == 16 + 130


def test_refusals_are_counted_and_told(server: Peer, options: list[object]):
    def refusing(body: Any) -> dict[str, object]:
        if "photographed" in shown(body)[0]:
            return completion("I'm sorry, but I can't help with that", None)
        return judging(body)

    server.answer = refusing

    result = invoke("--observer", f"openai:m@{server.address}/v1", *options, "--methods", "quality,origin")

    assert result.exit_code == 0
    assert "16 of 16 replies say none of the words (16 refused)" in " ".join(result.stderr.split())


def test_models_are_put_beside_each_other(server: Peer, options: list[object], tmp_path: Path):
    def noisier(amount: float) -> Any:
        def answer(body: Any) -> dict[str, object]:
            (image,) = shown(body)[1]
            masses = masses_for(body)
            if (int(image.pixels[0, 0, 0]) // 14) % 5 < amount:
                masses = {"fair": 0.999, "good": 0.001}
            return completion(max(masses, key=lambda word: masses[word]), masses)

        return answer

    folders = []
    for at, model in enumerate(["gpt-4o", "gemini-2.0-flash", "qwen2.5-vl-7b", "qwen2-vl-2b"]):
        server.answer, out = noisier(at), tmp_path / f"out{at}"
        more = [part for folder in folders for part in ("--beside", folder)]
        result = invoke(
            *("--observer", f"openai:{model}@{server.address}/v1", *options[:-1], out),
            *("--methods", "quality", "--json", *more),
        )
        assert result.exit_code == 0, result.stderr
        folders.append(out)

    relation = json.loads(result.stdout)["finer_is_better"]
    assert relation["models"] == 4
    assert relation["correlation"] < 0
    page = (folders[-1] / "critic.html").read_text()
    assert all(model in page for model in ("gpt-4o", "gemini-2.0-flash", "qwen2.5-vl-7b", "qwen2-vl-2b"))
    assert "Over 4 models," in page


PLUGIN = """
class Blunt:
    name = "blunt"

    def answer(self, prompt, images):
        light = [sum(image.getpixel((0, 0))) / 765 for image in images]
        if len(images) == 2:
            return "better" if light[1] > light[0] else "worse"
        return "It is " + ("good" if light[0] > 0.5 else "poor") + "."

def factory():
    return Blunt()
"""


def test_a_plug_in_is_asked_for_drawn_answers(options: list[object], tmp_path: Path, monkeypatch):
    (tmp_path / "blunt_judge.py").write_text(PLUGIN)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))

    result = invoke(
        *("--observer", "python:blunt_judge:factory", *options, "--samples", 1, "--json"),
        *("--methods", "quality,pairs"),
    )

    assert result.exit_code == 0, result.stderr
    record = json.loads(result.stdout)
    assert record["answers_by"] == "samples"
    assert 0.7 < record["agreement"]["quality"]["srcc"]["value"] < 0.95  # two words for sixteen pictures
    assert record["agreement"]["pairs"]["srcc"]["value"] > 0.9


def test_the_model_that_ships_says_what_it_says(tmp_path: Path):
    grey_folder(tmp_path / "pictures", 3)

    result = invoke(
        *("--observer", "embedded", "--images", tmp_path / "pictures", "--out", tmp_path / "out"),
        *("--methods", "quality"),
    )

    assert result.exit_code == 1
    told = " ".join(result.stderr.split())
    assert re.search(r"None of its 3 replies says, or so much as considers, one of the words", told)
    assert "The JND of embedded is" in told
    assert (tmp_path / "out" / "critic.html").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--methods", "beauty"], "expected --methods all"),
        (["--answers", "maybe"], "expected --answers auto, log-probabilities or samples"),
        (["--observer", "human"], "judges no quality"),
        (["--observer", "python:x:y", "--opening", "on"], "no answer of python can be begun"),
        (["--opening", "perhaps"], "expected --opening auto, on or off"),
        (["--budget", "$5"], "needs --price"),
        (["--profile", "nobody-knows-this"], "expected a calibration folder"),
        (["--scores", "nowhere.csv"], "cannot read the scores"),
    ],
)
def test_bad_use_ends_with_2_and_says_what_was_expected(
    options: list[object], tmp_path: Path, arguments: list[str], message: str
):
    result = invoke("--observer", "openai:m@http://127.0.0.1:9/v1", *options, *arguments)

    assert result.exit_code == 2
    assert message in " ".join(result.stderr.split())
    assert not (tmp_path / "out").exists()


def test_scores_that_do_not_fit_the_pictures_end_with_2(options: list[object], tmp_path: Path):
    (tmp_path / "scores.csv").write_text("file,mos\n00.png,1\nnone.png,2\n01.png,x\n")

    unreadable = invoke("--observer", "embedded", *options)
    (tmp_path / "scores.csv").write_text("file,mos\nno.png,1\nnone.png,2\n")
    missing = invoke("--observer", "embedded", *options)

    assert unreadable.exit_code == missing.exit_code == 2
    assert "line 4: expected a number for mos, got 'x'" in " ".join(unreadable.stderr.split())
    assert "line 3: none.png is not in the folder" in " ".join(missing.stderr.split())


def test_scores_of_a_larger_set_are_no_fault_and_are_counted(
    options: list[object], greys: dict[str, int], tmp_path: Path
):
    write_scores(tmp_path / "scores.csv", {**{name: grey / 2 for name, grey in greys.items()}, "none.png": 2})

    result = invoke("--observer", "critic", "--methods", "quality", "--budget", "8", *options)

    assert result.exit_code == 0
    assert "1 row has a score and no picture in the folder: none.png" in " ".join(result.stderr.split())


def test_an_empty_folder_ends_with_2(tmp_path: Path):
    (tmp_path / "empty").mkdir()

    result = invoke("--observer", "embedded", "--images", tmp_path / "empty", "--out", tmp_path / "out")

    assert result.exit_code == 2
    assert "holds no image" in " ".join(result.stderr.split())


def test_a_folder_beside_that_no_critic_wrote_ends_with_1(options: list[object], tmp_path: Path):
    result = invoke("--observer", "embedded", *options, "--beside", tmp_path)

    assert result.exit_code == 1
    assert "expected a folder that `critic` wrote" in " ".join(result.stderr.split())


def test_unreadable_pictures_are_skipped_with_a_warning(server: Peer, options: list[object], tmp_path: Path):
    (tmp_path / "pictures" / "03.png").write_bytes(b"\x89PNG")

    result = invoke(
        *("--observer", f"openai:m@{server.address}/v1", *options, "--methods", "quality", "--json")
    )

    assert result.exit_code == 0
    assert "skipped 03.png" in " ".join(result.stderr.split())
    assert json.loads(result.stdout)["agreement"]["quality"]["pictures"] == 15
