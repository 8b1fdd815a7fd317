// Makes the table that a build prints: the size of each part of each executable. Pure.
import type { PartSizes } from "./compile.ts";

export interface SizeRow extends PartSizes {
  readonly file: string;
  readonly serverVersion: string;
  readonly serverSource: string;
}

/** In megabytes of 10⁶ bytes, one line for each executable. */
export function sizeTable(rows: readonly SizeRow[]): string {
  const cells = rows.map((row) => [
    row.file,
    megabytes(row.total),
    megabytes(row.program),
    megabytes(row.natsServer),
    `${row.serverVersion} (${row.serverSource})`,
  ]);
  const table = [["MB", "total", "Bun and our code", "nats-server", "version (from)"], ...cells];
  const widths =
    table[0]?.map((_, column) => Math.max(...table.map((line) => line[column]?.length ?? 0))) ?? [];
  return table
    .map((line) =>
      line
        .map((cell, column) => {
          const width = widths[column] ?? 0;
          return column === 0 || column === line.length - 1 ? cell.padEnd(width) : cell.padStart(width);
        })
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(2);
}
