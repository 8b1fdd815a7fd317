// Finds the slowest test files of a step in the JUnit report of `bun test`.

export interface TimedFile {
  readonly file: string;
  readonly seconds: number;
}

/** Matches the suite of a whole file, which has the file's name. The suites inside it have the names of their `describe()`. */
const fileSuite = /<testsuite name="([^"]+)" file="\1"[^>]* time="([\d.]+)"/g;

/** The slowest files of a report of `bun test` 1.4, slowest first. */
export function readSlowestFiles(report: string, most: number): TimedFile[] {
  return [...report.matchAll(fileSuite)]
    .map(([, file = "", seconds]) => ({ file, seconds: Number(seconds) }))
    .sort((a, b) => b.seconds - a.seconds)
    .slice(0, most);
}
