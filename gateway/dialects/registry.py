"""The API formats that the gateway looks into, in the order in which they are asked whose a path is."""

from gateway.dialects.anthropic import Anthropic
from gateway.dialects.azure import AzureChat, AzureResponses
from gateway.dialects.gemini import Gemini
from gateway.dialects.gemini_interactions import GeminiInteractions
from gateway.dialects.ollama import Ollama
from gateway.dialects.openai_chat import OpenAIChat
from gateway.dialects.openai_responses import OpenAIResponses
from gateway.dialects.protocol import Dialect

# The first renders errors of requests that are nobody's.
DIALECTS: tuple[Dialect, ...] = (
    OpenAIChat(),
    OpenAIResponses(),
    AzureChat(),
    AzureResponses(),
    Anthropic(),
    Gemini(),
    GeminiInteractions(),
    Ollama(),
)
