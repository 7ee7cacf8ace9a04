-- What agentramp 0.1.0 made: `.dump` of its platform.db, with one session and its requests.
BEGIN TRANSACTION;
CREATE TABLE endpoints(
    id TEXT PRIMARY KEY, runtime_id TEXT NOT NULL REFERENCES runtimes(id) ON DELETE CASCADE,
    name TEXT NOT NULL, document TEXT NOT NULL, route TEXT, wanted TEXT, status TEXT NOT NULL,
    reason TEXT NOT NULL, created_at REAL NOT NULL, updated_at REAL NOT NULL,
    UNIQUE(runtime_id, name));
INSERT INTO "endpoints" VALUES('ep','rt','production','{}','["1"]',NULL,'READY','',1000.0,1000.0);
CREATE TABLE nonces(nonce TEXT PRIMARY KEY, at REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE processes(pid INTEGER PRIMARY KEY, started REAL NOT NULL);
CREATE TABLE requests(
    at REAL NOT NULL, endpoint_id TEXT NOT NULL, version TEXT NOT NULL, session TEXT NOT NULL,
    status INTEGER NOT NULL, failed INTEGER NOT NULL, first_byte REAL NOT NULL,
    duration REAL NOT NULL);
INSERT INTO "requests" VALUES(1010.5,'ep','1','old',200,0,0.1,0.5);
INSERT INTO "requests" VALUES(1020.5,'ep','1','old',500,1,0.2,0.5);
CREATE TABLE runtimes(
    id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, workspace_id TEXT NOT NULL,
    revision INTEGER NOT NULL, ready_revision INTEGER NOT NULL, status TEXT NOT NULL,
    reason TEXT NOT NULL, created_at REAL NOT NULL, updated_at REAL NOT NULL);
INSERT INTO "runtimes" VALUES('rt','demo','ws',1,1,'READY','',1000.0,1000.0);
CREATE TABLE sessions(
    endpoint_id TEXT NOT NULL REFERENCES endpoints(id) ON DELETE CASCADE,
    session TEXT NOT NULL, version TEXT NOT NULL, seen_at REAL NOT NULL,
    failed INTEGER NOT NULL DEFAULT 0, PRIMARY KEY(endpoint_id, session)) WITHOUT ROWID;
INSERT INTO "sessions" VALUES('ep','old','1',1020.5,1);
CREATE TABLE snapshots(
    runtime_id TEXT NOT NULL REFERENCES runtimes(id) ON DELETE CASCADE,
    revision INTEGER NOT NULL, document TEXT NOT NULL, artifact TEXT NOT NULL,
    PRIMARY KEY(runtime_id, revision));
INSERT INTO "snapshots" VALUES('rt',1,'{}','x');
CREATE TABLE totals(
    runtime TEXT NOT NULL, endpoint TEXT NOT NULL, version TEXT NOT NULL, document TEXT NOT NULL,
    PRIMARY KEY(runtime, endpoint, version)) WITHOUT ROWID;
INSERT INTO "totals" VALUES('demo','production','1','[[1, 1, 2, 1], [0.30000000000000004, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0], [1.0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0]]');
CREATE TABLE versions(
    runtime_id TEXT NOT NULL REFERENCES runtimes(id) ON DELETE CASCADE,
    number INTEGER NOT NULL, revision INTEGER NOT NULL, description TEXT NOT NULL,
    created_at REAL NOT NULL, PRIMARY KEY(runtime_id, number));
CREATE TABLE workspaces(
    id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, description TEXT NOT NULL,
    is_default INTEGER NOT NULL, created_at REAL NOT NULL);
CREATE INDEX requests_by_version ON requests(endpoint_id, version, at);
COMMIT;
PRAGMA user_version=1;
