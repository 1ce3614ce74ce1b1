"""How uvicorn speaks HTTP here."""

import uvicorn
from starlette.types import ASGIApp

from gateway.settings import Settings


def server_config(app: ASGIApp, settings: Settings) -> uvicorn.Config:  # noqa: ARG001 - timeouts of callers come with it
    """Return the server's options; the socket comes with the call to run it."""
    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        ws="none",
        lifespan="on",
        timeout_keep_alive=75,  # longer than the idle time of usual load balancers, 60 s
    )
