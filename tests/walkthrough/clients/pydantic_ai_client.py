"""pydantic-ai as people use it, its base URLs led to the gateway; one JSON line of what it was told.

python pydantic_ai_client.py GATEWAY_ADDRESS PICTURE_FILE
"""

import asyncio
import json
import sys
from pathlib import Path

from anthropic import AsyncAnthropic
from pydantic_ai import Agent, BinaryContent
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.openai import OpenAIProvider

address = sys.argv[1]
picture = BinaryContent(Path(sys.argv[2]).read_bytes(), media_type="image/png")
chat = OpenAIChatModel("m", provider=OpenAIProvider(base_url=f"{address}/v1", api_key="k"))
client = AsyncAnthropic(base_url=f"{address}/anthropic", api_key="k", max_retries=0)
claude = AnthropicModel("m", provider=AnthropicProvider(anthropic_client=client))


def look() -> BinaryContent:
    """Look out of the window."""
    return picture


async def main() -> None:
    async with Agent(chat).run_stream("Where?") as streamed:
        pieces = [piece async for piece in streamed.stream_text(delta=True, debounce_by=None)]
    answers = {
        "plain": (await Agent(chat).run("Where?")).output,
        "stream": pieces,
        "picture": (await Agent(chat).run(["How large?", picture])).output,
        "tool_picture": (await Agent(chat, tools=[look]).run("How large?")).output,
        "claude": (await Agent(claude).run("Where?")).output,
        "claude_tool_picture": (await Agent(claude, tools=[look]).run("How large?")).output,
    }
    print(json.dumps(answers))


asyncio.run(main())
