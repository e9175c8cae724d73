-- What rigger adds. Rows beside the market's tables are optional: a row of theirs without one of ours reads with defaults.

CREATE TABLE rigger_servers (
    server_id     VARCHAR NOT NULL PRIMARY KEY REFERENCES servers (server_id) ON DELETE CASCADE,
    cluster       TEXT NOT NULL,
    ready         BOOLEAN NOT NULL,
    disk_total_gb DOUBLE NOT NULL,
    disk_used_gb  DOUBLE NOT NULL
);

CREATE TABLE rigger_gpus (
    gpu_id   VARCHAR NOT NULL PRIMARY KEY REFERENCES gpus (gpu_id) ON DELETE CASCADE,
    reserved BOOLEAN NOT NULL
);

CREATE TABLE rigger_offers (
    chute_id  VARCHAR NOT NULL PRIMARY KEY REFERENCES chutes (chute_id) ON DELETE CASCADE,
    source    TEXT NOT NULL,
    gpu_milli INTEGER NOT NULL
);

CREATE TABLE rigger_deployments (
    deployment_id     VARCHAR NOT NULL PRIMARY KEY REFERENCES deployments (deployment_id) ON DELETE CASCADE,
    source            TEXT NOT NULL,
    offer_name        TEXT NOT NULL,
    cluster           TEXT NOT NULL,
    node_name         TEXT NOT NULL,
    namespace_name    TEXT NOT NULL,
    phase             TEXT NOT NULL,
    phase_since       TEXT NOT NULL,
    terminating_since TEXT,
    end_cause         TEXT NOT NULL,
    end_reason        TEXT NOT NULL,
    operator_wish     BOOLEAN NOT NULL,
    gpus              TEXT NOT NULL CHECK (json_valid(gpus))
);

-- No foreign key: an intent outlives the row of its deployment until it is confirmed or dropped.
CREATE TABLE rigger_intents (
    intent_key    TEXT NOT NULL PRIMARY KEY,
    deployment_id TEXT NOT NULL,
    effect        TEXT NOT NULL,
    created_at    TEXT NOT NULL,
    confirmed_at  TEXT,
    outcome       TEXT NOT NULL
);
CREATE INDEX idx_rigger_intents_deployment ON rigger_intents (deployment_id);
CREATE INDEX idx_rigger_intents_open ON rigger_intents (created_at) WHERE confirmed_at IS NULL;

CREATE TABLE rigger_journal (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    at       TEXT NOT NULL,
    origin   TEXT NOT NULL,
    event_id TEXT,
    type     TEXT NOT NULL,
    document TEXT NOT NULL,
    handled  BOOLEAN NOT NULL,
    UNIQUE (origin, event_id)
);
CREATE INDEX idx_rigger_journal_open ON rigger_journal (sequence) WHERE handled = 0;

CREATE TABLE rigger_failure_marks (
    offer_id      TEXT NOT NULL,
    server_id     TEXT NOT NULL,
    cause         TEXT NOT NULL,
    created_at    TEXT NOT NULL,
    deleted_at    TEXT NOT NULL,
    blocked_until TEXT NOT NULL,
    PRIMARY KEY (offer_id, server_id)
);

CREATE TABLE rigger_backoffs (
    offer_id      TEXT NOT NULL PRIMARY KEY,
    blocked_until TEXT NOT NULL,
    reason        TEXT NOT NULL
);

CREATE TABLE rigger_checkpoints (
    name  TEXT NOT NULL PRIMARY KEY,
    token BLOB NOT NULL
);

CREATE TABLE rigger_kv (
    plugin    TEXT NOT NULL,
    entry_key TEXT NOT NULL,
    content   BLOB NOT NULL,
    revision  BIGINT NOT NULL,
    PRIMARY KEY (plugin, entry_key)
);

-- Grows with every kv commit and never goes back, so a key that was erased and written anew has a new revision.
CREATE TABLE rigger_kv_revision (
    id       INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    revision BIGINT NOT NULL
);
INSERT INTO rigger_kv_revision (id, revision) VALUES (1, 0);
