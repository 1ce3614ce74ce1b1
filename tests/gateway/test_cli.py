import contextlib
import http.client
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from calibration.image import decode, encode_jpeg, encode_png
from gateway.cli import app

COMMAND = Path(sys.executable).with_name("jnd-gateway")


@pytest.fixture
def run():
    def run(*arguments):
        return CliRunner().invoke(app, [str(argument) for argument in arguments])

    return run


@pytest.fixture
def photograph(tmp_path, picture):
    path = tmp_path / "photograph.png"
    path.write_bytes(encode_png(picture))
    return path


def test_metrics_are_listed_one_a_line(run):
    lines = run("metrics").output.splitlines()

    assert lines[0].split() == ["name", "type", "labels", "meaning"]
    assert any(line.split()[:3] == ["jnd_errors_total", "counter", "kind"] for line in lines)


@pytest.mark.parametrize(
    "command", ["serve", "check-config", "metrics", "inspect", "compress", "tokens", "estimate", "demo"]
)
def test_every_command_explains_itself(run, command):
    result = run(command, "--help")

    assert result.exit_code == 0
    assert len(result.output) > 200


def test_help_of_serve_teaches_every_setting(run):
    assert "policy.on_failure" in run("serve", "--help").output


def test_help_does_not_load_torch():
    code = "import sys, gateway.cli; sys.exit('torch' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_bad_settings_exit_2_and_name_the_key(run, tmp_path):
    path = tmp_path / "gateway.yaml"
    path.write_text("policy: {mod: block}")

    result = run("serve", "--config", path)

    assert result.exit_code == 2
    assert "policy.mod: unknown key" in result.stderr


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "no such file"),
        ("folder", "is a folder"),
        (b"- a", "gateway.yaml:1: expected keys and values"),
        (b"listen:\n\tport: 1", "gateway.yaml:2: a tab"),
        (b"a: \xff", "gateway.yaml:1: not UTF-8"),
        (b"\xff\xfea\0", "gateway.yaml:1: this is UTF-16"),
        (b"listen: {port: 99999}", "gateway.yaml:1: listen.port: expected a whole number from 0 to 65535"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_clear_line_and_exit_2(run, tmp_path, content, said):
    path = tmp_path / "gateway.yaml"
    if content == "folder":
        path.mkdir()
    elif content is not None:
        path.write_bytes(content)

    result = run("serve", "--config", path)

    assert result.exit_code == 2
    assert said in result.stderr
    assert "Traceback" not in result.stderr


def test_check_config_exits_0_1_or_2(run, tmp_path):
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text("policy: {mode: block}")
    bad.write_text("policy: {mode: blok}")

    assert [run("check-config", path).exit_code for path in (good, bad, tmp_path)] == [0, 1, 2]
    assert json.loads(run("check-config", bad, "--json").stdout)["errors"][0]["line"] == 1


def test_missing_artifact_exits_2(run, photograph, tmp_path):
    result = run("inspect", photograph, "--artifact", tmp_path / "nothing")

    assert result.exit_code == 2
    assert "jnd-gateway:" in result.stderr


def test_inspect_prints_one_json_line_per_image(run, photograph):
    result = run("inspect", photograph, photograph, "--model", "embedded", "--json")

    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(lines) == 2
    for line in lines:
        judged = ["file", "outcome", "flags", "p_value", "jnd_ratio"]
        assert list(line) == [*judged, "evidence", "explanation", "milliseconds"]
        found = {"kind", "score", "p_value", "jnd_ratio", "explanation", "is_attack", "is_visible", "boxes"}
        assert found == set(line["evidence"][0])
    assert result.exit_code == (0 if {line["outcome"] for line in lines} == {"clean"} else 1)


def test_a_model_nobody_knows_is_told_and_a_path_that_leads_nowhere_refused(run, photograph, caplog):
    unknown = run("inspect", photograph, "--model", "gpt-9000", "--json")
    nowhere = run("inspect", photograph, "--model", "./calibrated", "--json")

    assert unknown.exit_code in {0, 1}
    assert "nothing is known of gpt-9000" in caplog.text
    assert nowhere.exit_code == 2
    assert "./calibrated" in nowhere.stderr


def test_inspect_finds_a_hidden_edit_beside_its_reference(run, photograph, picture, tmp_path):
    edited = tmp_path / "edited.png"
    pixels = picture.pixels.copy()
    pixels[40:56, 40:56, 1] ^= 24
    edited.write_bytes(encode_png(type(picture)(pixels)))

    result = run("inspect", edited, "--reference", photograph, "--json")

    line = json.loads(result.stdout)
    assert line["outcome"].endswith("_edit")
    assert line["jnd_ratio"] is not None
    assert result.exit_code == 1


def test_file_that_is_no_image_is_unchecked_and_exits_1(run, tmp_path):
    path = tmp_path / "notes.png"
    path.write_text("not a picture")

    result = run("inspect", path, tmp_path / "missing.png", "--json")

    assert [json.loads(line)["outcome"] for line in result.stdout.splitlines()] == ["unchecked"] * 2
    assert result.exit_code == 1


@pytest.mark.parametrize("tier", ["exact", "faithful", "lean"])
def test_compress_writes_files_that_never_grow(run, photograph, picture, tmp_path, tier):
    jpeg = tmp_path / "photograph.jpg"
    jpeg.write_bytes(encode_jpeg(picture, 60))
    out = tmp_path / "out"

    result = run("compress", photograph, jpeg, "--model", "embedded", "--tier", tier, "--out", out, "--json")

    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 0, result.stderr
    assert len({line["out"] for line in lines}) == 2
    for line, source in zip(lines, (photograph, jpeg), strict=True):
        written = Path(line["out"]).read_bytes()
        assert len(written) == line["bytes_out"] <= line["bytes_in"] == source.stat().st_size
        assert line["tokens_out"] <= line["tokens_in"]
        assert decode(written).source.format == line["format"]
        assert set(line) >= {
            "file",
            "quality",
            "width",
            "height",
            "probability",
            "tier",
            "milliseconds",
            "reason",
        }


def test_compress_warns_of_a_provider_nobody_knows(run, photograph, tmp_path):
    result = run("compress", photograph, "--provider", "opnai", "--out", tmp_path / "out", "--json")

    assert result.exit_code == 0
    assert "nothing is known of 'opnai'; did you mean openai?" in result.stderr


def test_compress_says_which_file_it_cannot_read_and_goes_on(run, photograph, tmp_path):
    result = run("compress", tmp_path / "missing.png", photograph, "--out", tmp_path / "out", "--json")

    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["out"] is None for line in lines] == [True, False]
    assert result.exit_code == 1


