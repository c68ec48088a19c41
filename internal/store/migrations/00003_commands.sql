-- +goose Up
-- How a tenant's phones are told to fetch: sealed JSON, or null for the default.
ALTER TABLE tenants ADD COLUMN notify BYTEA;

-- The hash of the file that was served.
ALTER TABLE fetches ADD COLUMN etag TEXT NOT NULL DEFAULT '';

-- What each device has fetched at its secret address, by the hash of the file.
CREATE TABLE served (
    device BIGINT NOT NULL REFERENCES devices (id) ON DELETE CASCADE,
    file   TEXT   NOT NULL,
    etag   TEXT   NOT NULL,
    at     BIGINT NOT NULL, -- when it first got these bytes
    PRIMARY KEY (device, file)
);

-- Assigning a phone looks for the windows that are for it.
CREATE INDEX enrolments_phone ON enrolments (tenant, mac);
