-- The same text runs on SQLite and PostgreSQL. Times are unix milliseconds, 0 for
-- none. Lists and maps are JSON. BYTEA columns not named for a hash are sealed
-- (internal/secret). *_folded is the text in lower case, by Unicode: neither
-- engine's lower() can be relied on for more than ASCII.

-- +goose Up
CREATE TABLE installation (
    one       INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    last_id   BIGINT  NOT NULL, -- no object has had a higher one
    key_check BYTEA   NOT NULL  -- tells whether the key file is this database's
);

CREATE TABLE tenants (
    id               BIGINT  NOT NULL PRIMARY KEY,
    name             TEXT    NOT NULL,
    name_folded      TEXT    NOT NULL UNIQUE,
    domain           TEXT    NOT NULL,
    domain_folded    TEXT    NOT NULL UNIQUE,
    code             TEXT    NOT NULL UNIQUE,
    endpoints        TEXT    NOT NULL,
    ntp              TEXT    NOT NULL,
    timezone         TEXT    NOT NULL,
    language         TEXT    NOT NULL,
    tone             TEXT    NOT NULL,
    provisioning_url TEXT    NOT NULL,
    poll_minutes     INTEGER NOT NULL,
    register_expires INTEGER NOT NULL,
    voicemail_number TEXT    NOT NULL,
    pickup_code      TEXT    NOT NULL,
    enrol_networks   TEXT    NOT NULL,
    enrol_minutes    INTEGER NOT NULL,
    created_at       BIGINT  NOT NULL,
    updated_at       BIGINT  NOT NULL
);

CREATE TABLE users (
    id                  BIGINT NOT NULL PRIMARY KEY,
    tenant              BIGINT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    extension_number    TEXT   NOT NULL,
    display_name        TEXT   NOT NULL,
    display_name_folded TEXT   NOT NULL,
    auth_name           TEXT   NOT NULL,
    auth_name_folded    TEXT   NOT NULL,
    password            BYTEA  NOT NULL,
    vm_pin              BYTEA  NOT NULL,
    keys                TEXT   NOT NULL,
    created_at          BIGINT NOT NULL,
    updated_at          BIGINT NOT NULL,
    UNIQUE (tenant, id),
    UNIQUE (tenant, extension_number)
);

-- A device is a desk phone, with a row in phones, or a DECT base, with one in
-- dect_phones.
CREATE TABLE devices (
    id         BIGINT  NOT NULL PRIMARY KEY,
    tenant     BIGINT  NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    user_id    BIGINT, -- of a desk phone
    mac        TEXT    NOT NULL UNIQUE, -- 12 lower-case hex digits
    template   TEXT    NOT NULL,
    vendor     TEXT    NOT NULL,
    model      TEXT    NOT NULL,
    password   BYTEA   NOT NULL,
    timezone   TEXT    NOT NULL,
    language   TEXT    NOT NULL,
    codecs     TEXT    NOT NULL,
    interface  TEXT    NOT NULL,
    transport  TEXT    NOT NULL,
    rps        BOOLEAN NOT NULL,
    https      BOOLEAN NOT NULL,
    token      BYTEA   NOT NULL,
    token_hash BYTEA   NOT NULL UNIQUE, -- SHA-256
    created_at BIGINT  NOT NULL,
    updated_at BIGINT  NOT NULL,
    UNIQUE (tenant, id),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, id) ON DELETE CASCADE
);
CREATE INDEX devices_tenant_mac ON devices (tenant, mac);
CREATE INDEX devices_tenant_user ON devices (tenant, user_id);
CREATE INDEX devices_tenant_template ON devices (tenant, template);

CREATE TABLE phones (
    id                BIGINT  NOT NULL PRIMARY KEY REFERENCES devices (id) ON DELETE CASCADE,
    transfer          TEXT    NOT NULL,
    ringtone          TEXT    NOT NULL,
    queue_ringtone    TEXT    NOT NULL,
    external_ringtone TEXT    NOT NULL,
    date_format       TEXT    NOT NULL,
    time_format       TEXT    NOT NULL,
    powerled          TEXT    NOT NULL,
    backlight         TEXT    NOT NULL,
    screensaver       TEXT    NOT NULL,
    lldp              BOOLEAN NOT NULL,
    wan_vlan          BOOLEAN NOT NULL,
    wan_vlan_id       INTEGER NOT NULL,
    wan_vlan_priority INTEGER NOT NULL,
    pc_vlan           BOOLEAN NOT NULL,
    pc_vlan_id        INTEGER NOT NULL,
    pc_vlan_priority  INTEGER NOT NULL,
    serial_number     TEXT    NOT NULL,
    door_password1    BYTEA   NOT NULL,
    door_password2    BYTEA   NOT NULL
);

CREATE TABLE dect_phones (
    id                BIGINT  NOT NULL PRIMARY KEY REFERENCES devices (id) ON DELETE CASCADE,
    name              TEXT    NOT NULL,
    name_folded       TEXT    NOT NULL,
    tone              TEXT    NOT NULL,
    user_password     BYTEA   NOT NULL,
    engineer_password BYTEA   NOT NULL,
    region            TEXT    NOT NULL,
    handset_language  TEXT    NOT NULL,
    lines             INTEGER NOT NULL
);

