"""Write logs to stderr: one JSON line per request, plain lines for everything else."""

import logging
import sys


def configure_logging() -> None:
    """Set up logging for a serving process; called once, by the command line."""
    plain = logging.StreamHandler(sys.stderr)
    plain.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[plain])
    lines = logging.StreamHandler(sys.stderr)
    lines.setFormatter(logging.Formatter("%(message)s"))
    access = logging.getLogger("gateway.access")
    access.handlers = [lines]
    access.propagate = False
