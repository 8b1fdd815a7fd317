// Which test files take the time of a step, read from the JUnit report that `bun test` writes of it.

export interface TimedFile {
  readonly file: string;
  readonly seconds: number;
}

/** A suite of the whole file bears the file's name; the suites inside it bear those of its `describe()`. */
const fileSuite = /<testsuite name="([^"]+)" file="\1"[^>]* time="([\d.]+)"/g;

/** The slowest files of a report of `bun test` 1.4, slowest first. */
export function readSlowestFiles(report: string, most: number): TimedFile[] {
  return [...report.matchAll(fileSuite)]
    .map(([, file = "", seconds]) => ({ file, seconds: Number(seconds) }))
    .sort((a, b) => b.seconds - a.seconds)
    .slice(0, most);
}
