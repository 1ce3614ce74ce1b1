"""The least a Python proxy can do: plain ASGI on uvicorn and uvloop, aiohttp behind it; a yardstick for ours.

python tests/benchmarks/gateway_bare.py PORT UPSTREAM_PORT
"""

import sys

import aiohttp
import uvicorn

DROPPED = frozenset({b"host", b"content-length", b"connection", b"transfer-encoding"})


class BareProxy:
    """Reads a body, sends it on, passes the answer back piece by piece."""

    def __init__(self, upstream: int) -> None:
        self._upstream = f"http://127.0.0.1:{upstream}"
        self._session: aiohttp.ClientSession | None = None

    async def __call__(self, scope, receive, send) -> None:
        if scope["type"] != "http":
            return
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=0)
            self._session = aiohttp.ClientSession(auto_decompress=False, connector=connector)
        message = await receive()
        pieces = [message["body"]]
        while message.get("more_body"):
            message = await receive()
            pieces.append(message["body"])
        headers = {name.decode(): value.decode() for name, value in scope["headers"] if name not in DROPPED}
        url = self._upstream + scope["path"]
        async with self._session.request(
            scope["method"], url, data=b"".join(pieces), headers=headers
        ) as answer:
            kept = [(name, value) for name, value in answer.raw_headers if name.lower() not in DROPPED]
            if answer.content_length is not None:
                kept.append((b"content-length", str(answer.content_length).encode()))
            await send({"type": "http.response.start", "status": answer.status, "headers": kept})
            async for piece in answer.content.iter_any():
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b""})


if __name__ == "__main__":
    uvicorn.run(
        BareProxy(int(sys.argv[2])),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        log_level="error",
        access_log=False,
        lifespan="off",
        timeout_keep_alive=75,
    )
