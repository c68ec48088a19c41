-- +goose Up
-- Several DECT bases that work as one. Their members are those of the data master.
CREATE TABLE dect_systems (
    id          BIGINT  NOT NULL PRIMARY KEY,
    tenant      BIGINT  NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    name        TEXT    NOT NULL,
    name_folded TEXT    NOT NULL,
    number      INTEGER NOT NULL, -- 1 to 512
    lines       INTEGER NOT NULL,
    created_at  BIGINT  NOT NULL,
    updated_at  BIGINT  NOT NULL,
    UNIQUE (tenant, name_folded),
    UNIQUE (tenant, number)
);

CREATE TABLE dect_system_bases (
    system    BIGINT  NOT NULL REFERENCES dect_systems (id) ON DELETE CASCADE,
    place     INTEGER NOT NULL, -- from 1, which is the data master's
    dect      BIGINT  NOT NULL UNIQUE REFERENCES dect_phones (id) ON DELETE CASCADE,
    sync_from BIGINT  NOT NULL, -- the base of the system that it takes its clock from; 0 for one that takes it from none
    PRIMARY KEY (system, place)
);

-- Of an order to the bases of one system; 0 for others.
ALTER TABLE jobs ADD COLUMN dect_system BIGINT NOT NULL DEFAULT 0;
