"""The SQL statements of the write path."""

INSERT_HEADS = """
INSERT INTO shared.streams (context, id, version)
SELECT $1, wanted.id, 0 FROM unnest($2::text[]) WITH ORDINALITY AS wanted(id, place)
WHERE NOT EXISTS (SELECT FROM shared.streams s WHERE s.context = $1 AND s.id = wanted.id)
ORDER BY wanted.place
ON CONFLICT DO NOTHING RETURNING id
"""

READ_HEADS = """
SELECT id, version, state, state_schema FROM shared.streams WHERE context = $1 AND id = ANY($2::text[]) ORDER BY id
"""

LOCK_HEADS = READ_HEADS + "FOR UPDATE"

POSITION = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"

REMOVE_UNUSED_HEADS = "DELETE FROM shared.streams WHERE context = $1 AND id = ANY($2::text[]) AND version = 0"

LOCK_AND_READ_DECIDED = """
WITH locked AS MATERIALIZED ({locks})
SELECT o.outcome FROM locked LEFT JOIN shared.operations o
  ON o.id = ANY($1::uuid[]) AND o.status NOT IN ('pending', 'failed')
"""

SAVE = """
WITH heads AS (
  UPDATE shared.streams s SET version = new.version, state = new.state::json, state_schema = $5
  FROM unnest($2::text[], $3::bigint[], $4::text[]) AS new(id, version, state)
  WHERE s.context = $1 AND s.id = new.id
), logged AS (
  INSERT INTO shared.event_log (id, aggregatetype, aggregateid, type, sequence, payload, organization_id, module_id,
                                user_id, operation_id, reason, occurred_at)
  SELECT e.id, $1, e.aggregateid, e.type, e.sequence, e.payload::json, e.organization_id, e.module_id,
         e.user_id, e.operation_id, e.reason, $16
  FROM unnest($6::uuid[], $7::text[], $8::text[], $9::bigint[], $10::text[], $11::text[], $12::text[], $13::text[],
              $14::uuid[], $15::text[])
       WITH ORDINALITY AS e(id, aggregateid, type, sequence, payload, organization_id, module_id, user_id,
                            operation_id, reason, place)
  ORDER BY e.place
  RETURNING seq, id, coalesce(organization_id, aggregateid) AS key
), queued AS (
  INSERT INTO shared.event_relay (seq, key, invalidates, traceparent)
  SELECT logged.seq, logged.key, t.invalidates, t.traceparent
  FROM logged JOIN unnest($6::uuid[], $17::text[], $29::text[]) AS t(id, invalidates, traceparent) USING (id)
), decided AS (
  INSERT INTO shared.operations AS o (id, context, aggregate_id, organization_id, user_id, command, status, fingerprint,
                                      outcome, created_at, decided_at)
  SELECT n.id, $1, n.aggregate_id, n.organization_id, n.user_id, n.command, n.status, n.fingerprint, n.outcome::json,
         n.created_at, $16
  FROM unnest($18::uuid[], $19::text[], $20::text[], $21::text[], $22::text[], $23::text[], $24::text[], $25::text[],
              $26::timestamptz[])
       AS n(id, aggregate_id, organization_id, user_id, command, status, fingerprint, outcome, created_at)
  ON CONFLICT (id) DO UPDATE SET status = excluded.status, outcome = excluded.outcome,
    fingerprint = excluded.fingerprint, aggregate_id = excluded.aggregate_id, context = excluded.context,
    decided_at = excluded.decided_at
  WHERE o.status IN ('pending', 'failed')
  RETURNING id
), resolved AS (
  UPDATE shared.dead_letters SET status = 'resolved'
  WHERE kind = 'command' AND status IN ('open', 'retried') AND subject_id = ANY($18::uuid[])
)
SELECT count(*), (SELECT pg_notify($27, $28)) FROM decided
"""

# A failed operation that is sent again is pending again, unless that attempt has failed by now as well.
STORE_PENDING = """
INSERT INTO shared.operations AS o (id, context, aggregate_id, organization_id, user_id, command, status, fingerprint,
                               created_at)
VALUES ($1, $2, $3, $4, $5, $6, 'pending', $7, $8)
ON CONFLICT (id) DO UPDATE SET status = 'pending'
WHERE o.status = 'failed' AND NOT coalesce(o.outcome::jsonb -> 'attempts', '[]') ? $9::text
"""


RECORD_FAILURE = """
WITH buried AS (
  INSERT INTO shared.dead_letters (id, kind, source, key, body, error, context, subject_id)
  SELECT $9, 'command', $2, $3, $10, $11, $2, $1 WHERE $7 = 'failed'
  ON CONFLICT (id) DO UPDATE SET error = excluded.error, status = 'open'
), resolved AS (
  UPDATE shared.dead_letters SET status = 'resolved'
  WHERE $7 <> 'failed' AND kind = 'command' AND status IN ('open', 'retried') AND subject_id = $1
)
INSERT INTO shared.operations AS o (id, context, aggregate_id, organization_id, user_id, command, status, fingerprint,
                                    outcome, created_at, decided_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $12, $13, now())
ON CONFLICT (id) DO UPDATE SET status = excluded.status, decided_at = now(), outcome = jsonb_set(
  excluded.outcome::jsonb, '{attempts}',
  CASE WHEN jsonb_array_length(o.outcome::jsonb -> 'attempts') < 100 THEN o.outcome::jsonb -> 'attempts' ELSE '[]' END
  || (excluded.outcome::jsonb -> 'attempts'))::json
WHERE o.status IN ('pending', 'failed')
"""
