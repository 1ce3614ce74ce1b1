"""The tables of the store: what is in a row, and what is found by which index.

Whoever changes them raises `database.SCHEMA_VERSION` and says there how stores of the version before change.
"""

from sqlalchemy import Column, Float, Index, Integer, MetaData, String, Table, Text, desc

TABLES = MetaData()

SCHEMA = Table("review_schema", TABLES, Column("version", Integer, nullable=False))

FLAGS = Table(
    "review_flags",
    TABLES,
    Column("id", String(26), primary_key=True),  # begins with its time: newest first is the key backwards
    Column("digest", String(64), nullable=False),
    Column("tenant", Text, nullable=False),
    Column("client", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("upstream", Text, nullable=False),
    Column("dialect", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("request_id", Text, nullable=False),
    Column("policy", Text, nullable=False),
    Column("outcome", String(32), nullable=False),
    Column("kinds", Text, nullable=False),  # with a comma between two
    Column("p_value", Float, nullable=False),
    Column("jnd_ratio", Float),
    Column("explanation", Text, nullable=False),
    Column("evidence", Text, nullable=False),  # JSON
    Column("action", String(16), nullable=False),
    Column("size_bytes", Integer, nullable=False),  # of the picture
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("artifact", Text, nullable=False),
    Column("mark", String(16), nullable=False),
    Column("marked_at", Float),
    Column("stratum", String(64), nullable=False, server_default=""),  # of detection; empty: not known
)
for _name in ("client", "model", "mark"):
    Index(f"review_flags_{_name}", FLAGS.c[_name], desc(FLAGS.c.id))
# Several words of a filter are compared along the list, off this index alone.
Index("review_flags_filters", desc(FLAGS.c.id), FLAGS.c.model, FLAGS.c.client, FLAGS.c.mark)
Index("review_flags_tenant", FLAGS.c.tenant)
Index("review_flags_digest", FLAGS.c.digest, FLAGS.c.size_bytes)  # what there is, off the index alone

# One row for each kind of a flag: a list of one kind is read off the index.
KINDS = Table(
    "review_kinds",
    TABLES,
    Column("kind", String(32), primary_key=True),
    Column("flag_id", String(26), primary_key=True),
)
Index("review_kinds_flag", KINDS.c.flag_id)

# What people said, in its order; the last one counts, and taking it back is said as well.
SAID = Table(
    "review_marks",
    TABLES,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("flag_id", String(26), nullable=False),
    Column("before", String(16), nullable=False),
    Column("mark", String(16), nullable=False),
    Column("at", Float, nullable=False),
    Column("is_undone", Integer, nullable=False),
)
Index("review_marks_flag", SAID.c.flag_id)
