-- +goose Up
-- What happened to devices: a history of each, and what the fetch log was. IDs rise
-- in the order of commits.
CREATE TABLE events (
    tenant        BIGINT  NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    id            BIGINT  NOT NULL,
    mac           TEXT    NOT NULL, -- '' for every device
    slot          INTEGER, -- of what devices cause: one takes the place of another; null for the rest
    at            BIGINT  NOT NULL,
    kind          TEXT    NOT NULL,
    severity      TEXT    NOT NULL,
    text          TEXT    NOT NULL, -- '' for a request: it is made of what follows
    caller        TEXT    NOT NULL,
    caller_folded TEXT    NOT NULL,
    details       TEXT    NOT NULL, -- '' or JSON
    -- Of requests alone:
    file          TEXT    NOT NULL,
    level         TEXT    NOT NULL,
    status        INTEGER NOT NULL, -- 0 if there is no request
    bytes         BIGINT  NOT NULL,
    ip            TEXT    NOT NULL,
    user_agent    TEXT    NOT NULL,
    vendor        TEXT    NOT NULL,
    model         TEXT    NOT NULL,
    version       TEXT    NOT NULL,
    reason        TEXT    NOT NULL,
    etag          TEXT    NOT NULL,
    PRIMARY KEY (tenant, id)
);
CREATE INDEX events_mac ON events (tenant, mac, id);
CREATE UNIQUE INDEX events_slot ON events (tenant, mac, slot) WHERE slot IS NOT NULL;

-- How many events but requests a device has caused.
ALTER TABLE sightings ADD COLUMN notes BIGINT NOT NULL DEFAULT 0;

INSERT INTO events (tenant, id, mac, slot, at, kind, severity, text, caller, caller_folded, details,
        file, level, status, bytes, ip, user_agent, vendor, model, version, reason, etag)
    SELECT tenant, (SELECT last_id FROM installation) + row_number() OVER (ORDER BY fetched_at, tenant, mac, number), mac, slot, fetched_at,
        CASE WHEN status >= 500 THEN 'fetch.failed' WHEN reason <> '' OR status >= 400 THEN 'fetch.refused' WHEN level = 'L1' THEN 'enrolment.used' ELSE 'fetch.served' END,
        CASE WHEN status >= 500 THEN 'warning' ELSE 'info' END, '', '', '', '',
        file, level, status, bytes, ip, user_agent, vendor, model, version, reason, etag
    FROM fetches;
UPDATE installation SET last_id = last_id + (SELECT count(*) FROM fetches);
DROP TABLE fetches;
