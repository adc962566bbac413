-- +goose Up
CREATE TABLE runs (
    id       INTEGER PRIMARY KEY,
    started  TEXT NOT NULL,            -- RFC 3339, UTC
    finished TEXT,                     -- NULL while the run goes on or when it was killed
    complete INTEGER NOT NULL DEFAULT 0,
    summary  TEXT,                     -- JSON, as in summary.json
    output   BLOB                      -- gzip of the run's findings.jsonl
);

-- What is known of a finding across runs. Holds no personal data: ids are
-- hashes of target and path, everything else is counts.
CREATE TABLE findings (
    id         TEXT PRIMARY KEY,
    target     TEXT NOT NULL,
    first_seen TEXT NOT NULL,
    last_seen  TEXT NOT NULL,
    last_run   INTEGER NOT NULL REFERENCES runs (id),
    people     INTEGER NOT NULL,
    persons    INTEGER NOT NULL,
    verdict    TEXT NOT NULL,
    resolved   TEXT                    -- when it was no longer found; NULL while open
) WITHOUT ROWID;

CREATE INDEX findings_target ON findings (target);

-- +goose Down
DROP TABLE findings;
DROP TABLE runs;
