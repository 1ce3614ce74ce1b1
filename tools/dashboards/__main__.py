"""Write the Grafana dashboards that deploy/ ships: `python -m tools.dashboards [FOLDER]`."""

import json
import sys
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from tools.dashboards import efficiency, safety, service

FOLDER = Path(__file__).parents[2] / "deploy" / "grafana" / "dashboards"
_DASHBOARDS = {
    "safety": safety.dashboard,
    "efficiency": efficiency.dashboard,
    "service": service.dashboard,
}


def written() -> dict[str, str]:
    """Return each file's name and content."""
    return {
        f"{name}.json": json.dumps(make(), cls=JSONEncoder, indent=1, sort_keys=True, ensure_ascii=False)
        + "\n"
        for name, make in _DASHBOARDS.items()
    }


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    for name, text in written().items():
        (folder / name).write_text(text, encoding="utf-8")
