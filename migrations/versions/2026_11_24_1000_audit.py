"""What the audit trail is read by: an index for each filter, and which modules and industries an event names.

Names come from a trigger, so that replicas of the version before note them too while a rolling upgrade is under way.
A small log gets everything here. On a large one that would keep writers waiting for minutes: there `modplane migrate`
builds the indexes afterwards, without locking, and notes what older events name page by page.
"""

from alembic import op

revision = "2026_11_24_1000"
down_revision = "2026_11_23_1515"
branch_labels = None
depends_on = None

SMALL = 20_000

IS_SMALL = f"SELECT count(*) <= {SMALL} FROM (SELECT FROM shared.event_log LIMIT {SMALL + 1}) AS looked_at"

TABLE = """
CREATE TABLE shared.event_names (name text COLLATE "C" NOT NULL, xid xid8 NOT NULL, seqs bigint[] NOT NULL);
CREATE INDEX ix_event_names_name ON shared.event_names (name, xid);
GRANT SELECT, INSERT ON shared.event_names TO modplane_service
"""

NAMES_IN = """
CREATE FUNCTION shared.names_in(payload json) RETURNS SETOF text LANGUAGE sql IMMUTABLE AS $$
  WITH told AS MATERIALIZED (
    SELECT * FROM json_to_record(payload) AS r(module_ids json, modules json, skipped json, industry_code text,
                                               changes json)
  ), listed AS (
    SELECT one.value AS module_id
    FROM told, json_array_elements_text(CASE json_typeof(module_ids) WHEN 'array' THEN module_ids END) AS one
    UNION
    SELECT one.value ->> 'module_id' FROM told, json_array_elements(
      CASE WHEN json_typeof(module_ids) = 'array' THEN NULL WHEN json_typeof(modules) = 'array' THEN modules END) AS one
    UNION
    SELECT one.value ->> 'module_id'
    FROM told, json_array_elements(CASE json_typeof(skipped) WHEN 'array' THEN skipped END) AS one
  ), concerned AS (
    SELECT industry_code FROM told
    UNION SELECT changes #>> '{industry_code,before}' FROM told
    UNION SELECT changes #>> '{industry_code,after}' FROM told
  )
  SELECT 'module:' || module_id FROM listed WHERE module_id IS NOT NULL
  UNION ALL SELECT 'industry:' || industry_code FROM concerned WHERE industry_code IS NOT NULL
$$
"""

NOTE_NAMES = """
CREATE FUNCTION shared.note_names() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO shared.event_names (name, xid, seqs)
  SELECT n.name, a.xid, array_agg(a.seq ORDER BY a.seq) FROM added a, shared.names_in(a.payload) AS n(name)
  WHERE a.module_id IS NULL GROUP BY n.name, a.xid;
  RETURN NULL;
END $$
"""

TRIGGER = """
CREATE TRIGGER note_names AFTER INSERT ON shared.event_log REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION shared.note_names()
"""

INDEXES = """
CREATE INDEX ix_event_log_xid_seq ON shared.event_log (xid, seq);
CREATE INDEX ix_event_log_occurred_at ON shared.event_log (occurred_at);
CREATE INDEX ix_event_log_operation_id ON shared.event_log (operation_id);
CREATE INDEX ix_event_log_organization_id ON shared.event_log (organization_id COLLATE "C", xid, seq);
CREATE INDEX ix_event_log_module_id ON shared.event_log (module_id COLLATE "C", xid, seq);
CREATE INDEX ix_event_log_user_id ON shared.event_log (user_id COLLATE "C", xid, seq);
CREATE INDEX ix_event_log_type ON shared.event_log (type COLLATE "C", xid, seq)
"""

NOTE_OLDER = """
INSERT INTO shared.event_names (name, xid, seqs)
SELECT n.name, e.xid, array_agg(e.seq ORDER BY e.seq) FROM shared.event_log e, shared.names_in(e.payload) AS n(name)
WHERE e.module_id IS NULL GROUP BY n.name, e.xid
"""

LEAVE_OLDER = "INSERT INTO shared.marks (name) SELECT 'names to note up to ' || max(seq) FROM shared.event_log"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    for statement in (*TABLE.strip().split(";\n"), NAMES_IN, NOTE_NAMES, TRIGGER):
        op.execute(statement)
    if op.get_bind().exec_driver_sql(IS_SMALL).scalar():
        op.execute(NOTE_OLDER)
        for statement in INDEXES.strip().split(";\n"):
            op.execute(statement)
    else:
        op.execute(LEAVE_OLDER)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    op.execute("DROP TRIGGER note_names ON shared.event_log")
    op.execute("DROP FUNCTION shared.note_names, shared.names_in")
    op.execute("DROP TABLE shared.event_names")
    for name in ("xid_seq", "occurred_at", "operation_id", "organization_id", "module_id", "user_id", "type"):
        op.execute(f"DROP INDEX IF EXISTS shared.ix_event_log_{name}")
    op.execute("DELETE FROM shared.marks WHERE name LIKE 'names to note up to %'")
