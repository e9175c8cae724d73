-- The tables that a chutes miner already has, column for column. jsonb and arrays are JSON texts here, booleans 0 and 1,
-- timestamps RFC 3339 texts in UTC with six digits of fraction, so that their order as texts is their order in time.

CREATE TABLE servers (
    server_id         VARCHAR NOT NULL PRIMARY KEY,
    validator         VARCHAR NOT NULL,
    name              VARCHAR NOT NULL UNIQUE,
    ip_address        VARCHAR,
    agent_api         VARCHAR,
    verification_port INTEGER,
    status            VARCHAR,
    created_at        TEXT DEFAULT (strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z'),
    labels            TEXT NOT NULL CHECK (json_valid(labels)),
    seed              BIGINT,
    gpu_count         INTEGER NOT NULL,
    cpu_per_gpu       INTEGER NOT NULL DEFAULT 1,
    memory_per_gpu    INTEGER NOT NULL DEFAULT 1,
    hourly_cost       DOUBLE NOT NULL,
    locked            BOOLEAN DEFAULT 0,
    kubeconfig        TEXT,
    is_tee            BOOLEAN DEFAULT 0
);

CREATE TABLE chutes (
    chute_id       VARCHAR NOT NULL PRIMARY KEY,
    validator      VARCHAR NOT NULL,
    name           VARCHAR,
    image          VARCHAR NOT NULL,
    code           VARCHAR NOT NULL,
    filename       VARCHAR NOT NULL,
    ref_str        VARCHAR NOT NULL,
    version        VARCHAR NOT NULL,
    supported_gpus TEXT NOT NULL CHECK (json_valid(supported_gpus)),
    gpu_count      INTEGER NOT NULL,
    created_at     TEXT DEFAULT (strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z'),
    updated_at     TEXT DEFAULT (strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z'),
    ban_reason     TEXT,
    chutes_version TEXT,
    preemptible    BOOLEAN NOT NULL DEFAULT 1,
    tee            BOOLEAN DEFAULT 0
);

CREATE TABLE deployments (
    deployment_id VARCHAR NOT NULL PRIMARY KEY,
    instance_id   VARCHAR,
    validator     VARCHAR NOT NULL,
    host          VARCHAR,
    port          INTEGER,
    chute_id      VARCHAR NOT NULL REFERENCES chutes (chute_id) ON DELETE CASCADE,
    server_id     VARCHAR NOT NULL REFERENCES servers (server_id) ON DELETE CASCADE,
    version       VARCHAR NOT NULL,
    active        BOOLEAN DEFAULT 0,
    verified_at   TEXT,
    activated_at  TEXT,
    stub          BOOLEAN DEFAULT 0,
    job_id        TEXT,
    config_id     TEXT,
    created_at    TEXT DEFAULT (strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z'),
    preemptible   BOOLEAN NOT NULL DEFAULT 1
);
CREATE INDEX idx_deployments_chute ON deployments (chute_id);
CREATE INDEX idx_deployments_server ON deployments (server_id);

CREATE TABLE gpus (
    gpu_id          VARCHAR NOT NULL PRIMARY KEY,
    validator       VARCHAR,
    server_id       VARCHAR NOT NULL REFERENCES servers (server_id) ON DELETE CASCADE,
    deployment_id   VARCHAR REFERENCES deployments (deployment_id) ON DELETE SET NULL,
    device_info     TEXT NOT NULL CHECK (json_valid(device_info)),
    model_short_ref VARCHAR NOT NULL,
    verified        BOOLEAN DEFAULT 0
);
CREATE INDEX idx_gpus_server ON gpus (server_id);
CREATE INDEX idx_gpus_deployment ON gpus (deployment_id);

CREATE TABLE validator_migrations (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    migration_id VARCHAR(10) NOT NULL UNIQUE,
    name         VARCHAR NOT NULL,
    created_at   TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z')
);

-- What the audit exporter reads: a deployment's times outlive its row.
CREATE TABLE deployment_audit (
    deployment_id TEXT NOT NULL PRIMARY KEY,
    validator     TEXT,
    instance_id   TEXT,
    chute_id      TEXT,
    version       TEXT,
    created_at    TEXT DEFAULT (strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z'),
    verified_at   TEXT,
    deleted_at    TEXT
);
CREATE INDEX idx_deployment_audit_ts ON deployment_audit (verified_at, deleted_at);

CREATE TRIGGER tr_deployment_audit_insert AFTER INSERT ON deployments
BEGIN
    INSERT INTO deployment_audit (deployment_id, validator, chute_id, version)
    VALUES (NEW.deployment_id, NEW.validator, NEW.chute_id, NEW.version);
END;

CREATE TRIGGER tr_deployment_audit_update AFTER UPDATE ON deployments
WHEN OLD.verified_at IS NULL AND NEW.verified_at IS NOT NULL
BEGIN
    UPDATE deployment_audit SET verified_at = NEW.verified_at, instance_id = NEW.instance_id
    WHERE deployment_id = NEW.deployment_id;
END;

CREATE TRIGGER tr_deployment_audit_delete BEFORE DELETE ON deployments
BEGIN
    UPDATE deployment_audit SET deleted_at = strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z'
    WHERE deployment_id = OLD.deployment_id AND deleted_at IS NULL;
END;
