-- +goose Up
CREATE TABLE jobs (
    id            BIGINT NOT NULL PRIMARY KEY,
    tenant        BIGINT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    kind          TEXT   NOT NULL,
    mac           TEXT   NOT NULL, -- '' for every phone
    state         TEXT   NOT NULL,
    caller        TEXT   NOT NULL,
    caller_folded TEXT   NOT NULL,
    created_at    BIGINT NOT NULL,
    done_at       BIGINT NOT NULL,
    counts        TEXT   NOT NULL -- '' while an item is open: then they are counted
);
CREATE INDEX jobs_tenant ON jobs (tenant, id);
CREATE INDEX jobs_running ON jobs (id) WHERE state = 'running';
CREATE INDEX jobs_closed ON jobs (done_at) WHERE counts <> '';

CREATE TABLE job_items (
    job        BIGINT  NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    mac        TEXT    NOT NULL,
    tenant     BIGINT  NOT NULL,
    kind       TEXT    NOT NULL,
    state      TEXT    NOT NULL,
    outcome    TEXT    NOT NULL,
    reason     TEXT    NOT NULL,
    attempts   INTEGER NOT NULL,
    due_at     BIGINT  NOT NULL,
    sent_at    BIGINT  NOT NULL,
    updated_at BIGINT  NOT NULL,
    PRIMARY KEY (job, mac)
);
-- What is open: at most one item of a kind for each phone.
CREATE UNIQUE INDEX job_items_open ON job_items (mac, tenant, kind) WHERE state IN ('pending', 'sent', 'accepted');
CREATE INDEX job_items_state ON job_items (job, state, due_at, mac);
CREATE INDEX job_items_waiting ON job_items (due_at) WHERE state IN ('sent', 'accepted');
-- When a phone was last sent anything.
CREATE INDEX job_items_sent ON job_items (mac, sent_at) WHERE sent_at > 0;
