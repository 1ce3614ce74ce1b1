import json
import logging
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.configuration.keys import tree_of
from gateway.configuration.yaml_file import UnreadableFileError
from gateway.settings import Settings
from gateway.settings_file import SettingsError, load_settings, read_settings


@pytest.fixture
def write(tmp_path):
    def write(text: str | bytes):
        path = tmp_path / "gateway.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        path.chmod(0o600)
        return path

    return write


@pytest.fixture
def refused(write):
    def refused(text: str | bytes) -> str:
        with pytest.raises(SettingsError) as caught:
            load_settings(write(text))
        return str(caught.value)

    return refused


def test_file_overrides_only_what_it_names(write):
    found = load_settings(write("policy: {mode: block}\nmodels: {m: gpt-4o}\n"))

    assert found.policy.mode == "block"
    assert found.policy.alpha == load_settings().policy.alpha
    assert found.models == {"m": "gpt-4o"}


def test_environment_wins_over_the_file_and_options_over_both(write, monkeypatch):
    monkeypatch.setenv("JND_UPSTREAM__BASE_URL", "http://env/v1")
    monkeypatch.setenv("JND_LISTEN__PORT", "1")
    path = write("upstream: {base_url: 'http://file/v1', provider: embedded}\nlisten: {host: localhost}\n")

    found = load_settings(path, options={"port": "2", "host": None})

    assert found.upstream.base_url == "http://env/v1"
    assert found.upstream.provider == "embedded"
    assert (found.listen.host, found.listen.port) == ("localhost", 2)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("policy: {mod: block}", "gateway.yaml:1: policy.mod: unknown key; did you mean mode?"),
        ("polcy: {}", "gateway.yaml:1: polcy: unknown key; did you mean policy?"),
        (
            "policy:\n  alpha: 2",
            "gateway.yaml:2: policy.alpha: expected a number above 0 and below 1, got '2'",
        ),
        (
            "\npolicy: {mode: shout}",
            "gateway.yaml:2: policy.mode: expected monitor, sanitize or block, got 'shout'",
        ),
        ("upstream: {base_url: example.org}", "gateway.yaml:1: upstream.base_url: "),
        (
            "upstream: {base_url: 'http://127.0.0.1:27.0.0.1/v1'}",
            "gateway.yaml:1: upstream.base_url: expected",
        ),
        ("upstream: {provider: opnai}", "did you mean openai?"),
        ("upstream: {base_url: 'https://api.openai.com/v1/chat/completions'}", "https://api.openai.com/v1"),
        ("listen: {prefix: openai}", "gateway.yaml:1: listen.prefix: expected a path such as /llm"),
        (
            "listen: {port: 1}\nlisten: {port: 2}",
            "gateway.yaml:2: listen: stands here and at line 1; keep one",
        ),
        ("upstream: {api_key: '${JND_TEST_NOT_SET}'}", "environment variable JND_TEST_NOT_SET is not set"),
        (
            "upstream:\n  base_url:http://x\n",
            "gateway.yaml:2: upstream: expected keys and values below it, got a text; "
            "a space is missing after `base_url:`",
        ),
        (
            "upstream:\n  base_url:http://x\n  provider: vllm\n",
            "gateway.yaml:2: a space is missing after `base_url:`",
        ),
        (
            "upstream:\n  provider: vllm\n  base_url:http://x\n  image_urls: pass\n",
            "gateway.yaml:3: a space is missing after `base_url:`",
        ),
        (
            "upstream:\n  provider: vllm\n  base_url:http://x\nmodels: {}\n",
            "gateway.yaml:3: a space is missing after `base_url:`",
        ),
        ("policy:{}", "gateway.yaml:1: a space is missing after `policy:`"),
        (
            "compression:\n  mode: on\n  enabled: true\n",
            "gateway.yaml:3: compression.enabled: is the old name of compression.mode, which stands at",
        ),
        ("- a list", "gateway.yaml:1: expected keys and values"),
        ("a: [", "gateway.yaml:1: a bracket is opened and not closed"),
        ("a:\n\tb: 1", "gateway.yaml:2: a tab; YAML indents with spaces"),
        (b"a: \xe4", "gateway.yaml:1: not UTF-8 text"),
    ],
)
def test_what_is_wrong_is_named_with_its_line_and_fix(refused, text, named):
    assert named in refused(text)


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file(refused):
    text = (
        "upstream: {provider: opnai}\nlisten: {port: x}\npolcy: 1\nclients: [{key: k}]\nartifact: /nowhere\n"
    )

    lines = refused(text).splitlines()[1:]

    assert [line.split(": ")[1] for line in lines] == [
        "upstream.provider",
        "listen.port",
        "polcy",
        "clients[0].name",
        "artifact",
    ]


