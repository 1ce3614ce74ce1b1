import json
import subprocess
import sys

from gateway.settings import Memory, Settings
from gateway.startup import facts, summary, what_is_off

SETTINGS = Settings.model_validate(
    {
        "listen": {"workers": 2, "prefix": "/llm"},
        "upstream": {"api_key": "sk-hidden-hidden"},
        "upstreams": [
            {"name": "claude", "prefix": "/anthropic", "base_url": "https://api.anthropic.com"},
            {
                "name": "local",
                "models": ["qwen*"],
                "base_url": "http://localhost:8000/v1",
                "provider": "vllm",
            },
        ],
        "models": {"gpt-4o": "gpt-4o", "mine": "embedded", "new": "nobody-knows-it"},
    }
)


REVIEW = {
    "store": "pictures",
    "directory": "/var/lib/jnd",
    "listen": "127.0.0.1:9190",
    "key": "the-key-of-the-page",
    "database_url": "postgresql+psycopg://me:hidden@db/flags",
}


def test_every_upstream_is_told_with_host_provider_and_whose_key():
    claude, local, openai = facts(SETTINGS)["upstreams"]

    assert (claude["host"], claude["provider"], claude["provider_from"]) == (
        "api.anthropic.com",
        "anthropic",
        "host",
    )
    assert claude["sdk_base_url"] == "http://127.0.0.1:8080/llm/anthropic"
    assert (local["provider"], local["provider_from"], local["key"]) == ("vllm", "settings", "the caller's")
    assert (openai["sdk_base_url"], openai["key"]) == ("http://127.0.0.1:8080/llm/v1", "from the settings")


def test_every_model_is_told_with_the_source_of_its_profile():
    sources = {model["name"]: model["source"] for model in facts(SETTINGS)["models"]}

    assert sources["mine"] == "measured"
    assert sources["gpt-4o"].startswith("published prior")
    assert sources["new"].startswith("default")


def test_the_summary_names_what_matters_and_no_key():
    told = summary(SETTINGS)

    for word in (
        "http://127.0.0.1:8080/llm",
        "2 processes",
        "https://api.anthropic.com",
        "qwen*",
        "published prior",
    ):
        assert word in told
    assert "hidden" not in told + json.dumps(facts(SETTINGS))
    assert max(map(len, told.splitlines())) <= 130


def test_who_may_call_and_what_they_may_ask_for_is_told_without_a_key():
    settings = Settings.model_validate(
        {
            "listen": {"prefix": "/llm"},
            "clients": [
                {"name": "web", "key": "hidden-hidden-hidden", "is_trusted": True},
                {"name": "batch", "key": "hidden-hidden-hidden-2"},
            ],
            "policy": {"allow_bypass": True},
            "policies": {"strict": {"mode": "block"}, "calm": {}},
            "model_map": {"my-deployment": "gpt-4o"},
        }
    )

    told, found = summary(settings), facts(settings)

    for line in (
        "clients     web, batch",
        "            others are answered as well; trusted: web",
        "            every caller may skip image work by x-jnd-bypass (policy.allow_bypass)",
        "policies    calm, strict",
        "model_map   my-deployment -> gpt-4o",
    ):
        assert line in told.splitlines(), told
    assert (found["prefix"], found["model_map"]) == ("/llm", {"my-deployment": "gpt-4o"})
    assert (found["trusted_clients"], found["policy"]["allow_bypass"]) == (["web"], True)
    assert "hidden" not in told + json.dumps(found)


def test_many_clients_take_several_lines():
    clients = [{"name": f"client-{number}", "key": f"{number:032}"} for number in range(40)]

    told = summary(Settings.model_validate({"clients": clients, "only_known_clients": True}))

    assert all(client["name"] in told for client in clients)
    assert "            others are refused" in told.splitlines()
    assert max(map(len, told.splitlines())) <= 130


