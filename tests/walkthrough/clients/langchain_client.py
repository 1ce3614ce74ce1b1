"""LangChain as people use it, its base URLs led to the gateway; one JSON line of what it was told.

python langchain_client.py GATEWAY_ADDRESS PICTURE_FILE
"""

import base64
import json
import sys
from pathlib import Path

from langchain_anthropic import ChatAnthropic
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI

address, picture = sys.argv[1], base64.b64encode(Path(sys.argv[2]).read_bytes()).decode()
SHOWN = HumanMessage(
    [
        {"type": "text", "text": "How large?"},
        {"type": "image", "source_type": "base64", "mime_type": "image/png", "data": picture},
    ]
)
CALL = {"id": "toolu_1", "name": "look", "args": {}}
RESULT = [
    {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": picture}},
]


@tool
def look() -> str:
    """Look out of the window."""
    return "seen"


chat = ChatOpenAI(model="m", base_url=f"{address}/v1", api_key="k", max_retries=0)
claude = ChatAnthropic(model="m", base_url=f"{address}/anthropic", api_key="k", max_retries=0, max_tokens=99)
turns = [
    HumanMessage("How large?"),
    AIMessage("", tool_calls=[CALL]),
    ToolMessage(content=RESULT, tool_call_id="toolu_1"),
]
print(
    json.dumps(
        {
            "plain": chat.invoke("Where?").text,
            "stream": [chunk.text for chunk in chat.stream("Where?") if chunk.text],
            "picture": chat.invoke([SHOWN]).text,
            "claude": claude.invoke("Where?").text,
            "claude_stream": "".join(chunk.text for chunk in claude.stream("Where?")),
            "tool_picture": claude.bind_tools([look]).invoke(turns).text,
        }
    )
)
