"""Ask about a picture through OpenAI's own SDK, as any caller would.

The SDK is loaded when a client is made: the gateway itself has no need of it.
"""

import base64
import importlib
from typing import TYPE_CHECKING

from gateway.demo.services import Service, ServiceError
from gateway.demo.table import Reply, Sample

if TYPE_CHECKING:
    from openai import OpenAI


class Client:
    """An OpenAI SDK client of one server."""

    def __init__(self, service: Service) -> None:
        try:
            self._openai = importlib.import_module("openai")
        except ModuleNotFoundError as error:
            raise ServiceError("expected the OpenAI SDK: install the extra `dev`, or `openai`") from error
        self._name = service.name
        # Everything is on this machine: never through a proxy that the environment may name.
        direct = self._openai.DefaultHttpxClient(trust_env=False)
        self._client: OpenAI = self._openai.OpenAI(
            base_url=f"{service.address}/v1", api_key="none-needed", max_retries=0, http_client=direct
        )

    def ask(self, sample: Sample, question: str, *, model: str) -> tuple[Reply, dict[str, str]]:
        """Return the answer, and the response's headers by lower-case name.

        Raises:
            ServiceError: The server did not answer, or with an error.
        """
        encoded = base64.b64encode(sample.file.read_bytes()).decode("ascii")
        url = f"data:{sample.media_type};base64,{encoded}"
        try:
            raw = self._client.chat.completions.with_raw_response.create(
                model=model,
                temperature=0,
                messages=[
                    {
                        "role": "user",
                        "content": [
                            {"type": "image_url", "image_url": {"url": url}},
                            {"type": "text", "text": question},
                        ],
                    }
                ],
            )
        except self._openai.OpenAIError as error:
            raise ServiceError(f"{self._name} did not answer about {sample.title}: {error}") from error
        completion = raw.parse()
        tokens = completion.usage.prompt_tokens if completion.usage else 0
        reply = Reply((completion.choices[0].message.content or "").strip(), tokens)
        return reply, {name.lower(): value for name, value in raw.headers.items()}

    def close(self) -> None:
        """Close the connections, so that a server may drain at once."""
        self._client.close()
