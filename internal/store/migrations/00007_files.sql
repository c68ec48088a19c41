-- +goose Up
-- What was uploaded. The contents are files beside the database, by their SHA-256.
CREATE TABLE files (
    id          BIGINT NOT NULL PRIMARY KEY,
    tenant      BIGINT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    kind        TEXT   NOT NULL,
    name        TEXT   NOT NULL,
    name_folded TEXT   NOT NULL,
    vendor      TEXT   NOT NULL, -- '' for every vendor
    models      TEXT   NOT NULL, -- JSON
    version     TEXT   NOT NULL, -- '' for what is no firmware
    bytes       BIGINT NOT NULL,
    sha256      TEXT   NOT NULL, -- lower-case hex
    created_at  BIGINT NOT NULL,
    UNIQUE (tenant, kind, vendor, version, name_folded)
);
CREATE INDEX files_tenant ON files (tenant, id);
CREATE INDEX files_sha256 ON files (sha256);

CREATE TABLE firmware_policies (
    id              BIGINT  NOT NULL PRIMARY KEY,
    tenant          BIGINT  NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    vendor          TEXT    NOT NULL,
    models          TEXT    NOT NULL, -- JSON
    from_version    TEXT    NOT NULL, -- '' for any
    steps           TEXT    NOT NULL, -- JSON, rising
    allow_downgrade BOOLEAN NOT NULL,
    offer_unknown   BOOLEAN NOT NULL,
    created_at      BIGINT  NOT NULL,
    updated_at      BIGINT  NOT NULL
);
CREATE INDEX firmware_policies_tenant ON firmware_policies (tenant, id);