def test_upstreams_whose_pictures_by_address_pass_unseen_are_named():
    some = SETTINGS.model_copy(
        update={"upstream": SETTINGS.upstream.model_copy(update={"image_urls": "fetch-check-inline"})}
    )

    assert "looking at pictures named by an address (image_urls)" in what_is_off(SETTINGS)
    assert "looking at pictures named by an address in requests to claude, local (image_urls)" in what_is_off(
        some
    )


def test_what_is_off_names_the_key_that_changes_it():
    assert any("(policy.mode)" in line for line in what_is_off(Settings()))
    everything = Settings.model_validate(
        {
            "policy": {"mode": "block"},
            "upstream": {"image_urls": "fetch-check-inline"},
            "only_known_clients": True,
            "readiness": {"check_upstream": True},
            "telemetry": {"otlp_endpoint": "http://localhost:4318"},
            "review": REVIEW,
        }
    )
    assert what_is_off(everything) == []
    blind = Settings(policy={"inspection": "off"})
    assert "examining pictures for edits (policy.inspection)" in what_is_off(blind)


def test_a_proxy_of_the_environment_is_told_without_its_password(monkeypatch):
    monkeypatch.setenv("https_proxy", "http://me:hunter2@proxy.example:3128")
    monkeypatch.setenv("no_proxy", "api.anthropic.com")

    claude, local, openai = facts(SETTINGS)["upstreams"]

    assert openai["proxy"] == "proxy.example:3128"
    assert claude["proxy"] is None
    assert local["proxy"] is None
    assert "hunter2" not in summary(SETTINGS)


def test_the_summary_needs_no_torch():
    code = "import sys, gateway.startup, gateway.check_config; sys.exit('torch' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_what_is_done_to_which_pictures_is_told():
    settings = Settings.model_validate(
        {
            "policy": {
                "mode": "sanitize",
                "actions": {"hidden_text": "block", "container": "monitor"},
                "sanitize_when": "always",
                "allow": ["ab" * 32],
            },
            "policies": {"strict": {"models": ["gpt-4*"], "mode": "block"}},
        }
    )

    told = summary(settings).splitlines()

    for line in (
        "policy      sanitize flagged; what cannot be checked: forward",
        "            container: monitor, hidden_text: block",
        "            every picture is sanitized (policy.sanitize_when)",
        "            pictures never flagged: 1 of the settings",
        "            strict treats unasked: models gpt-4*",
    ):
        assert line in told, told
    assert not any("(policy.mode)" in line for line in what_is_off(settings))


def test_named_policies_are_told_with_what_they_do():
    settings = Settings(policies={"strict": {"models": ["gpt-4*"], "mode": "block"}, "calm": {}})

    assert "            calm: monitor, strict: block" in summary(settings).splitlines()
    assert not any("(policy.mode)" in line for line in what_is_off(settings))
    assert any("(policy.mode)" in line for line in what_is_off(Settings(policies={"calm": {}})))


def test_a_shared_memory_is_told_without_its_password():
    shared = SETTINGS.model_copy(
        update={"memory": Memory.model_validate({"redis_url": "rediss://:hidden@redis:6380/1"})}
    )

    assert "memory      shared by rediss://redis:6380/1, keys jnd:*" in summary(shared).splitlines()
    assert facts(shared)["memory"] == "rediss://redis:6380/1"
    assert facts(SETTINGS)["memory"] == ""
    assert "hidden" not in summary(shared) + json.dumps(facts(shared))


def test_what_is_kept_for_review_is_told_without_key_or_password():
    told = summary(Settings.model_validate({"review": REVIEW}))

    assert "pictures of flagged images in /var/lib/jnd (PostgreSQL)" in told
    assert "http://127.0.0.1:9190/review" in told and "30 days" in told
    assert "the-key" not in told and "hidden" not in told
    assert not [line for line in what_is_off(Settings.model_validate({"review": REVIEW})) if "review" in line]
