"""Triggers by which the database itself refuses to change the audit log. Its administrator can drop them:
that is what checkpoints are for.
"""

from __future__ import annotations

_REFUSED = "the audit log is only ever appended to"
_FIXED = (
    "seq",
    "at",
    "actor",
    "actor_role",
    "action",
    "object_type",
    "object_id",
    "object_version",
    "commitment",
    "prev",
    "entry",
)


def _erases(same: str) -> str:
    """Whether an update erases a payload with its salt, and changes nothing else."""
    return " AND ".join(
        ("NEW.payload IS NULL", "NEW.salt IS NULL", *(f"NEW.{name} {same} OLD.{name}" for name in _FIXED))
    )


def _on_sqlite(name: str, when: str, table: str, condition: str = "true") -> str:
    return (
        f"CREATE TRIGGER {name} BEFORE {when} ON {table} WHEN {condition} BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END"
    )


def _on_postgresql(name: str, when: str, table: str, each: str) -> str:
    return f"CREATE TRIGGER {name} BEFORE {when} ON {table} FOR EACH {each} EXECUTE FUNCTION scrm_audit_kept()"


SQLITE_TRIGGERS = (
    # Also what keeps INSERT OR REPLACE away, which fires no other trigger.
    _on_sqlite(
        "audit_log_in_order",
        "INSERT",
        "audit_log",
        "NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM audit_log)",
    ),
    _on_sqlite("audit_log_no_update", "UPDATE", "audit_log", f"NOT ({_erases('IS')})"),
    _on_sqlite("audit_log_no_delete", "DELETE", "audit_log"),
    _on_sqlite("audit_checkpoints_no_update", "UPDATE", "audit_checkpoints"),
    _on_sqlite("audit_checkpoints_no_delete", "DELETE", "audit_checkpoints"),
)

POSTGRESQL_TRIGGERS = (
    f"""
CREATE FUNCTION scrm_audit_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'audit_log' THEN
    IF {_erases("IS NOT DISTINCT FROM")} THEN
      RETURN NEW;
    END IF;
  END IF;
  RAISE EXCEPTION '{_REFUSED}';
END
$$
""",
    _on_postgresql("audit_log_kept", "UPDATE OR DELETE", "audit_log", "ROW"),
    _on_postgresql("audit_log_whole", "TRUNCATE", "audit_log", "STATEMENT"),
    _on_postgresql("audit_checkpoints_kept", "UPDATE OR DELETE", "audit_checkpoints", "ROW"),
    _on_postgresql("audit_checkpoints_whole", "TRUNCATE", "audit_checkpoints", "STATEMENT"),
)
