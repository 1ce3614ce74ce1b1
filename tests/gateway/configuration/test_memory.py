import pytest
from pydantic import ValidationError

from gateway.configuration.memory import Memory
from gateway.settings_file import read_settings


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("redis://localhost", "redis://localhost:6379"),
        ("redis://:secret-word@host:6380/2", "redis://host:6380/2"),
        ("rediss://user:secret-word@[::1]:7/0", "rediss://::1:7/0"),
        ("unix:///run/redis.sock?db=1", "unix:///run/redis.sock"),
    ],
)
def test_an_address_is_told_without_what_is_secret_of_it(url: str, place: str):
    memory = Memory.model_validate({"redis_url": url})

    assert memory.redis_place == place
    assert "secret-word" not in f"{memory!r} {memory.model_dump_json()}"


@pytest.mark.parametrize(
    "url", ["localhost:6379", "http://:secret-word@x", "redis://", "redis://x:y", "unix://"]
)
def test_what_is_no_address_of_a_redis_is_refused_and_never_repeated(url: str, tmp_path):
    file = tmp_path / "gateway.yaml"
    file.write_text(f"memory: {{redis_url: '{url}'}}")

    (problem,) = read_settings(file, {}).errors

    assert "redis://HOST:6379/0" in str(problem)
    assert "secret-word" not in str(problem)


@pytest.mark.parametrize("prefix", ["", "a b", "x*", "{a}", "p" * 61])
def test_a_prefix_of_keys_is_one_word(prefix: str):
    with pytest.raises(ValidationError, match="letters, digits"):
        Memory.model_validate({"redis_prefix": prefix})


def test_a_mere_address_in_a_file_that_others_read_is_no_secret_and_one_with_a_password_is(tmp_path):
    file = tmp_path / "gateway.yaml"
    file.touch(mode=0o644)
    file.write_text("memory: {redis_url: redis://redis:6379/0}")
    assert read_settings(file, {}).problems == ()
    file.write_text("memory: {redis_url: 'redis://:word@redis:6379/0'}")

    (warning,) = read_settings(file, {}).warnings

    assert "others on this machine can read the file" in str(warning)
    assert "word@" not in str(warning)


def test_the_environment_names_it_as_it_names_every_setting():
    reading = read_settings(
        None, {"JND_MEMORY__REDIS_URL": "redis://elsewhere", "JND_MEMORY__REDIS_MODE": "cluster"}
    )

    assert reading.settings is not None
    assert reading.settings.memory.redis_place == "redis://elsewhere:6379"
    assert reading.settings.memory.redis_mode == "cluster"


def test_nothing_is_shared_unless_somebody_says_so():
    assert Memory().redis_url is None
    assert Memory().redis_place == ""
