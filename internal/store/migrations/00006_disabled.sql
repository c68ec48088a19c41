-- +goose Up
-- Since when an admin has the device disabled; 0 while it is not.
ALTER TABLE devices ADD COLUMN disabled_at BIGINT NOT NULL DEFAULT 0;
