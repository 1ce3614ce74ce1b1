"""OpenAI's APIs at Azure: the same bodies at other paths, with the deployment in the place of the model."""

import re
from collections.abc import Sequence

from gateway.dialects.openai_chat import OpenAIChat
from gateway.dialects.openai_responses import PATHS, OpenAIResponses
from gateway.dialects.reading.document import Fields

_CHAT = re.compile(r"/openai/deployments/(?P<deployment>[^/]+)/(extensions/)?chat/completions", re.IGNORECASE)
_RESPONSES = re.compile(r"/openai(/deployments/(?P<deployment>[^/]+)|/v1)?/" + PATHS, re.IGNORECASE)
_CREDENTIALS: Sequence[bytes] = (b"api-key", b"authorization")


class AzureChat(OpenAIChat):
    """POST /openai/deployments/NAME/chat/completions; at later paths the body names the model."""

    name = "azure_chat"
    credential_headers = _CREDENTIALS

    def takes(self, path: str) -> bool:
        """Take a deployment's chat completions."""
        return _CHAT.fullmatch(path) is not None

    def model_of(self, path: str, document: Fields) -> str:
        """Return the deployment, which counts whatever the body says."""
        return _deployment(_CHAT, path) or super().model_of(path, document)


class AzureResponses(OpenAIResponses):
    """POST /openai/responses and /openai/v1/responses."""

    name = "azure_responses"
    credential_headers = _CREDENTIALS

    def takes(self, path: str) -> bool:
        """Take responses, with and without a version, as both are served."""
        return _RESPONSES.fullmatch(path) is not None

    def model_of(self, path: str, document: Fields) -> str:
        """Return the deployment, which counts whatever the body says."""
        return _deployment(_RESPONSES, path) or super().model_of(path, document)


def _deployment(pattern: re.Pattern[str], path: str) -> str:
    match = pattern.fullmatch(path)
    return (match["deployment"] or "") if match else ""
