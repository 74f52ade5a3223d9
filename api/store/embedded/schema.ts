/** The schema as a list of migrations: a data folder at version N gets the migrations after the first N. Never edit a migration. */
export const schemaSteps: readonly string[] = [
  `CREATE TABLE functions (
     name TEXT PRIMARY KEY,
     revision INTEGER NOT NULL,
     code_bytes INTEGER NOT NULL,
     document TEXT NOT NULL
   ) WITHOUT ROWID, STRICT;
   CREATE INDEX functions_code_bytes ON functions (code_bytes);

   -- The newest revision of any function, so that a function made again does not repeat one.
   CREATE TABLE revisions (newest INTEGER NOT NULL) STRICT;
   INSERT INTO revisions VALUES (0);

   CREATE TABLE versions (
     function TEXT NOT NULL,
     version TEXT NOT NULL,
     code_bytes INTEGER NOT NULL,
     document TEXT NOT NULL,
     PRIMARY KEY (function, version)
   ) WITHOUT ROWID, STRICT;
   CREATE INDEX versions_code_bytes ON versions (code_bytes);

   -- state: 0 ready, 1 delayed until due_ms, 2 in flight
   CREATE TABLE events (
     sequence INTEGER PRIMARY KEY,
     id TEXT NOT NULL UNIQUE,
     function TEXT NOT NULL,
     state INTEGER NOT NULL,
     due_ms INTEGER NOT NULL,
     attempts INTEGER NOT NULL,
     head TEXT NOT NULL,
     payload BLOB NOT NULL
   ) STRICT;
   CREATE INDEX events_ready ON events (function, sequence) WHERE state = 0;
   CREATE INDEX events_delayed ON events (due_ms) WHERE state = 1;
   CREATE INDEX events_in_flight ON events (sequence) WHERE state = 2;`,

  `CREATE TABLE documents (
     kind TEXT NOT NULL,
     id TEXT NOT NULL,
     revision INTEGER NOT NULL,
     document TEXT NOT NULL,
     PRIMARY KEY (kind, id)
   ) WITHOUT ROWID, STRICT;`,

  `-- state 3: failed, kept for whoever runs it again. What happened so far is JSON; what the function answered is as it came.
   ALTER TABLE events DROP COLUMN attempts;
   ALTER TABLE events ADD COLUMN progress TEXT;
   ALTER TABLE events ADD COLUMN answer BLOB;
   CREATE INDEX events_failed ON events (function, sequence) WHERE state = 3;
   CREATE INDEX events_delayed_of ON events (function, sequence) WHERE state = 1;`,

  `-- Ids of events that are not added again until then.
   CREATE TABLE known_events (id TEXT PRIMARY KEY, until_ms INTEGER NOT NULL) WITHOUT ROWID, STRICT;
   CREATE INDEX known_events_until ON known_events (until_ms);`,

  `-- Which functions have a version on a capacity provider.
   CREATE TABLE capacity_uses (
     provider TEXT NOT NULL,
     function TEXT NOT NULL,
     PRIMARY KEY (provider, function)
   ) WITHOUT ROWID, STRICT;
   CREATE INDEX capacity_uses_of ON capacity_uses (function);`,
]
