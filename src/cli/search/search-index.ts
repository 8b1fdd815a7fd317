// `cliai search-index`: the process that serve starts for the search. It reads questions from stdin, and ends with it.

import process from "node:process";
import { searchDirOf } from "../../data-dir/data-dir.ts";
import { ensureOwnDir } from "../../data-dir/private-files.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { runSearchWorker } from "../../search/search-worker.ts";
import { clientArgs, dataDirFor, withClient } from "../fleet/client.ts";
import { defineCliCommand } from "../frame/command.ts";

export const searchIndexCommand = defineCliCommand({
  name: "search-index",
  description: "fill the index of the search, and answer what serve asks on stdin; serve starts it",
  args: {
    "max-bytes": {
      type: "string",
      valueHint: "BYTES",
      required: true,
      description: "the largest size of the index",
    },
    ...clientArgs,
  },
  async run(args, context) {
    const maxBytes = Number(args["max-bytes"]);
    if (!Number.isSafeInteger(maxBytes) || maxBytes <= 0)
      throw new CliaiError("usage", `--max-bytes "${args["max-bytes"]}" is not a number of bytes`, {
        hint: "serve starts this command; to search: cliai search TEXT",
      });
    const dir = searchDirOf(dataDirFor(args, context));
    await ensureOwnDir(dir);
    // SQLite makes files with the usual mode. The words of the records are nobody else's.
    process.umask(0o077);
    const { stdin: input, print, log } = context;
    await withClient(args, context, (bus) => runSearchWorker(bus, { dir, maxBytes, input, print, log }));
    return 0;
  },
});
