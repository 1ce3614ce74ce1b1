import pytest

from gateway.relay.exchange import Exchange
from gateway.relay.genai import error_type, operation_name, provider_name


def test_our_names_become_those_of_the_convention():
    assert [operation_name(dialect) for dialect in ("openai_chat", "anthropic", "gemini")] == [
        "chat",
        "chat",
        "generate_content",
    ]
    assert [provider_name(provider) for provider in ("openai", "gemini", "azure", "mine")] == [
        "openai",
        "gcp.gemini",
        "azure.ai.openai",
        "mine",
    ]


@pytest.mark.parametrize(
    ("status", "failures", "word"),
    [
        (200, [], ""),
        (200, ["url"], ""),  # ours, and the upstream answered all the same
        (200, ["upstream_cut"], "upstream_cut"),
        (404, [], "404"),
        (502, ["upstream_unreachable"], "upstream_unreachable"),
    ],
)
def test_a_failure_is_one_word(status, failures, word):
    assert error_type(Exchange("openai_chat", "openai", "/", status=status, failures=failures)) == word


def test_the_first_chunk_of_a_stream_is_no_header(gateway, chat_body):
    server = gateway()
    labels = 'gen_ai_operation_name="chat",gen_ai_provider_name="test",gen_ai_request_model="m"'
    name = "gen_ai_client_operation_time_to_first_chunk_seconds"

    server.chat(chat_body(), x_test="late_stream")

    assert server.settles_at(f"{name}_count{{{labels}}}", 1)
    assert 0.3 <= server.metric(f"{name}_sum{{{labels}}}") < 3
    assert server.metric("jnd_upstream_seconds_sum") < 0.3
