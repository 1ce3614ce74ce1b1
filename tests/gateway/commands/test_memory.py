import hashlib
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.cli import app
from gateway.memory.redis_allowed import AllowedInRedis
from gateway.relay.callers.credentials import KeyPlaces
from tests.gateway.memory.machines import machine, seen
from tests.gateway.memory.redis_server import running_redis

KEY = "k-of-acme-long-enough"


def run(folder: Path, url: str | None, *words: str):
    file = folder / "gateway.yaml"
    memory = {} if url is None else {"memory": {"redis_url": url, "redis_timeout_milliseconds": 500}}
    upstream = {"api_key": "k" * 20, "base_url": "http://127.0.0.1:9/v1"}
    file.write_text(json.dumps({"clients": [{"name": "acme", "key": KEY}], "upstream": upstream} | memory))
    file.chmod(0o600)
    return CliRunner().invoke(app, ["memory", *words, "--config", str(file)])


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["status"], "redis_url is not set"),
        (["allow", "nonsense"], "expected a SHA-256"),
        (["forget", "--tenant", "acme"], "redis_url is not set"),
    ],
)
def test_what_cannot_be_done_is_told_with_exit_code_2(tmp_path: Path, words: list[str], told: str):
    result = run(tmp_path, None, *words)

    assert (result.exit_code, told in result.stderr) == (2, True), result.output


def test_a_redis_that_does_not_answer_is_named_without_its_password(tmp_path: Path):
    result = run(tmp_path, "redis://:secret-word@127.0.0.1:1/0", "status")

    assert result.exit_code == 2
    assert "redis://127.0.0.1:1/0" in result.stderr
    assert "secret-word" not in result.output


@pytest.mark.peers
def test_a_client_is_deleted_by_name_and_nobody_else(tmp_path: Path):
    with running_redis(tmp_path) as server, machine(server.url) as here:
        bearer = next(iter(KeyPlaces().tenants_of(KEY.encode())))
        for tenant in (bearer, "another"):
            here.accept(tenant)
            here.remember(tenant, seen(7))

        assert json.loads(run(tmp_path, server.url, "status", "--json").stdout)["pictures"] == 2
        result = run(tmp_path, server.url, "forget", "--tenant", "acme", "--json")
        assert json.loads(result.stdout)["tenant"] == "acme"
        assert json.loads(run(tmp_path, server.url, "status", "--json").stdout)["pictures"] == 1
        unknown = run(tmp_path, server.url, "forget", "--tenant", "acne")
        assert (unknown.exit_code, "expected a client of the settings (acme)" in unknown.stderr) == (2, True)
        by_digits = run(tmp_path, server.url, "forget", "--tenant", "ab" * 32)
        assert (by_digits.exit_code, by_digits.stdout) == (0, "0 things deleted\n")


@pytest.mark.peers
def test_pictures_are_allowed_by_hash_or_file_and_taken_off_again(tmp_path: Path):
    picture = tmp_path / "a.png"
    picture.write_bytes(b"the bytes of a picture")
    digest = hashlib.sha256(picture.read_bytes())
    with running_redis(tmp_path) as server, machine(server.url) as here, server.client() as client:
        result = run(tmp_path, server.url, "allow", str(picture), "sha256:" + "ab" * 32)
        assert result.stdout == "2 added, 2 listed\n"
        listed = AllowedInRedis(client, here.shared.shelves)
        assert listed.listed() == {digest.digest(), bytes.fromhex("ab" * 32)}

        result = run(tmp_path, server.url, "allow", digest.hexdigest(), "--remove", "--json")
        assert json.loads(result.stdout) == {"removed": 1, "listed": 1}


@pytest.mark.peers
def test_a_list_longer_than_gateways_read_is_told_in_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("gateway.memory.redis_allowed.MOST_LISTED", 1)
    with running_redis(tmp_path) as server:
        result = run(tmp_path, server.url, "allow", "ab" * 32, "cd" * 32)

    assert result.exit_code == 2
    assert "expected at most 1 allowed pictures" in result.stderr


@pytest.mark.peers
def test_a_redis_that_wants_a_password_or_only_follows_another_is_told_with_a_way_out(tmp_path: Path):
    with running_redis(tmp_path, "--requirepass", "word") as closed:
        refused = run(tmp_path, closed.url, "status")
        with running_redis(tmp_path, "--replicaof", f"127.0.0.1 {closed.port}") as follower:
            followed = run(tmp_path, follower.url, "allow", "a" * 64)

    assert refused.exit_code == 2 and "redis://USER:PASSWORD@HOST" in refused.stderr
    assert followed.exit_code == 2 and "names the one that is written to" in followed.stderr
