import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from calibration.cli import app
from calibration.profile import load_profile
from calibration.trials import read_trials
from calibration.vpa_jnd.manifest import read_manifest

SIMULATED = "simulated:threshold=20,slope=3,false_alarm=0.02,lapse=0.02"


def invoke(*arguments: object):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def run(photos: Path, out: Path, *more: object, observer: str = SIMULATED):
    return invoke("run", "--observer", observer, "--images", photos, "--out", out, *more)


def test_run_prints_one_json_line_and_writes_log_profile_and_report(photo_folder: Path, tmp_path: Path):
    out = tmp_path / "out"

    result = run(photo_folder, out, "--distortions", "blur,jpeg", "--json")

    assert result.exit_code == 0
    record = json.loads(result.stdout)
    assert (record["model"], record["source"]) == ("simulated", "measured")
    assert list(record["distortions"]) == ["blur", "jpeg"]
    assert list(record["distortions"]["blur"]) == [
        "threshold",
        "unit_value",
        "low",
        "high",
        "slope",
        "false_alarm",
        "hit_at_max",
        "n_queries",
        "status",
        "reason",
    ]
    assert record["distortions"]["blur"]["threshold"] == pytest.approx(20, rel=0.4)
    assert len(read_trials(out / "trials.jsonl")) == 50
    assert load_profile(out).distortions["blur"].n_queries == 25
    assert "<svg" in (out / "report.html").read_text()


def test_the_default_distortions_are_the_first_cut(photo_folder: Path, tmp_path: Path):
    result = run(photo_folder, tmp_path / "out", "--queries-per-threshold", 5, "--json")

    names = set(json.loads(result.stdout)["distortions"])
    assert names == {"blur", "brightness", "saturation", "contrast", "jpeg", "noise", "webp", "rescale"}


def test_the_same_seed_gives_the_same_profile(photo_folder: Path, tmp_path: Path):
    first, second = (
        run(photo_folder, tmp_path / name, "--distortions", "noise", "--json").stdout for name in ("a", "b")
    )

    assert first == second


def test_a_finished_run_is_not_asked_again(photo_folder: Path, tmp_path: Path):
    first = run(photo_folder, tmp_path / "out", "--distortions", "noise", "--json")
    log = (tmp_path / "out" / "trials.jsonl").read_bytes()

    second = run(photo_folder, tmp_path / "out", "--distortions", "noise", "--json")

    assert second.stdout == first.stdout
    assert (tmp_path / "out" / "trials.jsonl").read_bytes() == log


def test_unreadable_images_are_skipped_with_a_warning(photo_folder: Path, tmp_path: Path):
    (photo_folder / "broken.png").write_bytes(b"\x89PNG")

    result = run(photo_folder, tmp_path / "out", "--distortions", "blur", "--json")

    assert result.exit_code == 0
    assert "skipped broken.png" in result.stderr
    assert load_profile(tmp_path / "out").details["images_skipped"] == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--distortions", "haze"], "expected names among blur"),
        (["--question", "task:nowhere.txt"], "cannot read the task file nowhere.txt"),
        (["--question", "rude"], "expected --question difference"),
        (["--procedure", "descending"], "expected --procedure adaptive, constant, ascending"),
        (["--budget", "$5"], "needs --price"),
        (["--budget", "much"], "expected --budget QUESTIONS"),
        (["--price", "cheap"], "expected --price IN/OUT"),
    ],
)
def test_bad_use_ends_with_2_and_says_what_was_expected(
    photo_folder: Path, tmp_path: Path, arguments: list[str], message: str
):
    result = run(photo_folder, tmp_path / "out", *arguments)

    assert result.exit_code == 2
    assert message in " ".join(result.stderr.split())
    assert result.stdout == ""
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "observer", ["oracle", "simulated:x=1", "openai:gpt-4o", "python:nowhere:f", "embedded:x"]
)
def test_an_observer_that_cannot_be_had_ends_with_2(photo_folder: Path, tmp_path: Path, observer: str):
    result = run(photo_folder, tmp_path / "out", observer=observer)

    assert result.exit_code == 2
    assert "error:" in result.stderr


def test_an_empty_folder_ends_with_2(tmp_path: Path):
    (tmp_path / "photos").mkdir()

    result = run(tmp_path / "photos", tmp_path / "out")

    assert result.exit_code == 2
    assert "no readable image" in result.stderr


def test_a_folder_of_another_session_ends_with_1_and_is_left_alone(photo_folder: Path, tmp_path: Path):
    run(photo_folder, tmp_path / "out", "--distortions", "blur")
    before = (tmp_path / "out" / "trials.jsonl").read_bytes()

    result = run(photo_folder, tmp_path / "out", "--distortions", "blur", "--seed", 5)

    assert result.exit_code == 1
    assert "other seed" in " ".join(result.stderr.split())
    assert (tmp_path / "out" / "trials.jsonl").read_bytes() == before


