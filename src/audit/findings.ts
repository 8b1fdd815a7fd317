// Makes sentences for a person out of the results of a verification. Consecutive records with the same fault give one finding.
import type { SignedRecord } from "../domain/audit/audit.ts";
import type { SeenRecord } from "../domain/audit/audit-alignment.ts";

export type FindingKind =
  | "changed"
  | "removed"
  | "reordered"
  | "inserted"
  | "renumbered"
  | "unvouched"
  | "checkpoint_altered"
  | "checkpoint_missing"
  | "foreign_key"
  | "cut_off";

/** One trace of tampering. */
export interface Finding {
  readonly kind: FindingKind;
  /** The signed sequence of the record; if it was never signed, its own sequence. */
  readonly seq: number;
  /** The last record, if the finding is about several in a row. */
  readonly to_seq?: number;
  readonly subject?: string;
  /** When the record was stored: the signed time, if it was signed. */
  readonly at?: string;
  readonly message: string;
}

type RowKind = "removed" | "renumbered" | "unvouched";

interface Row {
  readonly kind: RowKind;
  readonly from: number;
  readonly to: number;
  readonly atMs: number | undefined;
}

export interface Reporter {
  changed(signed: SignedRecord, seen: SeenRecord): void;
  reordered(signed: SignedRecord, seen: SeenRecord): void;
  inserted(seen: SeenRecord): void;
  /** One or several records without a gap. Reported when the row has ended. */
  row(kind: RowKind, from: number, to: number, atMs: number | undefined): void;
  other(finding: Finding): void;
  /** Reports the rows that are still open. Returns the number of all findings. */
  finish(): number;
}

export function createReporter(onFinding: (finding: Finding) => void): Reporter {
  let count = 0;
  const rows = new Map<RowKind, Row>();
  const tell = (finding: Finding) => {
    count += 1;
    onFinding(finding);
  };
  const tellRow = (row: Row) => {
    rows.delete(row.kind);
    const { kind, from, to, atMs } = row;
    const several = to > from;
    const name = several ? `records ${from} to ${to}` : `record ${from}`;
    const at =
      atMs === undefined ? "" : `, stored ${several ? "from " : ""}${timeText(atMs)}${several ? " on" : ""},`;
    tell({
      kind,
      seq: from,
      ...(several ? { to_seq: to } : {}),
      ...(atMs === undefined ? {} : { at: timeText(atMs) }),
      message: `${name}${at} ${rowWords[kind][several ? 1 : 0]}`,
    });
  };
  const tellRows = () => {
    for (const row of rows.values()) tellRow(row);
  };
  return {
    changed({ seq, atMs }, { subject }) {
      tellRows();
      const message = `record ${seq}, ${subject}, stored ${timeText(atMs)}, is not what was signed`;
      tell({ kind: "changed", seq, subject, at: timeText(atMs), message });
    },
    reordered({ seq, atMs }, seen) {
      tellRows();
      const message = `record ${seq}, ${seen.subject}, stored ${timeText(atMs)}, is out of order: it now has the number ${seen.seq}`;
      tell({ kind: "reordered", seq, subject: seen.subject, at: timeText(atMs), message });
    },
    inserted({ seq, subject, atMs }) {
      tellRows();
      const message = `record ${seq}, ${subject}, stored ${timeText(atMs)}, was inserted: it did not exist when its neighbours were signed`;
      tell({ kind: "inserted", seq, subject, at: timeText(atMs), message });
    },
    row(kind, from, to, atMs) {
      const open = rows.get(kind);
      if (open !== undefined && open.to + 1 === from) {
        rows.set(kind, { ...open, to });
        return;
      }
      if (open !== undefined) tellRow(open);
      rows.set(kind, { kind, from, to, atMs });
    },
    other(finding) {
      tellRows();
      tell(finding);
    },
    finish() {
      tellRows();
      return count;
    },
  };
}

const rowWords: Readonly<Record<RowKind, readonly [one: string, several: string]>> = {
  removed: ["is gone", "are gone"],
  renumbered: ["has another time or number than was signed", "have other times or numbers than were signed"],
  unvouched: ["is covered by no checkpoint", "are covered by no checkpoint"],
};

function timeText(atMs: number): string {
  return new Date(atMs).toISOString();
}
