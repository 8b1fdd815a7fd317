// The tables of the index: one for each stream, and one that says how far each stream was read. What is changed together is one transaction.
import type { UpTo } from "./forgotten.ts";
import { agentFact, kindFact } from "./query.ts";
import type { RecordText } from "./record-text.ts";
import type { Sqlite } from "./sqlite.ts";

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

/** Streams are named by our own code, never by a person. */
export function tableOf(stream: string): string {
  return `text_${stream.toLowerCase().replace(/[^a-z0-9]/g, "_")}`;
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

export function streamsIn(db: Sqlite): string[] {
  return db.all("SELECT stream FROM source").map(({ stream }) => String(stream));
}

export function positionIn(db: Sqlite, stream: string): Position {
  const [row] = db.all("SELECT seq, low, cut FROM source WHERE stream = ?", stream);
  return { seq: Number(row?.seq ?? 0), low: Number(row?.low ?? 1), isCut: row?.cut === 1 };
}

export function bytesIn(db: Sqlite): number {
  const [count] = db.all("PRAGMA page_count");
  const [free] = db.all("PRAGMA freelist_count");
  const [size] = db.all("PRAGMA page_size");
  return (Number(count?.page_count) - Number(free?.freelist_count)) * Number(size?.page_size);
}

export function begin(db: Sqlite, stream: string, created: string): Position {
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

export function add(db: Sqlite, stream: string, entries: readonly IndexEntry[], seq: number): void {
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

export function dropBefore(db: Sqlite, stream: string, seq: number, isFull: boolean): void {
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
export function merge(db: Sqlite, stream: string, isEnough: () => boolean): void {
  const table = tableOf(stream);
  const changes = () => Number(db.all("SELECT total_changes() AS count")[0]?.count);
  // A negative number begins a merge, a positive one goes on with it.
  for (let pages = -mergePages; !isEnough(); pages = mergePages) {
    const before = changes();
    db.run(`INSERT INTO ${table}(${table}, rank) VALUES ('merge', ?)`, pages);
    if (changes() - before < 2) return;
  }
}

export function forget(db: Sqlite, agentId: string, upTo: UpTo): number {
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

export function seqsOf(rows: readonly Readonly<Record<string, unknown>>[]): number[] {
  return rows.map(({ seq }) => Number(seq));
}

function factsOf({ agent_id, kinds }: IndexEntry): string {
  return [...(agent_id === undefined ? [] : [agentFact(agent_id)]), ...kinds.map(kindFact)].join(" ");
}