def test_an_observer_that_always_says_different_ends_with_1(photo_folder: Path, tmp_path: Path):
    observer = "simulated:threshold=20,slope=3,false_alarm=0.95,lapse=0"

    result = run(photo_folder, tmp_path / "out", "--distortions", "blur", "--json", observer=observer)

    assert result.exit_code == 1
    assert json.loads(result.stdout)["distortions"]["blur"]["status"] == "unmeasurable"


def test_report_writes_the_page_and_its_plots_again(photo_folder: Path, tmp_path: Path):
    run(photo_folder, tmp_path / "out", "--distortions", "blur")
    page = (tmp_path / "out" / "report.html").read_text()
    (tmp_path / "out" / "report.html").unlink()

    result = invoke("report", "--calibration", tmp_path / "out")

    assert result.exit_code == 0
    assert (tmp_path / "out" / "report.html").read_text() == page
    assert (tmp_path / "out" / "plots" / "blur.png").read_bytes().startswith(b"\x89PNG")


def test_report_shows_examples_wherever_the_pictures_are_now(photo_folder: Path, tmp_path: Path):
    run(photo_folder, tmp_path / "out", "--distortions", "blur")
    page = tmp_path / "out" / "report.html"
    moved = photo_folder.rename(tmp_path / "moved")

    gone = invoke("report", "--calibration", tmp_path / "out")
    without = page.read_text()
    found = invoke("report", "--calibration", tmp_path / "out", "--images", moved)

    assert gone.exit_code == found.exit_code == 0
    assert "not at hand" in without
    assert "data:image" in page.read_text()


def test_report_on_a_folder_without_trials_ends_with_1(tmp_path: Path):
    result = invoke("report", "--calibration", tmp_path)

    assert result.exit_code == 1
    assert "holds no trials" in " ".join(result.stderr.split())


def test_a_remote_observer_cannot_be_served():
    result = invoke("serve", "--observer", "openai:m@http://127.0.0.1:9/v1", "--port", 0)

    assert result.exit_code == 2
    assert "not a local model" in result.stderr


@pytest.mark.parametrize("command", ["run", "report", "build", "compare", "serve"])
def test_every_command_explains_itself(command: str):
    result = invoke(command, "--help")

    assert result.exit_code == 0
    assert "--" in result.stdout


def test_help_loads_neither_torch_nor_transformers_nor_matplotlib():
    heavy = ("torch", "transformers", "matplotlib")
    code = f"import sys, calibration.cli; print([name for name in {heavy} if name in sys.modules])"

    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert shown.stdout.strip() == "[]"


@pytest.mark.parametrize("procedure", [("ascending", "--sweeps", 2), ("constant",)], ids=lambda each: each[0])
def test_the_other_procedures_run_from_start_to_report(
    photo_folder: Path, tmp_path: Path, procedure: tuple[object, ...]
):
    out = tmp_path / "out"
    more = ("--procedure", *procedure, "--distortions", "noise", "--json")

    result = run(photo_folder, out, *more, observer="simulated:threshold=10,slope=6,false_alarm=0.01")

    assert result.exit_code == 0
    assert json.loads(result.stdout)["distortions"]["noise"]["threshold"] == pytest.approx(10, rel=0.35)
    assert "<svg" in (out / "report.html").read_text()


@pytest.mark.parametrize("option", ["--sweeps", "--window"])
def test_options_of_ascending_sweeps_are_refused_elsewhere(photo_folder: Path, tmp_path: Path, option: str):
    result = run(photo_folder, tmp_path / "out", option, 4)

    assert result.exit_code == 2
    assert "belong to --procedure ascending" in " ".join(result.stderr.split())


def test_a_task_question_finds_when_answers_change(photo_folder: Path, tmp_path: Path):
    task = tmp_path / "task.jsonl"
    task.write_text("".join(f'{{"image": "{n}.png", "prompt": "Is it sharp?"}}\n' for n in (0, 1)))

    result = run(
        photo_folder, tmp_path / "out", "--question", f"task:{task}", "--distortions", "blur", "--json"
    )

    assert result.exit_code == 0
    trials = read_trials(tmp_path / "out" / "trials.jsonl")
    assert {t.stimulus.image for t in trials} == {"0.png", "1.png"}
    assert {t.reference_reply for t in trials} <= {"Yes", "No"}


def test_the_cost_is_said_before_the_run(photo_folder: Path, tmp_path: Path):
    result = run(photo_folder, tmp_path / "out", "--distortions", "blur", "--budget", 500)

    assert f"25 questions to {SIMULATED}; stopping after 500" in " ".join(result.stderr.split())


