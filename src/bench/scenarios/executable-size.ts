// Measures the size of the executable and of its parts, against an executable of Bun with an empty program.
import { stat } from "node:fs/promises";
import { buildRow, type Scenario } from "../scenario.ts";

export const executableSize: Scenario = {
  name: "size",
  title: "executable size",
  rounds: { full: 1, short: 1 },
  isInShort: true,
  absent: ({ program, workshop }) => {
    if (workshop === undefined) return "its limit has to be compiled, which needs a source checkout";
    return program.length > 1 ? "the measured program is not an executable" : undefined;
  },
  async prepare({ program, workshop }) {
    const megabytes = async (path: string) => (await stat(path)).size / 1e6;
    return [
      {
        name: "bare",
        measure: async (note) => note("bare", await megabytes((await workshop?.compile("nothing")) ?? "")),
      },
      {
        name: "ours",
        measure: async (note) => {
          note("ours", await megabytes(program[0]));
          if (workshop?.natsServerBytes !== undefined) note("nats", workshop.natsServerBytes / 1e6);
        },
      },
    ];
  },
  judge(samples) {
    const [ours = 0, bare = 0] = [samples.of("ours")[0], samples.of("bare")[0]];
    const [nats = 0] = samples.has("nats") ? samples.of("nats") : [];
    const part = (what: string, size: number, remark?: string) =>
      buildRow({ what, unit: "MB", ours: [size], ...(remark === undefined ? {} : { remark }) });
    return [
      buildRow({
        what: "the executable",
        unit: "MB",
        ours: [ours],
        limit: [bare],
        remark: "limit: Bun alone",
      }),
      {
        ...part("over Bun alone", ours - bare, "nats-server, code, bytecode and source map"),
        targets: [{ of: "median", most: 12 }],
      },
      ...(nats === 0
        ? []
        : [part("of that nats-server, packed", nats), part("of that our own", ours - bare - nats)]),
    ];
  },
};
