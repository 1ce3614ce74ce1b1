"""What the templates of list and flag are filled with, read from the store."""

from typing import Any

from gateway.detection.verdict import KINDS
from gateway.review import words
from gateway.review.filters import Filter
from gateway.review.flag import MARKS, Flag
from gateway.review.store import MOST_COUNTED, ReviewStore

PAGE_SIZE = 50


def list_view(store: ReviewStore, wanted: Filter) -> dict[str, Any]:
    """Return one page of flags, with what there is to choose from and the way on."""
    found = store.find(wanted, PAGE_SIZE + 1)
    is_back = wanted.after is not None
    has_more = len(found) > PAGE_SIZE
    is_whole = not has_more and wanted == wanted.at()
    flags = found[-PAGE_SIZE:] if is_back else found[:PAGE_SIZE]
    has_newer = has_more if is_back else wanted.before is not None
    has_older = bool(flags) if is_back else has_more
    return {
        "flags": flags,
        "wanted": wanted,
        "count": counted(len(found) if is_whole else store.count(wanted)),
        "models": store.words("model"),
        "clients": store.words("client"),
        "all_kinds": KINDS,
        "all_marks": MARKS,
        "newer": _link(wanted, after=flags[0].id) if has_newer and flags else "",
        "older": _link(wanted, before=flags[-1].id) if has_older and flags else "",
    }


def flag_view(store: ReviewStore, flag: Flag, wanted: Filter) -> dict[str, Any]:
    """Return one flag, with the flags beside it in its list."""
    newer, older = store.find(wanted.at(after=flag.id), 1), store.find(wanted.at(before=flag.id), 1)
    open_ones = store.count(Filter(digest=flag.digest, mark="open"))
    return {
        "flag": flag,
        "wanted": wanted.at(),
        "times": counted(store.count(Filter(digest=flag.digest))),
        "others": open_ones - (flag.mark == "open"),
        "has_picture": store.pictures.has(flag.digest),
        "request_facts": words.request_facts(flag),
        "picture_facts": words.picture_facts(flag),
        "newer": newer[0].id if newer else "",
        "older": older[0].id if older else "",
    }


def counted(count: int) -> str:
    """Write a number that is not counted to its end."""
    return f"{MOST_COUNTED:,}+" if count >= MOST_COUNTED else f"{count:,}"


def _link(wanted: Filter, **place: str) -> str:
    (name, flag_id), *_ = place.items()
    return "&".join(filter(None, (wanted.query, f"{name}={flag_id}")))