def test_a_spent_budget_is_told_and_a_larger_one_goes_on(photo_folder: Path, tmp_path: Path):
    short = run(photo_folder, tmp_path / "out", "--distortions", "blur", "--budget", 10, "--json")
    whole = run(photo_folder, tmp_path / "out", "--distortions", "blur", "--budget", 100, "--json")

    assert "the budget of 10 is spent after 10 questions" in " ".join(short.stderr.split())
    assert [json.loads(r.stdout)["distortions"]["blur"]["n_queries"] for r in (short, whole)] == [10, 25]


def test_a_log_of_another_schema_version_ends_with_1(photo_folder: Path, tmp_path: Path):
    run(photo_folder, tmp_path / "out", "--distortions", "blur")
    log = tmp_path / "out" / "trials.jsonl"
    log.write_text(log.read_text().replace('"schema_version": 2', '"schema_version": 1'))

    result = run(photo_folder, tmp_path / "out", "--distortions", "blur")

    assert result.exit_code == 1
    assert "schema version 2, got 1" in " ".join(result.stderr.split())


def test_build_writes_a_manifest_and_the_pictures_asked_for(photo_folder: Path, tmp_path: Path):
    out = tmp_path / "vpa"

    result = invoke("build", "--images", photo_folder, "--out", out, "--materialise", 3, "--json")

    built = json.loads(result.stdout)
    assert result.exit_code == 0
    assert built["materialised"] == 3
    assert (
        len(read_manifest(out / "manifest.parquet")) == built["stimuli"] == sum(built["categories"].values())
    )
    assert len(list(out.rglob("*.png"))) >= 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["--recipe", "huge"], "paper"), (["--materialise", "some"], "expected a number of stimuli or 'all'")],
)
def test_bad_use_of_build_ends_with_2(photo_folder: Path, tmp_path: Path, arguments: list[str], message: str):
    result = invoke("build", "--images", photo_folder, "--out", tmp_path / "vpa", *arguments)

    assert result.exit_code == 2
    assert message in " ".join(result.stderr.split())


def test_compare_tells_two_models_apart(photo_folder: Path, tmp_path: Path):
    for name, threshold in (("a", 8), ("b", 24)):
        observer = f"simulated:threshold={threshold},slope=4,false_alarm=0.01"
        run(photo_folder, tmp_path / name, "--distortions", "blur,noise", observer=observer)

    result = invoke("compare", tmp_path / "a", tmp_path / "b", "--json")

    compared = json.loads(result.stdout)
    assert result.exit_code == 0
    assert compared["overall"]["low"] > 1.5
    assert set(compared["distortions"]) == {"blur", "noise"}
    assert "coarser" in compared["distortions"]["blur"]["verdict"]


def test_compare_shows_people_a_table():
    result = invoke("compare", "gpt-4o", "gemini-2.0-flash")

    assert result.exit_code == 0
    assert "published prior" in " ".join(result.stderr.split())


def test_compare_refuses_what_it_does_not_know():
    result = invoke("compare", "gpt-4o", "no-such-model")

    assert result.exit_code == 2
    assert "no-such-model" in result.stderr


def test_report_shows_an_interrupted_run_as_far_as_it_went(photo_folder: Path, tmp_path: Path):
    run(photo_folder, tmp_path / "out", "--distortions", "blur")
    (tmp_path / "out" / "profile.json").unlink()

    shown = invoke("report", "--calibration", tmp_path / "out")
    compared = invoke("compare", tmp_path / "out", "gpt-4o")

    assert shown.exit_code == 0
    assert "<svg" in (tmp_path / "out" / "report.html").read_text()
    assert not (tmp_path / "out" / "profile.json").exists()
    assert compared.exit_code == 2
    assert "has not finished" in " ".join(compared.stderr.split())


def test_a_task_about_pictures_that_are_not_there_is_told(photo_folder: Path, tmp_path: Path):
    some, none = tmp_path / "some.jsonl", tmp_path / "none.jsonl"
    some.write_text('{"image": "0.png", "prompt": "?"}\n{"image": "gone.png", "prompt": "?"}\n')
    none.write_text('{"image": "gone.png", "prompt": "?"}\n')

    partly = run(photo_folder, tmp_path / "a", "--question", f"task:{some}", "--distortions", "blur")
    wholly = run(photo_folder, tmp_path / "b", "--question", f"task:{none}", "--distortions", "blur")

    assert "gone.png: the task asks about it" in " ".join(partly.stderr.split())
    assert wholly.exit_code == 2
    assert "asks about no picture" in " ".join(wholly.stderr.split())


