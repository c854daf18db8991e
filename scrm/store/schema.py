"""The tables. Ids are made by the hub (`scrm.core.ids`); times are aware UTC; money is exact."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from scrm.store.columns import Document, RowId, UtcTime

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    }
)


def _id() -> Column[int]:
    return Column("id", RowId, primary_key=True, autoincrement=False)


settings = Table(
    "settings",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("value", Text, nullable=False),
)

channel_health = Table(
    "channel_health",
    metadata,
    Column("channel", String(100), primary_key=True),
    Column("received", BigInteger, nullable=False, server_default="0"),
    Column("refused", BigInteger, nullable=False, server_default="0"),
    Column("last_received_at", UtcTime),
    Column("last_error", Text, nullable=False, server_default=""),
    Column("last_error_at", UtcTime),
)

cursors = Table(
    "cursors",
    metadata,
    Column("channel", String(100), nullable=False),
    Column("source", String(200), nullable=False),
    Column("cursor", Text, nullable=False),
    Column("read_at", UtcTime, nullable=False),
    PrimaryKeyConstraint("channel", "source"),
)

inbox = Table(
    "inbox",
    metadata,
    _id(),
    Column("channel", String(100), nullable=False),
    Column("dedup_key", String(300), nullable=False),
    Column("thread", String(300), nullable=False),
    Column("payload", Text, nullable=False),
    Column("received_at", UtcTime, nullable=False),
    UniqueConstraint("channel", "dedup_key"),
)

set_aside = Table(
    "set_aside",
    metadata,
    Column("inbox_id", BigInteger, ForeignKey("inbox.id"), primary_key=True, autoincrement=False),
    Column("channel", String(100), nullable=False, index=True),
    Column("why", String(20), nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    comment="Raw events that are kept but not (yet) on a timeline: parked until a key arrives, or unreadable.",
)

customers = Table(
    "customers",
    metadata,
    _id(),
    Column("name", String(200), nullable=False),
    Column("name_rank", Integer, nullable=False, server_default="0"),
    Column("owner_id", BigInteger),
    Column("household_id", BigInteger, index=True),
    Column("household_role", String(20), nullable=False, server_default=""),
    Column("created_at", UtcTime, nullable=False),
    Column("merged_into", BigInteger),
    Column("last_at", UtcTime, nullable=False),
    Column("last_entry_id", BigInteger),
    Column("unread", Integer, nullable=False, server_default="0"),
    Column("version", Integer, nullable=False, server_default="1"),
)
Index(
    "ix_customers_recent",
    customers.c.last_at.desc(),
    customers.c.id.desc(),
    postgresql_where=customers.c.merged_into.is_(None),
)

households = Table(
    "households",
    metadata,
    _id(),
    Column("name", String(200), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", String(100), nullable=False),
)

identities = Table(
    "identities",
    metadata,
    _id(),
    Column("namespace", String(150), nullable=False),
    Column("value", String(200), nullable=False),
    Column("customer_id", BigInteger, nullable=False, index=True),
    Column("reason", String(300), nullable=False),
    Column("channel", String(100), nullable=False),
    Column("linked_at", UtcTime, nullable=False),
    UniqueConstraint("namespace", "value"),
)

maybe_links = Table(
    "maybe_links",
    metadata,
    Column("customer_id", BigInteger, nullable=False),
    Column("other_id", BigInteger, nullable=False),
    Column("reason", String(300), nullable=False),
    Column("at", UtcTime, nullable=False),
    PrimaryKeyConstraint("customer_id", "other_id"),
)

merges = Table(
    "merges",
    metadata,
    _id(),
    Column("kept_id", BigInteger, nullable=False, index=True),
    Column("merged_id", BigInteger, nullable=False, index=True),
    Column("automatic", Boolean, nullable=False),
    Column("reason", String(500), nullable=False),
    Column("actor", String(100), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("identities", Document, nullable=False),
    Column("undone_at", UtcTime),
    Column("undone_by", String(100)),
    Column("household_id", BigInteger, comment="The household the kept customer took over with it, if any."),
)

entries = Table(
    "entries",
    metadata,
    _id(),
    Column("customer_id", BigInteger),
    Column("identity_id", BigInteger, index=True),
    Column("channel", String(100), nullable=False),
    Column("external_id", String(300), nullable=False),
    Column("thread", String(300), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("direction", String(10), nullable=False),
    Column("speaker", String(10), nullable=False),
    Column("actor", String(100), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("received_at", UtcTime, nullable=False),
    Column("text", Text, nullable=False),
    Column("body", Document, nullable=False),
    Column("state", String(20), nullable=False),
    Column("state_reason", Text, nullable=False, server_default=""),
    Column("inbox_id", BigInteger),
    Column("origin", Document, comment="For replies: script, acknowledged reason, who wrote it."),
    Column("salt", LargeBinary(16), comment="Of the commitment to the text in the audit log; erased with the text."),
    UniqueConstraint("channel", "external_id"),
    Index("ix_entries_timeline", "customer_id", "at", "id"),
    Index("ix_entries_thread", "channel", "thread", "id"),
)

entry_versions = Table(
    "entry_versions",
    metadata,
    _id(),
    Column("entry_id", BigInteger, nullable=False, index=True),
    Column("at", UtcTime, nullable=False),
    Column("change", String(10), nullable=False),
    Column("text", Text, nullable=False),
    Column("salt", LargeBinary(16)),
)

awaited_changes = Table(
    "awaited_changes",
    metadata,
    _id(),
    Column("channel", String(100), nullable=False),
    Column("target", String(300), nullable=False),
    Column("change", String(20), nullable=False),
    Column("text", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Index("ix_awaited_changes_target", "channel", "target"),
    comment="Recalls, edits and failures that arrived before the message they speak of.",
)

tags = Table(
    "tags",
    metadata,
    Column("entry_id", BigInteger, nullable=False),
    Column("tag", String(60), nullable=False),
    Column("name", String(60), nullable=False),
    Column("kind", String(10), nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("score", Float, nullable=False),
    Column("rule", String(100), nullable=False),
    Column("version", String(60), nullable=False),
    PrimaryKeyConstraint("entry_id", "rule", "start", "end"),
)

claims = Table(
    "claims",
    metadata,
    _id(),
    Column("entry_id", BigInteger, nullable=False, index=True),
    Column("customer_id", BigInteger, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("speaker", String(10), nullable=False),
    Column("part_start", Integer, nullable=False, comment="The speaker's part of the entry's text, code points."),
    Column("part_end", Integer, nullable=False),
    Column("claim", Document, nullable=False),
    Index("ix_claims_customer", "customer_id", "at"),
)

cues = Table(
    "cues",
    metadata,
    _id(),
    Column("entry_id", BigInteger, nullable=False, index=True),
    Column("customer_id", BigInteger, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("speaker", String(10), nullable=False),
    Column("part_start", Integer, nullable=False),
    Column("part_end", Integer, nullable=False),
    Column("cue", String(20), nullable=False),
    Index("ix_cues_customer", "customer_id", "at"),
    comment="What was said without a claim and still bears on findings: a complaint, a payment, a refusal.",
)

price_versions = Table(
    "price_versions",
    metadata,
    _id(),
    Column("sku", String(100), nullable=False, index=True),
    Column("product", Document, nullable=False),
    Column("recorded_at", UtcTime, nullable=False),
    Column("recorded_by", String(100), nullable=False),
    Column("approved_by", String(100), nullable=False, server_default=""),
    Column("reason", Text, nullable=False, server_default=""),
)

price_proposals = Table(
    "price_proposals",
    metadata,
    _id(),
    Column("sku", String(100), nullable=False, index=True),
    Column("product", Document, nullable=False),
    Column("reason", Text, nullable=False),
    Column("state", String(10), nullable=False, comment="proposed, approved, rejected or withdrawn"),
    Column("proposed_by", String(100), nullable=False),
    Column("proposed_at", UtcTime, nullable=False),
    Column("decided_by", String(100)),
    Column("decided_at", UtcTime),
    Column("decision_note", Text, nullable=False, server_default=""),
    Column("source", String(300), nullable=False, server_default="", comment="The file it came in with, if any."),
    Index("ix_price_proposals_state", "state", "id"),
)

cases = Table(
    "cases",
    metadata,
    _id(),
    Column("customer_id", BigInteger, nullable=False),
    Column("rule", String(60), nullable=False),
    Column("product", String(100)),
    Column("origin", String(10), nullable=False, server_default="finding", comment="finding, sample or referred"),
    Column("day", String(10), comment="China's day, of a conversation that is to be looked at."),
    Column("severity", String(2), nullable=False),
    Column("exposure_fen", BigInteger, nullable=False, server_default="0"),
    Column("state", String(20), nullable=False),
    Column("assignee_id", BigInteger),
    Column("opened_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Column("due_at", UtcTime),
    Column("escalated_at", UtcTime, comment="When it was overdue and the team lead was told."),
    Column("verdict", String(30)),
    Column("verdict_reason", String(30), nullable=False, server_default=""),
    Column("verdict_note", Text, nullable=False, server_default=""),
    Column("decided_by", BigInteger),
    Column("decided_at", UtcTime),
    Column("remedy", String(30)),
    Column("remedy_note", Text, nullable=False, server_default=""),
    Column("remedy_entry_id", BigInteger),
    Column("remedied_by", BigInteger),
    Column("remedied_at", UtcTime),
    Column("round", Integer, nullable=False, server_default="1", comment="Grows when the case is reopened."),
    Column("version", Integer, nullable=False, server_default="1"),
    Index("ix_cases_customer", "customer_id", "rule"),
    Index("ix_cases_queue", "state", "severity", "exposure_fen", "id"),
    Index("ix_cases_opened", "opened_at"),
)

verdicts = Table(
    "verdicts",
    metadata,
    _id(),
    Column("case_id", BigInteger, nullable=False, index=True),
    Column("round", Integer, nullable=False, comment="Of the case: looks of one round are compared."),
    Column(
        "look", Integer, nullable=False, comment="1 the first, 2 the second look, 3 the one that settles a difference."
    ),
    Column("kind", String(30), nullable=False),
    Column("reason", String(30), nullable=False),
    Column("note", Text, nullable=False),
    Column("decided_by", BigInteger, nullable=False),
    Column("decided_at", UtcTime, nullable=False),
    Column("case_version", Integer, nullable=False),
)

findings = Table(
    "findings",
    metadata,
    _id(),
    Column("case_id", BigInteger, nullable=False, index=True),
    Column("entry_id", BigInteger, nullable=False, index=True),
    Column("against_id", BigInteger),
    Column("rule", String(60), nullable=False),
    Column("severity", String(2), nullable=False),
    Column("finding", Document, nullable=False),
    Column("found_at", UtcTime, nullable=False),
    Column("rule_version", String(40), nullable=False, server_default="", comment="Digest of rule and parameters."),
)

rule_runs = Table(
    "rule_runs",
    metadata,
    Column("day", String(10), nullable=False, comment="China's day."),
    Column("rule", String(60), nullable=False, comment="Empty: messages that were read."),
    Column("checked", BigInteger, nullable=False, server_default="0"),
    Column("found", BigInteger, nullable=False, server_default="0"),
    PrimaryKeyConstraint("day", "rule"),
)

dry_runs = Table(
    "dry_runs",
    metadata,
    _id(),
    Column("plan", Document, nullable=False),
    Column("state", String(10), nullable=False),
    Column("total", Integer, nullable=False, server_default="0"),
    Column("done", Integer, nullable=False, server_default="0"),
    Column("outcome", Document, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("started_by", String(100), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("finished_at", UtcTime),
)

dry_run_findings = Table(
    "dry_run_findings",
    metadata,
    _id(),
    Column("run_id", BigInteger, nullable=False, index=True),
    Column("change", String(10), nullable=False, comment="new, gone or same"),
    Column("customer_id", BigInteger, nullable=False),
    Column("entry_id", BigInteger, nullable=False),
    Column("against_id", BigInteger),
    Column("rule", String(60), nullable=False),
    Column("severity", String(2), nullable=False),
    Column("finding", Document, nullable=False),
)

case_events = Table(
    "case_events",
    metadata,
    _id(),
    Column("case_id", BigInteger, nullable=False, index=True),
    Column("at", UtcTime, nullable=False),
    Column("actor", String(100), nullable=False),
    Column("action", String(30), nullable=False),
    Column("note", Text, nullable=False),
)

tasks = Table(
    "tasks",
    metadata,
    _id(),
    Column("kind", String(30), nullable=False),
    Column("key", String(400), nullable=False),
    Column("ref", BigInteger, nullable=False),
    Column("payload", Document, nullable=False),
    Column("due_at", UtcTime, nullable=False, comment="Of a leased task: when its lease ends."),
    Column("lease", String(40)),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("dead", Boolean, nullable=False, server_default=text("false")),
    Column("reason", Text, nullable=False, server_default=""),
    Column("created_at", UtcTime, nullable=False),
    Column("once", String(200), unique=True),
    Index("ix_tasks_order", "kind", "dead", "id"),
    Index("ix_tasks_due", "kind", "due_at"),
)

events = Table(
    "events",
    metadata,
    _id(),
    Column("type", String(40), nullable=False),
    Column("version", Integer, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("customer_id", BigInteger),
    Column("payload", Document, nullable=False),
)

endpoints = Table(
    "endpoints",
    metadata,
    _id(),
    Column("url", Text, nullable=False),
    Column("description", String(200), nullable=False),
    Column("event_types", Document, nullable=False),
    Column("secret", String(100), nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("disabled_reason", Text, nullable=False, server_default=""),
    Column("failing_since", UtcTime),
    Column("created_at", UtcTime, nullable=False),
)

deliveries = Table(
    "deliveries",
    metadata,
    _id(),
    Column("endpoint_id", BigInteger, nullable=False),
    Column("event_id", BigInteger, nullable=False),
    Column("event_type", String(40), nullable=False),
    Column("state", String(10), nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("last_status", Integer),
    Column("last_error", Text, nullable=False, server_default=""),
    Column("last_answer", Text, nullable=False, server_default=""),
    Column("created_at", UtcTime, nullable=False),
    Column("next_attempt_at", UtcTime),
    Index("ix_deliveries_endpoint", "endpoint_id", "id"),
)

users = Table(
    "users",
    metadata,
    _id(),
    Column("login", String(100), nullable=False, unique=True),
    Column("name", String(100), nullable=False),
    Column("role", String(20), nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("provider_ids", Document, nullable=False),
    Column("created_at", UtcTime, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("secret_hash", String(64), primary_key=True),
    Column("user_id", BigInteger, nullable=False, index=True),
    Column("csrf", String(64), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
)

tokens = Table(
    "tokens",
    metadata,
    _id(),
    Column("secret_hash", String(64), nullable=False, unique=True),
    Column("name", String(100), nullable=False),
    Column("role", String(20), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime),
    Column("last_used_at", UtcTime),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("user_id", BigInteger, nullable=False),
    Column("key", String(200), nullable=False),
    Column("request_hash", String(64), nullable=False),
    Column("entry_id", BigInteger, nullable=False),
    Column("at", UtcTime, nullable=False),
    PrimaryKeyConstraint("user_id", "key"),
)

imports = Table(
    "imports",
    metadata,
    _id(),
    Column("channel", String(100), nullable=False),
    Column("file_name", String(300), nullable=False),
    Column("content", LargeBinary),
    Column("state", String(10), nullable=False),
    Column("total", Integer, nullable=False, server_default="0"),
    Column("done", Integer, nullable=False, server_default="0"),
    Column("added", Integer, nullable=False, server_default="0"),
    Column("repeated", Integer, nullable=False, server_default="0"),
    Column("rejected", Integer, nullable=False, server_default="0"),
    Column("reason", Text, nullable=False, server_default=""),
    Column("started_by", String(100), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("finished_at", UtcTime),
)

bad_rows = Table(
    "bad_rows",
    metadata,
    Column("import_id", BigInteger, nullable=False),
    Column("row", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("text", Text, nullable=False),
    PrimaryKeyConstraint("import_id", "row"),
)

audit_log = Table(
    "audit_log",
    metadata,
    Column("seq", RowId, primary_key=True, autoincrement=False, comment="Gap-free, from 1."),
    Column("at", UtcTime, nullable=False),
    Column("actor", String(100), nullable=False),
    Column("actor_role", String(20), nullable=False),
    Column("action", String(40), nullable=False),
    Column("object_type", String(30), nullable=False),
    Column("object_id", String(200), nullable=False),
    Column("object_version", Integer),
    Column("payload", Text, comment="Canonical JSON, as it was hashed; null when erased."),
    Column("salt", LargeBinary(16)),
    Column("commitment", LargeBinary(32), nullable=False),
    Column("prev", LargeBinary(32), nullable=False),
    Column("entry", LargeBinary(32), nullable=False),
    Index("ix_audit_log_object", "object_type", "object_id", "seq"),
)

audit_checkpoints = Table(
    "audit_checkpoints",
    metadata,
    Column("size", RowId, primary_key=True, autoincrement=False, comment="Entries it covers, from the first."),
    Column("at", UtcTime, nullable=False),
    Column("root", LargeBinary(32), nullable=False),
    Column("peaks", LargeBinary, nullable=False, comment="Hashes of the tree's complete subtrees, largest first."),
    Column("note", Text, nullable=False, comment="The signed text, as it is kept elsewhere."),
)
