"""Flags as rows of the store, and filters as queries of it."""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, select

from gateway.review.filters import Filter
from gateway.review.flag import (
    Circumstances,
    Flag,
    evidence_from_json,
    evidence_to_json,
    finite,
    first_id_at,
    plain,
)
from gateway.review.tables import FLAGS, KINDS

_REQUEST = tuple(Circumstances.__dataclass_fields__)
_MOST_BYTES = 500  # of what a caller makes up, such as a model's name: several fit into a row of an index


def key_of(wanted: Filter) -> ColumnElement[str]:
    """Return the column whose index is in the order of the list; that of kinds is as well."""
    return KINDS.c.flag_id if _is_kind_alone(wanted) else FLAGS.c.id


def ids_of(wanted: Filter) -> Select[str]:
    """Return the query of the ids of a list, in no order yet: answered by an index, without a look at rows.

    One word is looked up in its own index. Several are compared along the list: where a database looked up
    one of them, it would visit a row for each flag of that word.
    """
    key = key_of(wanted)
    query = select(key)
    if _is_kind_alone(wanted):
        query = query.where(KINDS.c.kind == wanted.kind)
    elif wanted.kind is not None:
        query = query.where(exists().where(KINDS.c.kind == wanted.kind, KINDS.c.flag_id == FLAGS.c.id))
    exact = {"model": wanted.model, "client": wanted.client, "mark": wanted.mark}
    said = {column: value for column, value in exact.items() if value is not None}
    is_one = len(said) + (wanted.kind is not None) == 1
    for column, names in wanted.all_but.items():
        query = query.where(FLAGS.c[column].not_in(sorted(names)))
        del said[column]
    for column, value in said.items():
        compared = FLAGS.c[column] if is_one else FLAGS.c[column].concat("")
        query = query.where(compared == value)
    if wanted.digest is not None:
        query = query.where(FLAGS.c.digest == wanted.digest)
    for bound in _bounds(wanted, key):
        query = query.where(bound)
    return query


def _bounds(wanted: Filter, key: ColumnElement[str]) -> Iterator[ColumnElement[bool]]:
    """Return what times and the place in the list say of ids, which begin with their time."""
    if wanted.since is not None:
        yield key >= first_id_at(wanted.since)
    if wanted.until is not None:
        yield key < first_id_at(wanted.until)
    if wanted.before is not None:
        yield key < wanted.before
    if wanted.after is not None:
        yield key > wanted.after


def _is_kind_alone(wanted: Filter) -> bool:
    others = (wanted.model, wanted.client, wanted.mark, wanted.digest)
    return wanted.kind is not None and all(each is None for each in others)


def row_of(flag: Flag) -> dict[str, Any]:
    """Return a flag as its row."""
    return {
        "id": flag.id,
        "digest": flag.digest,
        **{name: plain(getattr(flag.request, name), _MOST_BYTES) for name in _REQUEST},
        "outcome": flag.outcome,
        "kinds": ",".join(flag.kinds),
        "p_value": finite(flag.p_value, 1.0),
        "jnd_ratio": finite(flag.jnd_ratio, None),
        "explanation": plain(flag.explanation),
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


def flag_of(row: Mapping[Any, Any]) -> Flag:
    """Return a row as its flag; it holds every column, and no other.

    Raises:
        LookupError: A column is missing.
        TypeError: There is one too many.
        ValueError: The evidence is none.
    """
    fields = dict(row)
    return Flag(
        request=Circumstances(**{name: fields.pop(name) for name in _REQUEST}),
        kinds=tuple(filter(None, fields.pop("kinds").split(","))),
        evidence=evidence_from_json(fields.pop("evidence")),
        **fields,
    )