def test_messages_never_speak_of_python(refused):
    text = "policy: {block_on: 3, mode: [a]}\nclients: {a: b}\nmodels: [a]\nartifact: [a]\nlisten: 3\n"
    text += "upstreams: [3]\nlimits: {max_pixels: -1}\n"

    told = refused(text).lower()

    for word in (
        "frozenset",
        "tuple",
        "dict",
        "pydantic",
        "pattern",
        "none",
        "literal",
        "type=",
        "validat",
        "instance",
    ):
        assert word not in told, word


def test_a_misspelt_variable_refuses_to_start(monkeypatch):
    monkeypatch.setenv("JND_UPSTREAM_BASE_URL", "http://localhost:8000/v1")

    with pytest.raises(SettingsError, match="did you mean JND_UPSTREAM__BASE_URL"):
        load_settings()


@pytest.mark.parametrize(
    "text", ["$OPENAI_API_KEY", "${OPENAI_API_KEY:-none}", "os.environ/OPENAI_API_KEY", "{{ key }}", "<key>"]
)
def test_what_only_points_at_a_key_is_one_error_and_no_secret_others_can_read(write, text):
    path = write(f"upstream: {{api_key: '{text}'}}")
    path.chmod(0o644)

    (problem,) = read_settings(path, {}).problems

    assert (problem.severity, problem.key) == ("error", "upstream.api_key")


def test_a_key_that_stands_in_a_file_others_can_read_is_warned_of(write):
    path = write("upstream: {api_key: sk-hidden-hidden}")
    path.chmod(0o644)

    (problem,) = read_settings(path, {}).problems

    assert problem.message.startswith("others on this machine can read the file; write ${NAME}")


def test_a_key_may_come_from_a_variable_that_begins_as_ours_do(write, monkeypatch):
    monkeypatch.setenv("JND_CLIENT_KEY", "k" * 32)

    found = load_settings(write("clients: [{name: a, key: '${JND_CLIENT_KEY}'}]"))

    assert found.clients[0].key.get_secret_value() == "k" * 32


def test_a_wrong_value_names_the_variable_or_option_it_came_from(write, monkeypatch):
    monkeypatch.setenv("JND_LISTEN__WORKERS", "many")
    monkeypatch.setenv("JND_POLICY", '{"mode": "blok"}')

    with pytest.raises(SettingsError) as caught:
        load_settings(write("policy: {mode: block}\nlisten: {workers: 2}"), options={"port": "70000"})

    told = str(caught.value)
    assert "JND_LISTEN__WORKERS: listen.workers: expected a whole number from 1 to 64, got 'many'" in told
    assert "JND_POLICY: policy.mode: expected monitor, sanitize or block, got 'blok'" in told
    assert "--port: listen.port: expected a whole number from 0 to 65535, got '70000'" in told
    assert "gateway.yaml" not in told


def test_a_key_comes_from_the_environment_by_reference_and_is_never_shown(write):
    path = write("upstream: {api_key: '${OPENAI_API_KEY}'}\nclients: [{name: a, key: '${A_KEY}'}]\n")

    reading = read_settings(path, {"OPENAI_API_KEY": "sk-hidden\n", "A_KEY": "sk-hidden-sk-hidden"})

    assert reading.settings.upstream.api_key.get_secret_value() == "sk-hidden"
    assert reading.settings.clients[0].key.get_secret_value() == "sk-hidden-sk-hidden"
    assert "hidden" not in repr(reading)


def test_a_bad_key_is_told_without_showing_it(write):
    path = write("upstream: {api_key: '${OPENAI_API_KEY}'}\n")

    (problem,) = read_settings(path, {"OPENAI_API_KEY": "sk-hidden sk-hidden"}).errors

    assert problem.key == "upstream.api_key"
    assert "hidden" not in str(problem)


def test_a_key_in_a_file_that_others_can_read_is_warned_of(write):
    path = write("upstream: {api_key: sk-plain}\nclients: [{name: a, key: '${A_KEY}'}]\n")
    path.chmod(0o644)

    (warning,) = read_settings(path, {"A_KEY": "k" * 32}).warnings

    assert (warning.key, warning.place.line) == ("upstream.api_key", 1)
    path.chmod(0o600)
    assert read_settings(path, {"A_KEY": "k" * 32}).warnings == []


@pytest.mark.parametrize("mode", ["on", "off", "observe"])
def test_on_and_off_need_no_quotes(write, mode):
    assert load_settings(write(f"compression: {{mode: {mode}}}")).compression.mode == mode


