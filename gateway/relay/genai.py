"""OpenTelemetry's words for generative AI: what our dialects, providers and failures are called there.

Names of https://opentelemetry.io/docs/specs/semconv/gen-ai/, whose status is Development.
"""

from collections.abc import Mapping

from gateway.relay.exchange import Exchange

NOT_GENERATIVE = "passthrough"  # dialect of requests that are not looked into
_FIRST_ERROR_STATUS = 400
_OPERATIONS: Mapping[str, str] = {"gemini": "generate_content"}
_PROVIDERS: Mapping[str, str] = {
    "azure": "azure.ai.openai",
    "bedrock": "aws.bedrock",
    "gemini": "gcp.gemini",
    "mistral": "mistral_ai",
    "vertex": "gcp.vertex_ai",
    "xai": "x_ai",
}


def operation_name(dialect: str) -> str:
    """Return `gen_ai.operation.name`."""
    return _OPERATIONS.get(dialect, "chat")


def provider_name(provider: str) -> str:
    """Return `gen_ai.provider.name`; names without a word there are their own."""
    return _PROVIDERS.get(provider, provider)


def error_type(exchange: Exchange) -> str:
    """Return `error.type`: how asking the upstream failed, in one word or its status; empty if it did not."""
    failed = next((kind for kind in exchange.failures if kind.startswith("upstream_")), "")
    if not failed and exchange.status >= _FIRST_ERROR_STATUS:
        return str(exchange.status)
    return failed