CREATE TABLE dect_members (
    dect          BIGINT  NOT NULL REFERENCES dect_phones (id) ON DELETE CASCADE,
    handset_index INTEGER NOT NULL,
    tenant        BIGINT  NOT NULL,
    user_id       BIGINT  NOT NULL,
    ipui          TEXT    UNIQUE, -- null while not known
    PRIMARY KEY (dect, handset_index),
    UNIQUE (dect, user_id),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, id) ON DELETE CASCADE
);
CREATE INDEX dect_members_user ON dect_members (tenant, user_id);

CREATE TABLE templates (
    tenant     BIGINT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    filename   TEXT   NOT NULL,
    content    TEXT   NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, filename)
);

CREATE TABLE sightings (
    tenant     BIGINT  NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    mac        TEXT    NOT NULL,
    vendor     TEXT    NOT NULL,
    model      TEXT    NOT NULL,
    version    TEXT    NOT NULL,
    ip         TEXT    NOT NULL,
    user_agent TEXT    NOT NULL,
    first_seen BIGINT  NOT NULL,
    last_seen  BIGINT  NOT NULL,
    rejected   BOOLEAN NOT NULL,
    fetches    BIGINT  NOT NULL, -- so far
    device     BIGINT  UNIQUE REFERENCES devices (id) ON DELETE SET NULL, -- the tenant's with this address
    PRIMARY KEY (tenant, mac)
);
CREATE INDEX sightings_mac ON sightings (mac);
CREATE INDEX sightings_strangers ON sightings (tenant, mac) WHERE device IS NULL;

-- The last fetches of each device: number n is kept in slot n modulo a bound.
CREATE TABLE fetches (
    tenant     BIGINT  NOT NULL,
    mac        TEXT    NOT NULL,
    slot       INTEGER NOT NULL,
    number     BIGINT  NOT NULL,
    fetched_at BIGINT  NOT NULL,
    file       TEXT    NOT NULL,
    level      TEXT    NOT NULL,
    status     INTEGER NOT NULL,
    bytes      BIGINT  NOT NULL,
    ip         TEXT    NOT NULL,
    user_agent TEXT    NOT NULL,
    vendor     TEXT    NOT NULL,
    model      TEXT    NOT NULL,
    version    TEXT    NOT NULL,
    reason     TEXT    NOT NULL,
    PRIMARY KEY (tenant, mac, slot),
    FOREIGN KEY (tenant, mac) REFERENCES sightings (tenant, mac) ON DELETE CASCADE
);

CREATE TABLE enrolments (
    id         BIGINT NOT NULL PRIMARY KEY,
    tenant     BIGINT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    mac        TEXT   NOT NULL, -- '' for every assigned phone
    opened_at  BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX enrolments_tenant ON enrolments (tenant, expires_at);

CREATE TABLE enrolment_uses (
    enrolment BIGINT NOT NULL REFERENCES enrolments (id) ON DELETE CASCADE,
    mac       TEXT   NOT NULL,
    PRIMARY KEY (enrolment, mac)
);

-- Accounts, tokens and the audit log have tenant 0 for the installation. Their
-- user_id may be of a user that is no more: IDs are never used again.
CREATE TABLE accounts (
    id              BIGINT  NOT NULL PRIMARY KEY,
    tenant          BIGINT  NOT NULL,
    username        TEXT    NOT NULL,
    username_folded TEXT    NOT NULL,
    password        BYTEA   NOT NULL, -- argon2id, sealed besides
    role            TEXT    NOT NULL,
    user_id         BIGINT  NOT NULL,
    reveal          BOOLEAN NOT NULL,
    created_at      BIGINT  NOT NULL,
    UNIQUE (tenant, username_folded)
);

CREATE TABLE tokens (
    id          BIGINT  NOT NULL PRIMARY KEY,
    kind        TEXT    NOT NULL,
    hash        BYTEA   NOT NULL UNIQUE, -- SHA-256
    tenant      BIGINT  NOT NULL,
    account     BIGINT  NOT NULL,
    user_id     BIGINT  NOT NULL,
    name        TEXT    NOT NULL,
    name_folded TEXT    NOT NULL,
    role        TEXT    NOT NULL,
    reveal      BOOLEAN NOT NULL,
    family      BIGINT  NOT NULL,
    created_at  BIGINT  NOT NULL,
    expires_at  BIGINT  NOT NULL,
    used_at     BIGINT  NOT NULL
);
CREATE INDEX tokens_tenant ON tokens (tenant);
CREATE INDEX tokens_account ON tokens (account);
CREATE INDEX tokens_family ON tokens (family);

CREATE TABLE audit (
    id       BIGINT NOT NULL PRIMARY KEY,
    at       BIGINT NOT NULL,
    tenant   BIGINT NOT NULL,
    caller   TEXT   NOT NULL,
    address  TEXT   NOT NULL,
    action   TEXT   NOT NULL,
    object   TEXT   NOT NULL
);
CREATE INDEX audit_tenant ON audit (tenant, id);
