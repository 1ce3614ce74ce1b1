"""What the detection benchmark is held against, by group of cells; said of each whether it is met."""

from collections.abc import Mapping

Row = Mapping[str, object]

# Share flagged at alpha = .01. L-infinity noise made for one picture, by its bound and how it is sent.
ONE_SHOT = {
    "eps 2 png": 0.59,
    "eps 4 png": 0.88,
    "eps 8 png": 0.99,
    "eps 16 png": 0.99,
    "eps 8 jpeg 95": 0.88,
    "eps 4 jpeg 90": 0.55,
    "eps 8 jpeg 90": 0.78,
    "eps 8 jpeg 75": 0.70,
    "eps 16 jpeg 75": 0.94,
    "universal eps 8 jpeg 90": 0.25,
}
HARDENED = {"eps 8 jpeg 90": 0.60, "eps 8 jpeg 75": 0.60, "eps 16 jpeg 90": 0.95, "eps 16 jpeg 75": 0.95}


def against(floors: Mapping[str, float], groups: Mapping[str, Row]) -> dict[str, dict[str, object]]:
    """Compare groups with their floors; a group without cases is left out."""
    found: dict[str, dict[str, object]] = {}
    for name, floor in floors.items():
        row = groups.get(name, {"n": 0})
        if row["n"]:
            rate = float(str(row["rate"]))
            found[name] = {"floor": floor, "rate": rate, "interval": row["interval"], "met": rate >= floor}
    return found
