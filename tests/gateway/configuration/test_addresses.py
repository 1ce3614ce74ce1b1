import pytest

from gateway.configuration.addresses import check_base_url, is_public


@pytest.mark.parametrize(
    "url",
    [
        "https://api.openai.com/v1",
        "http://localhost:8000/v1",
        "http://embedded:8001/v1/",
        "http://192.168.1.7:11434/v1",
        "https://gateway.example.org/openai/v3",
        "http://[::1]:8000/v1",
        "https://generativelanguage.googleapis.com/v1beta/openai",
        "https://mine.openai.azure.com/openai/v1",
        "http://localhost:11434/v1",
        "https://openrouter.ai/api/v1",
    ],
)
def test_a_base_url_is_taken_without_a_word(url):
    assert check_base_url(url, "auto") == []


@pytest.mark.parametrize(
    ("url", "provider"),
    [
        ("https://api.anthropic.com", "auto"),
        ("https://generativelanguage.googleapis.com", "auto"),
        ("https://mine.openai.azure.com", "auto"),
        ("http://localhost:11434", "ollama"),
    ],
)
def test_apis_whose_sdk_adds_the_version_need_no_v1(url, provider):
    assert check_base_url(url, provider) == []


@pytest.mark.parametrize(
    ("url", "fix"),
    [
        ("https://api.openai.com/v1/chat/completions", "write its base: https://api.openai.com/v1"),
        ("https://api.openai.com/v1/responses/", "write its base: https://api.openai.com/v1"),
        ("https://api.anthropic.com/v1/messages", "write its base: https://api.anthropic.com/v1"),
        ("http://localhost:11434/api/chat", "write its base: http://localhost:11434"),
        (
            "https://g.example/v1beta/models/gemini-2:generateContent",
            "write its base: https://g.example/v1beta",
        ),
        (
            "https://generativelanguage.googleapis.com/v1beta/",
            "write https://generativelanguage.googleapis.com",
        ),
        ("https://mine.openai.azure.com/openai/deployments/d", "write https://mine.openai.azure.com"),
        ("http://localhost:11434/api", "write http://localhost:11434"),
        ("http://localhost:8000/v1/v1", "write http://localhost:8000/v1"),
        ("https://mine.openai.azure.com/?api-version=1", "write https://mine.openai.azure.com/"),
        ("example.org", "did you mean https://example.org?"),
        ("localhost:8000/v1", "did you mean http://localhost:8000/v1?"),
        ("ftp://example.org", "begins with https:// or http://"),
        ("", "begins with https:// or http://"),
        ("https://", "expected an address such as"),
        ("https://example.org:0/v1", "expected an address such as"),
        ("https://example.org:99999/v1", "expected an address such as"),
        ("http://[::1/v1", "expected an address such as"),
        ("https://exa mple.org/v1", "holds a space"),
        ("https://example.org/v1\r\nHost: x", "holds a space"),
        ("https://bücher.example/v1", "percent-encoded"),
        ("https://example.org/../v1", "holds /./ or /../"),
        ("https://example.org/%2E%2e/v1", "holds /./ or /../"),
    ],
)
def test_what_people_paste_is_refused_with_what_to_write(url, fix):
    ((severity, message),) = check_base_url(url, "auto")

    assert severity == "error"
    assert fix in message


@pytest.mark.parametrize(
    "url",
    ["https://me:hunter2@example.org/v1", "https://hunter2@example.org/v1", "https://me:hunter2@[::1/v1"],
)
def test_a_password_in_the_address_is_refused_and_not_shown(url):
    ((severity, message),) = check_base_url(url, "auto")

    assert severity == "error"
    assert "hunter2" not in message


def test_a_missing_v1_is_warned_of():
    assert check_base_url("http://localhost:8000", "vllm") == [
        (
            "warning",
            "has no path, and such APIs usually answer below /v1: did you mean http://localhost:8000/v1?",
        )
    ]


@pytest.mark.parametrize(
    ("url", "meant"),
    [
        ("https://bedrock-runtime.us-east-1.amazonaws.com", "/openai/v1"),
        ("https://api.groq.com", "/openai/v1"),
        ("https://openrouter.ai/", "/api/v1"),
        ("https://dashscope-intl.aliyuncs.com", "/compatible-mode/v1"),
        ("https://api.mistral.ai", "/v1"),
    ],
)
def test_a_missing_path_is_the_one_that_host_has(url, meant):
    ((severity, message),) = check_base_url(url, "auto")

    assert severity == "warning"
    assert message.endswith(f"did you mean {url.rstrip('/')}{meant}?")
    assert check_base_url(url.rstrip("/") + meant, "auto") == []


@pytest.mark.parametrize(
    ("host", "public"),
    [
        ("api.openai.com", True),
        ("8.8.8.8", True),
        ("localhost", False),
        ("10.0.0.1", False),
        ("embedded", False),
        ("llm.internal", False),
        ("vllm.models.svc", False),
        ("::1", False),
        ("127.0.0.1", False),
    ],
)
def test_keys_go_unencrypted_only_to_hosts_nearby(host, public):
    assert is_public(host) == public
    netloc = f"[{host}]" if ":" in host else host
    assert (
        any("unencrypted" in message for _, message in check_base_url(f"http://{netloc}/v1", "vllm"))
        == public
    )
