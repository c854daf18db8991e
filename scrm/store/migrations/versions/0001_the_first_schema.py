"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from scrm.store import columns
from scrm.store.audit_triggers import POSTGRESQL_TRIGGERS, SQLITE_TRIGGERS
from scrm.store.search import POSTGRESQL_FUNCTION, POSTGRESQL_INDEX, SQLITE_TABLE

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_checkpoints",
        sa.Column(
            "size", columns.RowId, autoincrement=False, nullable=False, comment="Entries it covers, from the first."
        ),
        sa.Column("at", columns.UtcTime(), nullable=False),
        sa.Column("root", sa.LargeBinary(length=32), nullable=False),
        sa.Column(
            "peaks",
            sa.LargeBinary(),
            nullable=False,
            comment="Hashes of the tree's complete subtrees, largest first.",
        ),
        sa.Column("note", sa.Text(), nullable=False, comment="The signed text, as it is kept elsewhere."),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_audit_checkpoints")),
    )
    op.create_table(
        "audit_log",
        sa.Column("seq", columns.RowId, autoincrement=False, nullable=False, comment="Gap-free, from 1."),
        sa.Column("at", columns.UtcTime(), nullable=False),
        sa.Column("actor", sa.String(length=100), nullable=False),
        sa.Column("actor_role", sa.String(length=20), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("object_type", sa.String(length=30), nullable=False),
        sa.Column("object_id", sa.String(length=200), nullable=False),
        sa.Column("object_version", sa.Integer(), nullable=True),
        sa.Column("payload", sa.Text(), nullable=True, comment="Canonical JSON, as it was hashed; null when erased."),
        sa.Column("salt", sa.LargeBinary(length=16), nullable=True),
        sa.Column("commitment", sa.LargeBinary(length=32), nullable=False),
        sa.Column("prev", sa.LargeBinary(length=32), nullable=False),
        sa.Column("entry", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_log")),
    )
    with op.batch_alter_table("audit_log", schema=None) as batch_op:
        batch_op.create_index("ix_audit_log_object", ["object_type", "object_id", "seq"], unique=False)

    op.create_table(
        "awaited_changes",
        sa.Column("id", columns.RowId, autoincrement=False, nullable=False),
        sa.Column("channel", sa.String(length=100), nullable=False),
        sa.Column("target", sa.String(length=300), nullable=False),
        sa.Column("change", sa.String(length=20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", columns.UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_awaited_changes")),
        comment="Recalls, edits and failures that arrived before the message they speak of.",
    )
    with op.batch_alter_table("awaited_changes", schema=None) as batch_op:
        batch_op.create_index("ix_awaited_changes_target", ["channel", "target"], unique=False)

    op.create_table(
        "bad_rows",
        sa.Column("import_id", sa.BigInteger(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("import_id", "row", name=op.f("pk_bad_rows")),
    )
    op.create_table(
        "case_events",
        sa.Column("id", columns.RowId, autoincrement=False, nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("at", columns.UtcTime(), nullable=False),
        sa.Column("actor", sa.String(length=100), nullable=False),
        sa.Column("action", sa.String(length=30), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_events")),
    )
    with op.batch_alter_table("case_events", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_case_events_case_id"), ["case_id"], unique=False)

    op.create_table(
        "cases",
        sa.Column("id", columns.RowId, autoincrement=False, nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("rule", sa.String(length=60), nullable=False),
        sa.Column("product", sa.String(length=100), nullable=True),
        sa.Column(
            "origin",
            sa.String(length=10),
            server_default="finding",
            nullable=False,
            comment="finding, sample or referred",
        ),
        sa.Column(
            "day",
            sa.String(length=10),
            nullable=True,
            comment="China's day, of a conversation that is to be looked at.",
        ),
        sa.Column("severity", sa.String(length=2), nullable=False),
        sa.Column("exposure_fen", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("assignee_id", sa.BigInteger(), nullable=True),
        sa.Column("opened_at", columns.UtcTime(), nullable=False),
        sa.Column("updated_at", columns.UtcTime(), nullable=False),
        sa.Column("due_at", columns.UtcTime(), nullable=True),
        sa.Column(
            "escalated_at", columns.UtcTime(), nullable=True, comment="When it was overdue and the team lead was told."
        ),
        sa.Column("verdict", sa.String(length=30), nullable=True),
        sa.Column("verdict_reason", sa.String(length=30), server_default="", nullable=False),
        sa.Column("verdict_note", sa.Text(), server_default="", nullable=False),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", columns.UtcTime(), nullable=True),
        sa.Column("remedy", sa.String(length=30), nullable=True),
        sa.Column("remedy_note", sa.Text(), server_default="", nullable=False),
        sa.Column("remedy_entry_id", sa.BigInteger(), nullable=True),
        sa.Column("remedied_by", sa.BigInteger(), nullable=True),
        sa.Column("remedied_at", columns.UtcTime(), nullable=True),
        sa.Column(
            "round",
            sa.Integer(),
            server_default="1",
            nullable=False,
            comment="Grows when the case is reopened.",
        ),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
    )
    with op.batch_alter_table("cases", schema=None) as batch_op:
        batch_op.create_index("ix_cases_customer", ["customer_id", "rule"], unique=False)
        batch_op.create_index("ix_cases_opened", ["opened_at"], unique=False)
        batch_op.create_index("ix_cases_queue", ["state", "severity", "exposure_fen", "id"], unique=False)

    op.create_table(
        "channel_health",
        sa.Column("channel", sa.String(length=100), nullable=False),
        sa.Column("received", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("refused", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("last_received_at", columns.UtcTime(), nullable=True),
        sa.Column("last_error", sa.Text(), server_default="", nullable=False),
        sa.Column("last_error_at", columns.UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("channel", name=op.f("pk_channel_health")),
    )
    op.create_table(
        "claims",
        sa.Column("id", columns.RowId, autoincrement=False, nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("at", columns.UtcTime(), nullable=False),
        sa.Column("speaker", sa.String(length=10), nullable=False),
        sa.Column(
            "part_start", sa.Integer(), nullable=False, comment="The speaker's part of the entry's text, code points."
        ),
        sa.Column("part_end", sa.Integer(), nullable=False),
        sa.Column("claim", columns.Document, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claims")),
    )
    with op.batch_alter_table("claims", schema=None) as batch_op:
        batch_op.create_index("ix_claims_customer", ["customer_id", "at"], unique=False)
        batch_op.create_index(batch_op.f("ix_claims_entry_id"), ["entry_id"], unique=False)

    op.create_table(
        "cues",
        sa.Column("id", columns.RowId, autoincrement=False, nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("at", columns.UtcTime(), nullable=False),
        sa.Column("speaker", sa.String(length=10), nullable=False),
        sa.Column("part_start", sa.Integer(), nullable=False),
        sa.Column("part_end", sa.Integer(), nullable=False),
        sa.Column("cue", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cues")),
        comment="What was said without a claim and still bears on findings: a complaint, a payment, a refusal.",
    )
    with op.batch_alter_table("cues", schema=None) as batch_op:
        batch_op.create_index("ix_cues_customer", ["customer_id", "at"], unique=False)
        batch_op.create_index(batch_op.f("ix_cues_entry_id"), ["entry_id"], unique=False)

    op.create_table(
        "cursors",
        sa.Column("channel", sa.String(length=100), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=False),
        sa.Column("read_at", columns.UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("channel", "source", name=op.f("pk_cursors")),
    )
    op.create_table(
        "customers",
        sa.Column("id", columns.RowId, autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("name_rank", sa.Integer(), server_default="0", nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=True),
        sa.Column("household_id", sa.BigInteger(), nullable=True),
        sa.Column("household_role", sa.String(length=20), server_default="", nullable=False),
        sa.Column("created_at", columns.UtcTime(), nullable=False),
        sa.Column("merged_into", sa.BigInteger(), nullable=True),
        sa.Column("last_at", columns.UtcTime(), nullable=False),
        sa.Column("last_entry_id", sa.BigInteger(), nullable=True),
        sa.Column("unread", sa.Integer(), server_default="0", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customers")),
    )
    with op.batch_alter_table("customers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_customers_household_id"), ["household_id"], unique=False)
        batch_op.create_index(
            "ix_customers_recent",
            [sa.literal_column("last_at DESC"), sa.literal_column("id DESC")],
            unique=False,
            postgresql_where=sa.text("merged_into IS NULL"),
        )

    op.create_table(
        "deliveries",
        sa.Column("id", columns.RowId, autoincrement=False, nullable=False),
        sa.Column("endpoint_id", sa.BigInteger(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("event_type", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_status", sa.Integer(), nullable=True),
        sa.Column("last_error", sa.Text(), server_default="", nullable=False),
        sa.Column("last_answer", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", columns.UtcTime(), nullable=False),
        sa.Column("next_attempt_at", columns.UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
    )
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.create_index("ix_deliveries_endpoint", ["endpoint_id", "id"], unique=False)

    op.create_table(
        "dry_run_findings",
        sa.Column("id", columns.RowId, autoincrement=False, nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("change", sa.String(length=10), nullable=False, comment="new, gone or same"),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("against_id", sa.BigInteger(), nullable=True),
        sa.Column("rule", sa.String(length=60), nullable=False),
        sa.Column("severity", sa.String(length=2), nullable=False),
        sa.Column("finding", columns.Document, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dry_run_findings")),
    )
    with op.batch_alter_table("dry_run_findings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_dry_run_findings_run_id"), ["run_id"], unique=False)

    op.create_table(
        "dry_runs",
        sa.Column("id", columns.RowId, autoincrement=False, nullable=False),
        sa.Column("plan", columns.Document, nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("total", sa.Integer(), server_default="0", nullable=False),
        sa.Column("done", sa.Integer(), server_default="0", nullable=False),
        sa.Column("outcome", columns.Document, nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("started_by", sa.String(length=100), nullable=False),
        sa.Column("created_at", columns.UtcTime(), nullable=False),
        sa.Column("finished_at", columns.UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dry_runs")),
    )
    op.create_table(
        "endpoints",
        sa.Column("id", columns.RowId, autoincrement=False, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("description", sa.String(length=200), nullable=False),
        sa.Column("event_types", columns.Document, nullable=False),
        sa.Column("secret", sa.String(length=100), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("disabled_reason", sa.Text(), server_default="", nullable=False),
        sa.Column("failing_since", columns.UtcTime(), nullable=True),
        sa.Column("created_at", columns.UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_endpoints")),
    )
    op.create_table(
        "entries",
        sa.Column("id", columns.RowId, autoincrement=False, nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=True),
        sa.Column("identity_id", sa.BigInteger(), nullable=True),
        sa.Column("channel", sa.String(length=100), nullable=False),
        sa.Column("external_id", sa.String(length=300), nullable=False),
        sa.Column("thread", sa.String(length=300), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("direction", sa.String(length=10), nullable=False),
        sa.Column("speaker", sa.String(length=10), nullable=False),
        sa.Column("actor", sa.String(length=100), nullable=False),
        sa.Column("at", columns.UtcTime(), nullable=False),
        sa.Column("received_at", columns.UtcTime(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("body", columns.Document, nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("state_reason", sa.Text(), server_default="", nullable=False),
        sa.Column("inbox_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "origin", columns.Document, nullable=True, comment="For replies: script, acknowledged reason, who wrote it."
        ),
        sa.Column(
            "salt",
            sa.LargeBinary(length=16),
            nullable=True,
            comment="Of the commitment to the text in the audit log; erased with the text.",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entries")),
        sa.UniqueConstraint("channel", "external_id", name=op.f("uq_entries_channel_external_id")),
    )
    with op.batch_alter_table("entries", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_entries_identity_id"), ["identity_id"], unique=False)
        batch_op.create_index("ix_entries_thread", ["channel", "thread", "id"], unique=False)
        batch_op.create_index("ix_entries_timeline", ["customer_id", "at", "id"], unique=False)

    op.create_table(
        "entry_versions",
        sa.Column("id", columns.RowId, autoincrement=False, nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("at", columns.UtcTime(), nullable=False),
        sa.Column("change", sa.String(length=10), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("salt", sa.LargeBinary(length=16), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entry_versions")),
    )
    with op.batch_alter_table("entry_versions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_entry_versions_entry_id"), ["entry_id"], unique=False)

    op.create_table(
        "events",
        sa.Column("id", columns.RowId, autoincrement=False, nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", columns.UtcTime(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=True),
        sa.Column("payload", columns.Document, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
    )
    op.create_table(
        "findings",
        sa.Column("id", columns.RowId, autoincrement=False, nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("against_id", sa.BigInteger(), nullable=True),
        sa.Column("rule", sa.String(length=60), nullable=False),
        sa.Column("severity", sa.String(length=2), nullable=False),
        sa.Column("finding", columns.Document, nullable=False),
        sa.Column("found_at", columns.UtcTime(), nullable=False),
        sa.Column(
            "rule_version",
            sa.String(length=40),
            server_default="",
            nullable=False,
            comment="Digest of rule and parameters.",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_findings")),
    )
    with op.batch_alter_table("findings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_findings_case_id"), ["case_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_findings_entry_id"), ["entry_id"], unique=False)

    op.create_table(
        "households",
        sa.Column("id", columns.RowId, autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("created_at", columns.UtcTime(), nullable=False),
        sa.Column("created_by", sa.String(length=100), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_households")),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("request_hash", sa.String(length=64), nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("at", columns.UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "key", name=op.f("pk_idempotency_keys")),
    )
    op.create_table(
        "identities",
        sa.Column("id", columns.RowId, autoincrement=False, nullable=False),
        sa.Column("namespace", sa.String(length=150), nullable=False),
        sa.Column("value", sa.String(length=200), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("channel", sa.String(length=100), nullable=False),
        sa.Column("linked_at", columns.UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identities")),
        sa.UniqueConstraint("namespace", "value", name=op.f("uq_identities_namespace_value")),
    )
    with op.batch_alter_table("identities", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_identities_customer_id"), ["customer_id"], unique=False)

    op.create_table(
        "imports",
        sa.Column("id", columns.RowId, autoincrement=False, nullable=False),
        sa.Column("channel", sa.String(length=100), nullable=False),
        sa.Column("file_name", sa.String(length=300), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("total", sa.Integer(), server_default="0", nullable=False),
        sa.Column("done", sa.Integer(), server_default="0", nullable=False),
        sa.Column("added", sa.Integer(), server_default="0", nullable=False),
        sa.Column("repeated", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rejected", sa.Integer(), server_default="0", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("started_by", sa.String(length=100), nullable=False),
        sa.Column("created_at", columns.UtcTime(), nullable=False),
        sa.Column("finished_at", columns.UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imports")),
    )
    op.create_table(
        "inbox",
        sa.Column("id", columns.RowId, autoincrement=False, nullable=False),
        sa.Column("channel", sa.String(length=100), nullable=False),
        sa.Column("dedup_key", sa.String(length=300), nullable=False),
        sa.Column("thread", sa.String(length=300), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("received_at", columns.UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox")),
        sa.UniqueConstraint("channel", "dedup_key", name=op.f("uq_inbox_channel_dedup_key")),
    )
    op.create_table(
        "maybe_links",
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("other_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("at", columns.UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("customer_id", "other_id", name=op.f("pk_maybe_links")),
    )
    op.create_table(
        "merges",
        sa.Column("id", columns.RowId, autoincrement=False, nullable=False),
        sa.Column("kept_id", sa.BigInteger(), nullable=False),
        sa.Column("merged_id", sa.BigInteger(), nullable=False),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("actor", sa.String(length=100), nullable=False),
        sa.Column("at", columns.UtcTime(), nullable=False),
        sa.Column("identities", columns.Document, nullable=False),
        sa.Column("undone_at", columns.UtcTime(), nullable=True),
        sa.Column("undone_by", sa.String(length=100), nullable=True),
        sa.Column(
            "household_id",
            sa.BigInteger(),
            nullable=True,
            comment="The household the kept customer took over with it, if any.",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merges")),
    )
    with op.batch_alter_table("merges", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_merges_kept_id"), ["kept_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_merges_merged_id"), ["merged_id"], unique=False)

    op.create_table(
        "price_proposals",
        sa.Column("id", columns.RowId, autoincrement=False, nullable=False),
        sa.Column("sku", sa.String(length=100), nullable=False),
        sa.Column("product", columns.Document, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False, comment="proposed, approved, rejected or withdrawn"),
        sa.Column("proposed_by", sa.String(length=100), nullable=False),
        sa.Column("proposed_at", columns.UtcTime(), nullable=False),
        sa.Column("decided_by", sa.String(length=100), nullable=True),
        sa.Column("decided_at", columns.UtcTime(), nullable=True),
        sa.Column("decision_note", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "source",
            sa.String(length=300),
            server_default="",
            nullable=False,
            comment="The file it came in with, if any.",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_proposals")),
    )
    with op.batch_alter_table("price_proposals", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_price_proposals_sku"), ["sku"], unique=False)
        batch_op.create_index("ix_price_proposals_state", ["state", "id"], unique=False)

    op.create_table(
        "price_versions",
        sa.Column("id", columns.RowId, autoincrement=False, nullable=False),
        sa.Column("sku", sa.String(length=100), nullable=False),
        sa.Column("product", columns.Document, nullable=False),
        sa.Column("recorded_at", columns.UtcTime(), nullable=False),
        sa.Column("recorded_by", sa.String(length=100), nullable=False),
        sa.Column("approved_by", sa.String(length=100), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_versions")),
    )
    with op.batch_alter_table("price_versions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_price_versions_sku"), ["sku"], unique=False)

    op.create_table(
        "rule_runs",
        sa.Column("day", sa.String(length=10), nullable=False, comment="China's day."),
        sa.Column("rule", sa.String(length=60), nullable=False, comment="Empty: messages that were read."),
        sa.Column("checked", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("found", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("day", "rule", name=op.f("pk_rule_runs")),
    )
    op.create_table(
        "sessions",
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("csrf", sa.String(length=64), nullable=False),
        sa.Column("created_at", columns.UtcTime(), nullable=False),
        sa.Column("expires_at", columns.UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("secret_hash", name=op.f("pk_sessions")),
    )
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sessions_user_id"), ["user_id"], unique=False)

    op.create_table(
        "settings",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_settings")),
    )
    op.create_table(
        "tags",
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("tag", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("end", sa.Integer(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("rule", sa.String(length=100), nullable=False),
        sa.Column("version", sa.String(length=60), nullable=False),
        sa.PrimaryKeyConstraint("entry_id", "rule", "start", "end", name=op.f("pk_tags")),
    )
    op.create_table(
        "tasks",
        sa.Column("id", columns.RowId, autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("key", sa.String(length=400), nullable=False),
        sa.Column("ref", sa.BigInteger(), nullable=False),
        sa.Column("payload", columns.Document, nullable=False),
        sa.Column("due_at", columns.UtcTime(), nullable=False, comment="Of a leased task: when its lease ends."),
        sa.Column("lease", sa.String(length=40), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("dead", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", columns.UtcTime(), nullable=False),
        sa.Column("once", sa.String(length=200), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tasks")),
        sa.UniqueConstraint("once", name=op.f("uq_tasks_once")),
    )
    with op.batch_alter_table("tasks", schema=None) as batch_op:
        batch_op.create_index("ix_tasks_due", ["kind", "due_at"], unique=False)
        batch_op.create_index("ix_tasks_order", ["kind", "dead", "id"], unique=False)

    op.create_table(
        "tokens",
        sa.Column("id", columns.RowId, autoincrement=False, nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("created_at", columns.UtcTime(), nullable=False),
        sa.Column("expires_at", columns.UtcTime(), nullable=True),
        sa.Column("last_used_at", columns.UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tokens")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_tokens_secret_hash")),
    )
    op.create_table(
        "users",
        sa.Column("id", columns.RowId, autoincrement=False, nullable=False),
        sa.Column("login", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("provider_ids", columns.Document, nullable=False),
        sa.Column("created_at", columns.UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("login", name=op.f("uq_users_login")),
    )
    op.create_table(
        "verdicts",
        sa.Column("id", columns.RowId, autoincrement=False, nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False, comment="Of the case: looks of one round are compared."),
        sa.Column(
            "look",
            sa.Integer(),
            nullable=False,
            comment="1 the first, 2 the second look, 3 the one that settles a difference.",
        ),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("reason", sa.String(length=30), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.BigInteger(), nullable=False),
        sa.Column("decided_at", columns.UtcTime(), nullable=False),
        sa.Column("case_version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verdicts")),
    )
    with op.batch_alter_table("verdicts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_verdicts_case_id"), ["case_id"], unique=False)

    op.create_table(
        "set_aside",
        sa.Column("inbox_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("channel", sa.String(length=100), nullable=False),
        sa.Column("why", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", columns.UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["inbox_id"], ["inbox.id"], name=op.f("fk_set_aside_inbox_id")),
        sa.PrimaryKeyConstraint("inbox_id", name=op.f("pk_set_aside")),
        comment="Raw events that are kept but not (yet) on a timeline: parked until a key arrives, or unreadable.",
    )
    with op.batch_alter_table("set_aside", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_set_aside_channel"), ["channel"], unique=False)

    if op.get_bind().dialect.name == "sqlite":
        op.execute(SQLITE_TABLE)
    else:
        op.execute(POSTGRESQL_FUNCTION)
        op.execute(POSTGRESQL_INDEX)
    for trigger in SQLITE_TRIGGERS if op.get_bind().dialect.name == "sqlite" else POSTGRESQL_TRIGGERS:
        op.execute(trigger)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE entries_search")
    with op.batch_alter_table("set_aside", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_set_aside_channel"))

    op.drop_table("set_aside")
    with op.batch_alter_table("verdicts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_verdicts_case_id"))

    op.drop_table("verdicts")
    op.drop_table("users")
    op.drop_table("tokens")
    with op.batch_alter_table("tasks", schema=None) as batch_op:
        batch_op.drop_index("ix_tasks_order")
        batch_op.drop_index("ix_tasks_due")

    op.drop_table("tasks")
    op.drop_table("tags")
    op.drop_table("settings")
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sessions_user_id"))

    op.drop_table("sessions")
    op.drop_table("rule_runs")
    with op.batch_alter_table("price_versions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_price_versions_sku"))

    op.drop_table("price_versions")
    with op.batch_alter_table("price_proposals", schema=None) as batch_op:
        batch_op.drop_index("ix_price_proposals_state")
        batch_op.drop_index(batch_op.f("ix_price_proposals_sku"))

    op.drop_table("price_proposals")
    with op.batch_alter_table("merges", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_merges_merged_id"))
        batch_op.drop_index(batch_op.f("ix_merges_kept_id"))

    op.drop_table("merges")
    op.drop_table("maybe_links")
    op.drop_table("inbox")
    op.drop_table("imports")
    with op.batch_alter_table("identities", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_identities_customer_id"))

    op.drop_table("identities")
    op.drop_table("idempotency_keys")
    op.drop_table("households")
    with op.batch_alter_table("findings", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_findings_entry_id"))
        batch_op.drop_index(batch_op.f("ix_findings_case_id"))

    op.drop_table("findings")
    op.drop_table("events")
    with op.batch_alter_table("entry_versions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_entry_versions_entry_id"))

    op.drop_table("entry_versions")
    with op.batch_alter_table("entries", schema=None) as batch_op:
        batch_op.drop_index("ix_entries_timeline")
        batch_op.drop_index("ix_entries_thread")
        batch_op.drop_index(batch_op.f("ix_entries_identity_id"))

    op.drop_table("entries")
    op.drop_table("endpoints")
    op.drop_table("dry_runs")
    with op.batch_alter_table("dry_run_findings", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_dry_run_findings_run_id"))

    op.drop_table("dry_run_findings")
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.drop_index("ix_deliveries_endpoint")

    op.drop_table("deliveries")
    with op.batch_alter_table("customers", schema=None) as batch_op:
        batch_op.drop_index("ix_customers_recent", postgresql_where=sa.text("merged_into IS NULL"))
        batch_op.drop_index(batch_op.f("ix_customers_household_id"))

    op.drop_table("customers")
    op.drop_table("cursors")
    with op.batch_alter_table("cues", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_cues_entry_id"))
        batch_op.drop_index("ix_cues_customer")

    op.drop_table("cues")
    with op.batch_alter_table("claims", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_claims_entry_id"))
        batch_op.drop_index("ix_claims_customer")

    op.drop_table("claims")
    op.drop_table("channel_health")
    with op.batch_alter_table("cases", schema=None) as batch_op:
        batch_op.drop_index("ix_cases_queue")
        batch_op.drop_index("ix_cases_opened")
        batch_op.drop_index("ix_cases_customer")

    op.drop_table("cases")
    with op.batch_alter_table("case_events", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_case_events_case_id"))

    op.drop_table("case_events")
    op.drop_table("bad_rows")
    with op.batch_alter_table("awaited_changes", schema=None) as batch_op:
        batch_op.drop_index("ix_awaited_changes_target")

    op.drop_table("awaited_changes")
    with op.batch_alter_table("audit_log", schema=None) as batch_op:
        batch_op.drop_index("ix_audit_log_object")

    op.drop_table("audit_log")
    op.drop_table("audit_checkpoints")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION scrm_grams(text)")
        op.execute("DROP FUNCTION scrm_audit_kept()")