def test_sigterm_lets_running_answers_finish_and_each_is_logged_as_json(upstream_server, tmp_path):
    config = tmp_path / "gateway.yaml"
    config.write_text(f"upstream: {{base_url: 'http://127.0.0.1:{upstream_server.port}/v1'}}\n")
    process = subprocess.Popen(
        [COMMAND, "serve", "--config", config, "--port", "0"],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        port = _port_of(process)
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
            connection.request("POST", "/v1/chat/completions", b"{}", {"x-test": "slow_stream"})
            answer = connection.getresponse()
            assert answer.read(8) == b"data: 0\n"

            process.send_signal(signal.SIGTERM)

            assert answer.read().endswith(b"data: [DONE]\n\n")
        _, log = process.communicate(timeout=10)
        lines = [json.loads(line) for line in log.splitlines()]
        (line,) = [line for line in lines if "path" in line]
        assert (line["path"], line["status"]) == ("/v1/chat/completions", 200)
    finally:
        process.kill()
        process.wait()


def _port_of(process: subprocess.Popen) -> int:
    deadline = time.monotonic() + 60
    for line in process.stderr:
        if "running on http://" in line:
            return int(line.partition("http://127.0.0.1:")[2].split()[0])
        assert time.monotonic() < deadline
    raise AssertionError("the gateway did not start")
