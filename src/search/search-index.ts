// The index: one SQLite file with a table of FTS5 for each stream. A row has the sequence of its record, and no text: the text is read
// from the stream when a record is found. What is committed together with its rows is how far the stream was read, so the index is
// exact after a crash. It can be removed at any time: it is then filled again.
import { rm } from "node:fs/promises";
import { CliaiError, messageOf } from "../domain/text/errors.ts";
import type { Logger } from "../log.ts";
import type { UpTo } from "./forgotten.ts";
import { agentFact, kindFact } from "./query.ts";
import type { RecordText } from "./record-text.ts";
import { isDamage, openSqlite, type Sqlite } from "./sqlite.ts";

/** Raise it with each change of the tables or of what is indexed. An index of another version is removed and filled again. */
const schemaVersion = 1;
/** Beyond the size, this part of the span of sequences is dropped at once. */
const droppedPart = 0.1;
/** How often that is tried at once. */
const mostTries = 10;
/** How many records are dropped in one transaction. */
const droppedAtOnce = 5_000;
/** How much of a merge is done in one statement, in pages. */
const mergePages = 500;

export interface Position {
  /** The last record that was read; 0 if none. */
  readonly seq: number;
  /** Records before this one are not in the index. */
  readonly low: number;
  /** Whether records before `low` were dropped because the index was full. */
  readonly isCut: boolean;
}

export interface IndexEntry extends Pick<RecordText, "agent_id" | "kinds" | "text"> {
  readonly seq: number;
}

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

/** Streams are named by our own code, never by a person. */
function tableOf(stream: string): string {
  return `text_${stream.toLowerCase().replace(/[^a-z0-9]/g, "_")}`;
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

function together(db: Sqlite, work: () => void): void {
  db.exec("BEGIN");
  try {
    work();
    db.exec("COMMIT");
  } catch (error) {
    try {
      db.exec("ROLLBACK");
    } catch {
      // SQLite has rolled back by itself. The first error is the one to report.
    }
    throw error;
  }
}

function streamsIn(db: Sqlite): string[] {
  return db.all("SELECT stream FROM source").map(({ stream }) => String(stream));
}

function positionIn(db: Sqlite, stream: string): Position {
  const [row] = db.all("SELECT seq, low, cut FROM source WHERE stream = ?", stream);
  return { seq: Number(row?.seq ?? 0), low: Number(row?.low ?? 1), isCut: row?.cut === 1 };
}

function bytesIn(db: Sqlite): number {
  const [count] = db.all("PRAGMA page_count");
  const [free] = db.all("PRAGMA freelist_count");
  const [size] = db.all("PRAGMA page_size");
  return (Number(count?.page_count) - Number(free?.freelist_count)) * Number(size?.page_size);
}

function begin(db: Sqlite, stream: string, created: string): Position {
  const [known] = db.all("SELECT created FROM source WHERE stream = ?", stream);
  if (known?.created !== created) {
    const table = tableOf(stream);
    together(db, () => {
      db.exec(`DROP TABLE IF EXISTS ${table}`);
      // No text is kept (`content=''`), and phrases can be found (`detail=full`, the default).
      db.exec(
        `CREATE VIRTUAL TABLE ${table} USING fts5(text, facts, content='', contentless_delete=1, tokenize="unicode61 remove_diacritics 2")`,
      );
      db.run("INSERT OR REPLACE INTO source VALUES (?, ?, 0, 1, 0)", stream, created);
    });
  }
  return positionIn(db, stream);
}

function add(db: Sqlite, stream: string, entries: readonly IndexEntry[], seq: number): void {
  const insert = `INSERT INTO ${tableOf(stream)}(rowid, text, facts) VALUES (?, ?, ?)`;
  together(db, () => {
    for (const entry of entries) db.run(insert, entry.seq, entry.text, factsOf(entry));
    db.run("UPDATE source SET seq = ? WHERE stream = ?", seq, stream);
  });
}

function remove(db: Sqlite, stream: string, seqs: readonly number[]): void {
  const table = tableOf(stream);
  for (const seq of seqs) db.run(`DELETE FROM ${table} WHERE rowid = ?`, seq);
}

function dropBefore(db: Sqlite, stream: string, seq: number, isFull: boolean): void {
  if (seq <= positionIn(db, stream).low) return;
  const sql = `SELECT rowid AS seq FROM ${tableOf(stream)} WHERE rowid < ? ORDER BY rowid LIMIT ?`;
  for (let isLast = false; !isLast; ) {
    const found = seqsOf(db.all(sql, seq, droppedAtOnce));
    isLast = found.length < droppedAtOnce;
    const low = isLast ? seq : (found.at(-1) ?? 0) + 1;
    together(db, () => {
      remove(db, stream, found);
      db.run("UPDATE source SET low = ?, cut = ? WHERE stream = ?", low, isFull ? 1 : 0, stream);
    });
  }
}

/** FTS5 only marks what is deleted. Merges write the rest anew, and so give the space back, until `isEnough` or nothing is left to merge. */
function merge(db: Sqlite, stream: string, isEnough: () => boolean): void {
  const table = tableOf(stream);
  const changes = () => Number(db.all("SELECT total_changes() AS count")[0]?.count);
  // A negative number begins a merge, a positive one goes on with it.
  for (let pages = -mergePages; !isEnough(); pages = mergePages) {
    const before = changes();
    db.run(`INSERT INTO ${table}(${table}, rank) VALUES ('merge', ?)`, pages);
    if (changes() - before < 2) return;
  }
}

function forget(db: Sqlite, agentId: string, upTo: UpTo): number {
  const match = `{facts} : "${agentFact(agentId)}"`;
  let count = 0;
  for (const stream of streamsIn(db)) {
    const table = tableOf(stream);
    const before = count;
    const sql = `SELECT rowid AS seq FROM ${table} WHERE ${table} MATCH ? AND rowid <= ? LIMIT ?`;
    for (;;) {
      const found = seqsOf(db.all(sql, match, upTo[stream] ?? 0, droppedAtOnce));
      if (found.length === 0) break;
      together(db, () => remove(db, stream, found));
      count += found.length;
    }
    if (count === before) continue;
    // Writes the whole table anew, so that no word of the agent is left in the file.
    db.exec(`INSERT INTO ${table}(${table}) VALUES ('optimize')`);
  }
  db.exec("PRAGMA incremental_vacuum");
  db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  return count;
}

function seqsOf(rows: readonly Readonly<Record<string, unknown>>[]): number[] {
  return rows.map(({ seq }) => Number(seq));
}

function factsOf({ agent_id, kinds }: IndexEntry): string {
  return [...(agent_id === undefined ? [] : [agentFact(agent_id)]), ...kinds.map(kindFact)].join(" ");
}
