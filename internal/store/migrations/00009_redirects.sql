-- +goose Up
-- What is printed beside a device's MAC address, such as a check code or a PIN.
ALTER TABLE devices ADD COLUMN device_code TEXT NOT NULL DEFAULT '';
ALTER TABLE dect_phones ADD COLUMN serial_number TEXT NOT NULL DEFAULT '';

-- Accounts at the vendors' redirect services; those of tenant 0 are the installation's.
CREATE TABLE redirect_accounts (
    id           BIGINT  NOT NULL PRIMARY KEY,
    tenant       BIGINT  NOT NULL,
    vendor       TEXT    NOT NULL,
    service      TEXT    NOT NULL,
    endpoint     TEXT    NOT NULL, -- '' for the service's own
    settings     TEXT    NOT NULL, -- JSON: what is not secret
    secrets      BYTEA   NOT NULL, -- JSON
    verified_at  BIGINT  NOT NULL,
    verify_error TEXT    NOT NULL,
    held_until   BIGINT  NOT NULL, -- 0 beside a reason: until the account is changed or verified
    held_reason  TEXT    NOT NULL,
    failures     INTEGER NOT NULL, -- calls in a row
    created_at   BIGINT  NOT NULL,
    updated_at   BIGINT  NOT NULL,
    UNIQUE (tenant, vendor)
);

-- What each device is to be at its vendor's service, and how that stands. A row that
-- wants the device removed stays until the service has forgotten it, whatever becomes
-- of the device.
CREATE TABLE redirections (
    account      BIGINT  NOT NULL REFERENCES redirect_accounts (id) ON DELETE CASCADE,
    mac          TEXT    NOT NULL,
    tenant       BIGINT  NOT NULL, -- whose device it is, or was
    vendor       TEXT    NOT NULL,
    model        TEXT    NOT NULL,
    serial       TEXT    NOT NULL,
    code         TEXT    NOT NULL,
    want         TEXT    NOT NULL, -- registered or removed
    revision     BIGINT  NOT NULL, -- of what is wanted
    status       TEXT    NOT NULL,
    reason       TEXT    NOT NULL,
    token        BYTEA,            -- of the first-access address; null where the device is to be removed
    token_hash   BYTEA,            -- SHA-256
    expires_at   BIGINT  NOT NULL,
    used_at      BIGINT  NOT NULL,
    known        BOOLEAN NOT NULL, -- to the service, as far as we can tell
    attempts     INTEGER NOT NULL, -- at this revision
    job          BIGINT  NOT NULL, -- 0 for what outlives its tenant
    due_at       BIGINT  NOT NULL, -- 0 while there is nothing to do
    leased_until BIGINT  NOT NULL, -- a call is under way
    updated_at   BIGINT  NOT NULL,
    PRIMARY KEY (account, mac)
);
CREATE INDEX redirections_due ON redirections (account, job, due_at, mac) WHERE due_at > 0;
CREATE INDEX redirections_job ON redirections (job, mac) WHERE due_at > 0;
CREATE INDEX redirections_device ON redirections (tenant, mac);
CREATE INDEX redirections_removal ON redirections (mac) WHERE want = 'removed' AND due_at > 0;
CREATE INDEX redirections_unused ON redirections (expires_at) WHERE token_hash IS NOT NULL AND used_at = 0 AND status IN ('pending', 'registered');