def test_a_budget_that_buys_nothing_is_bad_use(photo_folder: Path, tmp_path: Path):
    result = run(photo_folder, tmp_path / "out", "--budget", "$0.0001", "--price", "10/10")

    assert result.exit_code == 2
    assert "buys no question" in " ".join(result.stderr.split())
    assert not (tmp_path / "out" / "profile.json").exists()


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("def factory(): raise RuntimeError('no licence')", "failed: RuntimeError: no licence"),
        ("def factory(:", "cannot import odd_plugin: SyntaxError"),
        ("raise OSError('no driver')", "cannot import odd_plugin: OSError: no driver"),
    ],
)
def test_a_plugin_that_cannot_be_had_is_told_in_a_sentence(
    photo_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, said: str
):
    (tmp_path / "odd_plugin.py").write_text(source)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "odd_plugin", raising=False)

    result = run(photo_folder, tmp_path / "out", observer="python:odd_plugin:factory")

    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())


def test_a_plugin_that_prints_does_not_spoil_the_json(
    photo_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "chatty_plugin.py").write_text(
        "class Chatty:\n    name = 'chatty'\n"
        "    def answer(self, prompt, images):\n        print('hello')\n        return 'No'\n"
        "def factory():\n    print('loading')\n    return Chatty()\n"
    )
    monkeypatch.chdir(tmp_path)

    observer = "python:chatty_plugin:factory"
    result = run(photo_folder, tmp_path / "out", "--distortions", "blur", "--json", observer=observer)

    assert json.loads(result.stdout)["model"] == "chatty"
    assert "hello" in result.stderr


def test_report_tells_scripts_what_it_wrote(photo_folder: Path, tmp_path: Path):
    run(photo_folder, tmp_path / "out", "--distortions", "blur")

    written = json.loads(invoke("report", "--calibration", tmp_path / "out", "--json").stdout)

    assert Path(written["report"]).is_file()
    assert str(tmp_path / "out" / "plots" / "blur.png") in written["plots"]
    assert all(Path(path).is_file() for path in written["plots"])


PROMPT = (
    "Look at the picture closely. What is in the middle of it? If there are several, name the largest. "
    "Answer with one word. Do not explain."
)


def run_prompts(photos: Path, out: Path, *more: object):
    prompt = out.with_suffix(".txt")
    prompt.write_text(PROMPT)
    return run(photos, out, "--question", f"prompt:{prompt}", *more)


def test_a_prompt_is_perturbed_in_every_way_and_told_as_distortions_are(photo_folder: Path, tmp_path: Path):
    result = run_prompts(photo_folder, tmp_path / "out", "--json")

    assert result.exit_code == 0
    record = json.loads(result.stdout)
    assert list(record["distortions"]) == ["prompt-characters", "prompt-words", "prompt-sentences"]
    found = record["distortions"]["prompt-characters"]
    assert found["status"] == "measured"
    assert found["low"] <= 20 * 0.69 ** (1 / 3) <= found["high"]  # half of a Weibull function of scale 20
    levels = [each["level"] for each in record["response_change"]["prompt-words"]]
    assert levels == [5, 10, 15, 20, 25, 30, 50]
    assert record["response_change"]["unperturbed"]["answers"] == 60
    assert load_profile(tmp_path / "out").details["response_change"] == record["response_change"]
    assert "prompt can change before simulated" in (tmp_path / "out" / "report.html").read_text()


def test_kinds_of_perturbation_are_chosen_by_name_and_reported_again(photo_folder: Path, tmp_path: Path):
    out = tmp_path / "out"
    chosen = run_prompts(photo_folder, out, "--distortions", "prompt-words", "--queries-per-threshold", 40)

    again = invoke("report", "--calibration", out, "--json")

    assert {"prompt", "words"} <= set(chosen.stderr.split())
    assert [Path(plot).name for plot in json.loads(again.stdout)["plots"]] == ["prompt-words.png"]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--distortions", "blur"), "prompt-characters, prompt-words, prompt-sentences"),
        (("--procedure", "ascending"), "perturbed at fixed levels"),
    ],
)
def test_what_makes_no_sense_for_a_prompt_is_bad_use(
    photo_folder: Path, tmp_path: Path, more: tuple[str, str], message: str
):
    result = run_prompts(photo_folder, tmp_path / "out", *more)

    assert result.exit_code == 2
    assert message in " ".join(result.stderr.split())


def test_another_prompt_in_the_same_folder_is_another_session(photo_folder: Path, tmp_path: Path):
    out = tmp_path / "out"
    run_prompts(photo_folder, out, "--queries-per-threshold", 8)
    out.with_suffix(".txt").write_text("What else is there?")

    result = run(photo_folder, out, "--question", f"prompt:{out.with_suffix('.txt')}")

    assert result.exit_code == 1
    assert "question_digest" in result.stderr
