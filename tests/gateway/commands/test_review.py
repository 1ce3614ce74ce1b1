"""The commands on a store that a gateway's settings name."""

import json

import pytest
from typer.testing import CliRunner

from gateway.cli import app
from gateway.review.filters import Filter
from gateway.review.store import ReviewStore
from tests.gateway.review.conftest import NOON, caught


@pytest.fixture
def config(tmp_path):
    store = ReviewStore.open(tmp_path / "review")
    store.add([caught(at=NOON), caught(at=NOON + 1, picture=b"another", client="web", tenant="t2")])
    store.mark(store.find(Filter(client="web"), 1)[0].id, "false_alarm")
    store.close()
    return configured(tmp_path, "review")


def configured(folder, name, **review):
    file = folder / f"{name}.json"
    section = {"store": "pictures", "directory": str(folder / name)} | review
    file.write_text(json.dumps({"review": section}))
    return file


def run(command: str, *arguments: object):
    return CliRunner().invoke(app, ["review", command, *map(str, arguments)])


def test_a_store_moves_to_another_machine(config, tmp_path):
    archive, other = tmp_path / "export.tar", configured(tmp_path, "other")

    told = json.loads(run("export", "--config", config, "--out", archive, "--json").stdout)
    result = run("restore", "--config", other, "--archive", archive)

    assert told == {"flags": 2, "pictures": 2, "out": str(archive)}
    assert (result.exit_code, result.stdout) == (0, "restored: 2 flags, 2 pictures\n")


def test_where_only_hashes_are_kept_no_picture_is_restored(config, tmp_path):
    archive, other = tmp_path / "export.tar", configured(tmp_path, "other", store="hashes")
    run("export", "--config", config, "--out", archive)

    assert "2 flags, 0 pictures" in run("restore", "--config", other, "--archive", archive).stdout


def test_a_tenant_and_a_picture_are_forgotten(config):
    digest = caught().flag.digest

    assert run("forget", "--config", config, "--tenant", "web").stdout == "deleted: 1 flags\n"
    assert json.loads(run("forget", "--config", config, "--picture", digest, "--json").stdout) == {"flags": 1}
    assert run("forget", "--config", config, "--tenant", "web").exit_code == 1


@pytest.mark.parametrize("wrong", [(), ("--tenant", "a", "--picture", "b")])
def test_whom_to_forget_is_said_in_one_way(config, wrong):
    assert run("forget", "--config", config, *wrong).exit_code == 2


def test_a_picture_that_is_no_hash_and_a_damaged_archive_are_told(config, tmp_path):
    (tmp_path / "odd.tar").write_bytes(b"nonsense")

    forgotten = run("forget", "--config", config, "--picture", "nonsense")
    restored = run("restore", "--config", config, "--archive", tmp_path / "odd.tar")

    assert forgotten.exit_code == 1 and "64 hexadecimal digits" in forgotten.stderr
    assert restored.exit_code == 1 and "tar archive" in restored.stderr


def test_labels_go_to_a_file_or_to_standard_output(config, tmp_path):
    file = tmp_path / "labels.jsonl"

    assert run("labels", "--config", config, "--out", file).exit_code == 0
    shown = run("labels", "--config", config).stdout

    heading, label = map(json.loads, file.read_text().splitlines())
    assert shown == file.read_text()
    assert heading["format"] == "jnd-review-labels" and label["label"] == "false_alarm"


def test_settings_that_keep_nothing_are_bad_use(tmp_path):
    file = tmp_path / "empty.json"
    file.write_text("{}")

    result = run("labels", "--config", file)

    assert result.exit_code == 2 and "review.directory" in result.stderr


@pytest.mark.parametrize("command", ["export", "labels", "forget"])
def test_a_folder_without_a_store_is_named_and_left_as_it_is(tmp_path, command):
    wanted = {"export": ("--out", tmp_path / "x.tar"), "labels": (), "forget": ("--tenant", "a")}[command]

    result = run(command, "--config", configured(tmp_path, "mistyped"), *wanted)

    assert result.exit_code == 2 and "mistyped/flags.sqlite" in result.stderr
    assert not (tmp_path / "mistyped").exists() and not (tmp_path / "x.tar").exists()


def test_a_file_of_settings_that_is_not_there_is_told(tmp_path):
    result = run("labels", "--config", tmp_path / "none.yaml")

    assert result.exit_code == 2 and "none.yaml" in result.stderr


def test_an_export_takes_the_place_of_an_earlier_one_and_only_when_it_is_whole(config, tmp_path):
    archive = tmp_path / "export.tar"
    archive.write_bytes(b"the earlier one")
    archive.chmod(0o644)

    assert run("export", "--config", config, "--out", archive).exit_code == 0
    assert archive.stat().st_mode & 0o777 == 0o600
    failed = run("export", "--config", config, "--out", tmp_path)

    assert failed.exit_code == 1 and str(tmp_path) in failed.stderr
    assert run("restore", "--config", config, "--archive", archive).exit_code == 0


def test_a_picture_to_forget_is_named_as_everywhere_else(config):
    digest = caught().flag.digest.upper()

    assert run("forget", "--config", config, "--picture", f"sha256:{digest}").exit_code == 0
