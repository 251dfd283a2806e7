-- The tables of a state database of version 1, as that release made them.
BEGIN TRANSACTION;
CREATE TABLE alerts (
	fingerprint TEXT NOT NULL,
	rule TEXT NOT NULL,
	target TEXT NOT NULL,
	"key" JSON NOT NULL,
	labels JSON NOT NULL,
	state TEXT NOT NULL,
	last_seen BIGINT NOT NULL,
	annotations JSON NOT NULL,
	"values" JSON NOT NULL,
	active_since BIGINT,
	fired_at BIGINT,
	cleared_since BIGINT,
	resolved_at BIGINT,
	PRIMARY KEY (fingerprint)
);
CREATE TABLE audit (
	seq INTEGER NOT NULL,
	filed TEXT NOT NULL,
	record BLOB NOT NULL,
	mac BLOB NOT NULL,
	PRIMARY KEY (seq)
);
CREATE TABLE meta (
	name TEXT NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY (name)
);
CREATE TABLE runs (
	number INTEGER NOT NULL,
	id TEXT NOT NULL,
	dedup_key TEXT NOT NULL,
	rule TEXT NOT NULL,
	rule_digest TEXT NOT NULL,
	fingerprint TEXT NOT NULL,
	target TEXT NOT NULL,
	remediation TEXT NOT NULL,
	risk TEXT NOT NULL,
	mode TEXT NOT NULL,
	proposer TEXT NOT NULL,
	quorum INTEGER NOT NULL,
	not_proposer BOOLEAN NOT NULL,
	state TEXT NOT NULL,
	version INTEGER NOT NULL,
	fence INTEGER NOT NULL,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	subject JSON NOT NULL,
	variables JSON NOT NULL,
	"plan" JSON,
	plan_hash TEXT,
	expires_at BIGINT,
	decisions JSON NOT NULL,
	run_dir TEXT,
	started_at BIGINT,
	ended_at BIGINT,
	outcome JSON,
	events_resolved JSON,
	note TEXT NOT NULL,
	PRIMARY KEY (number),
	CONSTRAINT runs_state_is_known CHECK (state IN ('applying', 'approved', 'cancelled', 'denied', 'expired', 'failed', 'interrupted', 'pending', 'planning', 'refused', 'rollback_failed', 'rolled_back', 'rolling_back', 'superseded', 'verified', 'verifying')),
	CONSTRAINT runs_quorum_is_a_number_of_people CHECK (quorum >= 1),
	UNIQUE (id)
);
CREATE TABLE tokens (
	number INTEGER NOT NULL,
	id TEXT NOT NULL,
	name TEXT NOT NULL,
	role TEXT NOT NULL,
	sha256 TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	expires_at BIGINT,
	revoked_at BIGINT,
	PRIMARY KEY (number),
	UNIQUE (id)
);
CREATE UNIQUE INDEX runs_one_active_per_target ON runs (target) WHERE state IN ('applying', 'interrupted', 'rolling_back', 'verifying');
CREATE INDEX runs_by_creation ON runs (created_at);
CREATE UNIQUE INDEX runs_one_open_per_problem ON runs (dedup_key) WHERE state IN ('applying', 'approved', 'interrupted', 'pending', 'planning', 'rolling_back', 'verifying');
CREATE INDEX runs_by_state ON runs (state, expires_at);
CREATE INDEX runs_by_end ON runs (ended_at);
CREATE INDEX ix_audit_filed ON audit (filed);
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
COMMIT;
