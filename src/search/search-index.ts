// The index: one SQLite file with a table of FTS5 for each stream. A row has the sequence of its record, and no text: the text is read
// from the stream when a record is found. What is committed together with its rows is how far the stream was read, so the index is
// exact after a crash. It can be removed at any time: it is then filled again.
import { rm } from "node:fs/promises";
import { CliaiError, messageOf } from "../domain/text/errors.ts";
import type { Logger } from "../log.ts";
import type { UpTo } from "./forgotten.ts";
import {
  add,
  begin,
  bytesIn,
  dropBefore,
  forget,
  type IndexEntry,
  merge,
  type Position,
  positionIn,
  seqsOf,
  streamsIn,
  tableOf,
} from "./index-tables.ts";
import { isDamage, openSqlite, type Sqlite } from "./sqlite.ts";

/** Raise it with each change of the tables or of what is indexed. An index of another version is removed and filled again. */
const schemaVersion = 1;
/** Beyond the size, this part of the span of sequences is dropped at once. */
const droppedPart = 0.1;
/** How often that is tried at once. */
const mostTries = 10;

export interface SearchIndex {
  /**
   * How far a stream is indexed. Begins anew if the stream is another one than before.
   * @param created when the stream was created, as nats-server says it
   */
  begin(stream: string, created: string): Position;
  position(stream: string): Position;
  /** Adds records, and notes that the stream was read up to `seq`: both or nothing. */
  add(stream: string, entries: readonly IndexEntry[], seq: number): void;
  /** The sequences of at most `limit` matching records from `from` on, newest first. @param match from `matchOf` */
  find(stream: string, match: string, limits: { readonly from: number; readonly limit: number }): number[];
  /** Drops the records before `seq`. @param isFull because the index is full, not because the stream has removed them */
  dropBefore(stream: string, seq: number, isFull: boolean): void;
  /** Drops the oldest records if the index is larger than allowed. */
  keepSmall(): void;
  /** Drops an agent's records up to those of each stream, also from the file. Returns how many. */
  forget(agentId: string, upTo: UpTo): number;
  /** The size of what is in use in the file. */
  bytes(): number;
  close(): void;
}

export interface SearchIndexOptions {
  readonly path: string;
  readonly maxBytes: number;
  readonly log: Logger;
}

/** Opens the index. If it is missing, damaged or of another version, makes an empty one. @throws CliaiError `failed` without FTS5 */
export async function openSearchIndex(options: SearchIndexOptions): Promise<SearchIndex> {
  const { path, log } = options;
  try {
    const db = await openSqlite(path);
    try {
      if (isWhole(db)) return createIndex(db, options);
      log.info(`the index of the search is made anew: ${path}`);
    } catch (error) {
      if (!isDamage(error)) throw error;
      log.warn(`the index of the search is damaged, and made anew: ${messageOf(error)}`);
    }
    db.close();
  } catch (error) {
    if (!isDamage(error)) throw error;
    log.warn(`the index of the search cannot be read, and is made anew: ${messageOf(error)}`);
  }
  await removeIndex(path);
  const db = await openSqlite(path);
  prepare(db);
  return createIndex(db, options);
}

export async function removeIndex(path: string): Promise<void> {
  for (const end of ["", "-wal", "-shm"]) await rm(path + end, { force: true });
}

/** Whether the file has the tables of this version, and SQLite finds no damage in it. */
function isWhole(db: Sqlite): boolean {
  const [version] = db.all("PRAGMA user_version");
  if (version?.user_version !== schemaVersion) return false;
  const [check] = db.all("PRAGMA quick_check(1)");
  tune(db);
  return check?.quick_check === "ok";
}

function tune(db: Sqlite): void {
  // In WAL mode a commit waits for no disk, and a crash of the machine loses the last commits whole: the records are read again.
  db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA secure_delete = ON");
  db.exec("PRAGMA cache_size = -8192; PRAGMA journal_size_limit = 4194304");
}

function prepare(db: Sqlite): void {
  db.exec("PRAGMA auto_vacuum = INCREMENTAL");
  tune(db);
  try {
    db.exec("CREATE VIRTUAL TABLE temp.probe USING fts5(a, content='', contentless_delete=1)");
    db.exec("DROP TABLE temp.probe");
  } catch (cause) {
    db.close();
    throw new CliaiError("failed", `this SQLite cannot search: ${messageOf(cause)}`, {
      hint: "SQLite 3.43 or newer with FTS5 is needed; without it, cliai audit --text WORDS finds what was said",
      cause,
    });
  }
  db.exec(
    "CREATE TABLE source (stream TEXT PRIMARY KEY, created TEXT, seq INTEGER, low INTEGER, cut INTEGER)",
  );
  db.exec(`PRAGMA user_version = ${schemaVersion}`);
}

function createIndex(db: Sqlite, { maxBytes }: SearchIndexOptions): SearchIndex {
  return {
    begin: (stream, created) => begin(db, stream, created),
    position: (stream) => positionIn(db, stream),
    add: (stream, entries, seq) => add(db, stream, entries, seq),
    find(stream, match, { from, limit }) {
      const table = tableOf(stream);
      const sql = `SELECT rowid AS seq FROM ${table} WHERE ${table} MATCH ? AND rowid >= ? ORDER BY rowid DESC LIMIT ?`;
      return seqsOf(db.all(sql, match, from, limit));
    },
    dropBefore: (stream, seq, isFull) => dropBefore(db, stream, seq, isFull),
    keepSmall() {
      const isSmall = () => bytesIn(db) <= maxBytes;
      for (let tries = 0; !isSmall() && tries < mostTries; tries += 1) {
        for (const stream of streamsIn(db)) {
          const { seq, low } = positionIn(db, stream);
          dropBefore(db, stream, low + Math.ceil((seq + 1 - low) * droppedPart), true);
          merge(db, stream, isSmall);
        }
        db.exec("PRAGMA incremental_vacuum");
      }
    },
    forget: (agentId, upTo) => forget(db, agentId, upTo),
    bytes: () => bytesIn(db),
    close: db.close,
  };
}
