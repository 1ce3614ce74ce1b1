"""Stores in folders of their own, and flags to put into them."""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from calibration.image_source import DecodeLimits
from gateway.detection.combination import load_calibration
from gateway.detection.verdict import Evidence
from gateway.review.allowing import AllowFile
from gateway.review.critiquing import Critiquing
from gateway.review.drawing import Drawings
from gateway.review.filters import Named
from gateway.review.flag import Circumstances, Flag, new_id
from gateway.review.judging import Judging
from gateway.review.page import ReviewPage, create_review_app
from gateway.review.rendering import Templates
from gateway.review.sessions import Sessions
from gateway.review.signing_in import Door
from gateway.review.store import Caught, ReviewStore
from tests.gateway.conftest import Answer, Server, listening

PICTURE = b"\x89PNG and the rest of a picture"
DAY = 86_400.0
NOON = 1_800_000_000.0


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ReviewStore]:
    opened = ReviewStore.open(tmp_path / "review")
    yield opened
    opened.close()


def caught(at: float = NOON, picture: bytes | None = PICTURE, **changes: Any) -> Caught:
    """Make a flag with its picture, of a moment; `changes` are fields of the flag or of its request."""
    circumstances = {
        name: changes.pop(name) for name in Circumstances.__dataclass_fields__ if name in changes
    }
    request = replace(Circumstances(tenant="t1", client="shop", model="gpt-4o"), **circumstances)
    evidence = Evidence("residual", 3.5, 0.001, None, "Noise was added.", boxes=((0, 0, 16, 16, 1.0),))
    fields = {
        "id": new_id(at),
        "digest": hashlib.sha256(picture or b"gone").hexdigest(),
        "request": request,
        "outcome": "imperceptible_edit",
        "kinds": ("residual",),
        "p_value": 0.001,
        "jnd_ratio": 0.5,
        "explanation": "Noise was added.",
        "evidence": (evidence,),
        "action": "monitor",
        "size_bytes": len(picture or b""),
    }
    return Caught(Flag(**(fields | changes)), picture)


@pytest.fixture
def catch() -> Callable[..., Caught]:
    return caught


@pytest.fixture
def kept(store, catch, png):
    """Three flags: two of one picture, one of a file that is none."""
    flags = [
        catch(at=NOON, picture=png, request_id="first"),
        catch(at=NOON + 1, picture=png, kinds=("container", "residual"), client="web", model="other"),
        catch(at=NOON + 2, explanation="It reads <script>alert(1)</script> & more."),
    ]
    store.add(flags)
    return [each.flag for each in flags]


KEY = "the-key-of-the-page"


@pytest.fixture
def page(store: ReviewStore, tmp_path: Path) -> ReviewPage:
    limits = DecodeLimits()
    return ReviewPage(
        store=store,
        judging=Judging(store, AllowFile(tmp_path / "allowed.txt")),
        drawings=Drawings(limits, 1_000_000),
        critiquing=Critiquing(None, limits),
        door=Door(Sessions(KEY), Templates("1")),
        templates=Templates("1"),
        keeps_pictures=True,
        calibration=load_calibration(),
        named=Named(frozenset({"gpt-4o"}), frozenset({"shop", "web"})),
    )


class Reviewer:
    """Somebody at a browser without JavaScript."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.cookie = ""

    def get(self, path: str, **headers: str) -> Answer:
        return self.server.ask("GET", path, headers=self._headers(headers))

    def post(self, path: str, **fields: str) -> Answer:
        sent = {"content-type": "application/x-www-form-urlencoded"}
        return self.server.ask("POST", path, urlencode(fields), self._headers(sent))

    def sign_in(self, key: str = KEY) -> Answer:
        answer = self.post("/review/sign-in", key=key)
        self.cookie = answer.headers.get("set-cookie", "").partition(";")[0]
        return answer

    def word(self) -> str:
        found = re.search(r'name="word" value="(\w+)"', self.get("/review").body.decode())
        assert found is not None
        return found[1]

    def _headers(self, more: Mapping[str, str]) -> dict[str, str]:
        return {**({"cookie": self.cookie} if self.cookie else {}), **more}


@pytest.fixture
def stranger(page: ReviewPage) -> Iterator[Reviewer]:
    with listening(create_review_app(page)) as server:
        yield Reviewer(server)


@pytest.fixture
def reviewer(stranger: Reviewer) -> Reviewer:
    stranger.sign_in()
    return stranger
