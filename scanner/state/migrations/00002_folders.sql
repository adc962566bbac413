-- +goose Up
CREATE TABLE targets (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
);

-- The folders of the targets. Names of folders and files can hold identity
-- numbers, so both are keyed hashes.
CREATE TABLE folders (
    id     BLOB PRIMARY KEY,           -- 16 bytes: HMAC of target and path
    target INTEGER NOT NULL REFERENCES targets (id),
    run    INTEGER NOT NULL,           -- the last run that looked at every file in it
    files  INTEGER NOT NULL            -- how many are remembered
) WITHOUT ROWID;

-- What is remembered of the files of a folder, packed: see packed.go.
CREATE TABLE listings (
    id   INTEGER PRIMARY KEY,          -- the first 8 bytes of folders.id
    data BLOB NOT NULL
);

-- Files that the run in progress has read in folders that it has not finished.
-- Empty after a run that ended in peace.
CREATE TABLE journal (
    folder INTEGER NOT NULL,           -- as in listings
    name   INTEGER NOT NULL,           -- as in the packed listing
    record BLOB NOT NULL,
    PRIMARY KEY (folder, name)
) WITHOUT ROWID;

-- What reads documents: the program's version with its settings, hashed.
CREATE TABLE readers (
    id    INTEGER PRIMARY KEY,
    first TEXT NOT NULL                -- when it was first used, RFC 3339, UTC
);

-- Documents that were moved keep the id of their finding.
CREATE TABLE moved (
    path_id TEXT PRIMARY KEY,          -- the id that would follow from the path
    id      TEXT NOT NULL
) WITHOUT ROWID;

ALTER TABLE findings ADD COLUMN print   INTEGER NOT NULL DEFAULT 0; -- keyed hash of the text
ALTER TABLE findings ADD COLUMN finding TEXT;                       -- JSON, as last reported

-- +goose Down
ALTER TABLE findings DROP COLUMN finding;
ALTER TABLE findings DROP COLUMN print;
DROP TABLE moved;
DROP TABLE readers;
DROP TABLE journal;
DROP TABLE listings;
DROP TABLE folders;
DROP TABLE targets;