def test_numbers_mean_what_people_read(write):
    found = load_settings(
        write(
            "limits: {max_body_bytes: 64_000_000, max_images: 010}\nmodels: {0123: human}\n"
            "fetching: {ports: [80]}"
        )
    )

    assert (found.limits.max_body_bytes, found.limits.max_images) == (64_000_000, 10)
    assert found.models == {"0123": "human"}
    assert (
        read_settings(write("clients: [{name: a, key: 01234567890123456}]"), {})
        .settings.clients[0]
        .key.get_secret_value()
        == "01234567890123456"
    )


def test_truth_is_understood_in_every_spelling(write):
    for written, meant in {"yes": True, "on": True, "True": True, "no": False, "off": False}.items():
        assert load_settings(write(f"policy: {{allow_bypass: {written}}}")).policy.allow_bypass is meant


def test_old_keys_are_read_with_a_warning(write, caplog):
    caplog.set_level(logging.WARNING)

    found = load_settings(write("compression: {enabled: false}\nlimits:\n  workers: 3\n"))

    assert (found.compression.mode, found.limits.image_threads) == ("off", 3)
    assert (
        "gateway.yaml:1: compression.enabled: is called compression.mode today; write `mode: off`"
        in caplog.text
    )
    assert "gateway.yaml:3: limits.workers: is called limits.image_threads today" in caplog.text


def test_empty_sections_and_an_empty_file_mean_defaults(write, caplog):
    assert load_settings(write("policy:\nmodels:\nclients:\nupstream: {}\nartifact:\n")) == load_settings()
    assert load_settings(write("")) == load_settings()
    assert "nothing in it: every setting has its default" in caplog.text


def test_what_cannot_be_opened_is_named(tmp_path):
    with pytest.raises(SettingsError, match=r"cannot read .*none\.yaml: no such file"):
        load_settings(tmp_path / "none.yaml")
    with pytest.raises(UnreadableFileError, match="is a folder"):
        read_settings(tmp_path)


KEYS = [key for key in tree_of(Settings).walk() if key.path]
WORDS = sorted({step for key in KEYS for step in key.path})
SCALARS = st.sampled_from(
    ["on", "no", "~", "1", "-1", "0.5", "1e999", "block", "gpt-4o", "http://a/v1", "x", "~x", "${HOME}"]
)
TEXTS = SCALARS | st.text(st.characters(codec="utf-8"), max_size=6)
VALUES = st.recursive(
    TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS) | TEXTS, inner, max_size=4)
    ),
    max_leaves=12,
)


def survives(path, environment):
    try:
        reading = read_settings(path, environment)
    except UnreadableFileError:
        return
    assert (reading.settings is None) == bool(reading.errors)
    assert all(str(problem) for problem in reading.problems)


@given(st.dictionaries(st.sampled_from(sorted(Settings.model_fields)), VALUES, max_size=5), st.randoms())
@settings(max_examples=400, deadline=None)
def test_any_values_are_settings_or_told(tmp_path_factory, values, random):
    text = json.dumps(values) if random.random() < 0.5 else yaml.safe_dump(values)
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_text(text, encoding="utf-8")

    survives(path, {"HOME": "/root"})


@given(
    st.binary(max_size=60)
    | st.text(alphabet="ab:-[]{}&*!|>'\"%@`#?,~<\n\t \\0x", max_size=60).map(str.encode)
)
@settings(max_examples=600, deadline=None)
def test_any_text_is_settings_or_told(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "text.yaml"
    path.write_bytes(data)

    survives(path, {})


EXAMPLES = [path.read_text() for path in (Path(__file__).parents[2] / "deploy" / "examples").glob("*.yaml")]
PIECES = [
    "\t",
    ": ",
    "- ",
    "{",
    "]",
    "&a ",
    "*a",
    "<<: ",
    '"',
    "|\n",
    "!!x ",
    "${A}",
    "\n",
    "\r",
    "\u2028",
    "?",
    "---\n",
]


@given(
    st.sampled_from(EXAMPLES),
    st.lists(st.tuples(st.floats(0, 1), st.sampled_from(PIECES), st.integers(0, 9))),
)
@settings(max_examples=300, deadline=None)
def test_a_damaged_example_is_settings_or_told(tmp_path_factory, text, damage):
    for where, piece, lost in damage:
        start = int(where * len(text))
        text = text[:start] + piece + text[start + lost :]
    path = tmp_path_factory.getbasetemp() / "damaged.yaml"
    path.write_text(text, encoding="utf-8")

    survives(path, {})


@given(
    st.dictionaries(
        st.sampled_from(KEYS).map(lambda key: "JND_" + "__".join(key.path).upper()),
        TEXTS | VALUES.map(json.dumps),
        max_size=4,
    )
)
@settings(max_examples=300, deadline=None)
def test_any_environment_is_settings_or_told(environment):
    survives(None, environment)
