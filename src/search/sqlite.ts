// SQLite as Bun (`bun:sqlite`) and Deno or Node.js (`node:sqlite`) have it, behind the few calls that the index needs.
import { messageOf } from "../domain/text/errors.ts";
import { runtimeName } from "../runtime.ts";

export type SqlValue = string | number | null;
export type SqlRow = Readonly<Record<string, SqlValue>>;

export interface Sqlite {
  /** Runs statements that return nothing. */
  exec(sql: string): void;
  /** The statement is compiled once for each text, and kept. */
  run(sql: string, ...values: SqlValue[]): void;
  all(sql: string, ...values: SqlValue[]): SqlRow[];
  close(): void;
}

interface Statement {
  run(...values: SqlValue[]): unknown;
  all(...values: SqlValue[]): unknown[];
  /** Only in Bun. There, a database with a statement that is not finalized stays open after it was closed. */
  finalize?(): void;
}

interface Database {
  exec(sql: string): unknown;
  prepare(sql: string): Statement;
  close(): void;
}

/** The names are in variables, so that neither runtime looks for the other's module before this runs. */
const modules = { bun: "bun:sqlite", node: "node:sqlite" } as const;

async function openDatabase(path: string): Promise<Database> {
  if (runtimeName() === "deno") {
    const { DatabaseSync } = (await import(modules.node)) as { DatabaseSync: new (path: string) => Database };
    return new DatabaseSync(path);
  }
  const bun = (await import(modules.bun)) as { Database: new (path: string) => Database };
  return new bun.Database(path);
}

/** Throws what SQLite throws; see {@link isDamage}. */
export async function openSqlite(path: string): Promise<Sqlite> {
  const database = await openDatabase(path);
  const statements = new Map<string, Statement>();
  const prepared = (sql: string): Statement => {
    const known = statements.get(sql);
    if (known !== undefined) return known;
    const made = database.prepare(sql);
    statements.set(sql, made);
    return made;
  };
  return {
    exec: (sql) => void database.exec(sql),
    run: (sql, ...values) => void prepared(sql).run(...values),
    all: (sql, ...values) => prepared(sql).all(...values) as SqlRow[],
    close: () => {
      for (const statement of statements.values()) statement.finalize?.();
      statements.clear();
      database.close();
    },
  };
}

/** SQLITE_CORRUPT and SQLITE_NOTADB. */
const damageCodes: readonly number[] = [11, 26];

/** Whether SQLite says that the file is damaged, or no database at all. */
export function isDamage(error: unknown): boolean {
  const { errno, errcode } = (error ?? {}) as { readonly errno?: unknown; readonly errcode?: unknown };
  const code = typeof errcode === "number" ? errcode : errno;
  if (typeof code === "number") return damageCodes.includes(code & 0xff);
  return /malformed|not a database|corrupt/i.test(messageOf(error));
}
