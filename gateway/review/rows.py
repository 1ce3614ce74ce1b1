"""Flags as rows of the store, and filters as queries of it."""

from typing import Any

from sqlalchemy import ColumnElement, Row, Select

from gateway.review.filters import Filter
from gateway.review.flag import Circumstances, Flag, evidence_from_json, evidence_to_json, first_id_at
from gateway.review.tables import FLAGS, KINDS

_REQUEST = tuple(Circumstances.__dataclass_fields__)
_LONGEST = 1000  # characters of what a caller makes up: a model's name, a path


def key_of(wanted: Filter) -> ColumnElement[str]:
    """Return the column whose index is in the order of the list; that of kinds is as well."""
    return FLAGS.c.id if wanted.kind is None else KINDS.c.flag_id


def matching(query: Select[Any], wanted: Filter) -> Select[Any]:
    """Return the query with the filter's conditions."""
    if wanted.kind is not None:
        query = query.join(KINDS, KINDS.c.flag_id == FLAGS.c.id).where(KINDS.c.kind == wanted.kind)
    key = key_of(wanted)
    exact = {"model": wanted.model, "client": wanted.client, "mark": wanted.mark, "digest": wanted.digest}
    for column, value in exact.items():
        if value is not None:
            query = query.where(FLAGS.c[column] == value)
    if wanted.since is not None:
        query = query.where(key >= first_id_at(wanted.since))
    if wanted.until is not None:
        query = query.where(key < first_id_at(wanted.until))
    if wanted.before is not None:
        query = query.where(key < wanted.before)
    if wanted.after is not None:
        query = query.where(key > wanted.after)
    return query


def row_of(flag: Flag) -> dict[str, Any]:
    """Return a flag as its row."""
    return {
        "id": flag.id,
        "digest": flag.digest,
        **{name: _plain(getattr(flag.request, name)[:_LONGEST]) for name in _REQUEST},
        "outcome": flag.outcome,
        "kinds": ",".join(flag.kinds),
        "p_value": flag.p_value,
        "jnd_ratio": flag.jnd_ratio,
        "explanation": _plain(flag.explanation),
        "evidence": evidence_to_json(flag.evidence),
        "action": flag.action,
        "size_bytes": flag.size_bytes,
        "width": flag.width,
        "height": flag.height,
        "artifact": flag.artifact,
        "mark": flag.mark,
        "marked_at": flag.marked_at,
        "stratum": flag.stratum,
    }


def flag_of(row: Row[Any]) -> Flag:
    """Return a row as its flag."""
    fields = dict(row._mapping)
    return Flag(
        request=Circumstances(**{name: fields.pop(name) for name in _REQUEST}),
        kinds=tuple(filter(None, fields.pop("kinds").split(","))),
        evidence=evidence_from_json(fields.pop("evidence")),
        **fields,
    )


def _plain(text: str) -> str:
    """Return text as every database takes it: without halves of characters, without the character zero."""
    return text.encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")
