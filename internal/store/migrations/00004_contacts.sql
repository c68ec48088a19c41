-- +goose Up
-- The tenant's phone book, beside its extensions.
CREATE TABLE contacts (
    id                  BIGINT NOT NULL PRIMARY KEY,
    tenant              BIGINT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    display_name        TEXT   NOT NULL,
    display_name_folded TEXT   NOT NULL,
    numbers             TEXT   NOT NULL, -- JSON
    created_at          BIGINT NOT NULL,
    updated_at          BIGINT NOT NULL
);
CREATE INDEX contacts_tenant ON contacts (tenant, id);
