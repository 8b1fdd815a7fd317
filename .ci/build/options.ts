// The flags of build.ts. Pure.
import { parseArgs } from "node:util";
import { CliaiError, messageOf } from "../../src/domain/text/errors.ts";
import { isTargetName, type TargetName, targetNames } from "./targets.ts";

export interface BuildOptions {
  /** If empty, the executable is for this machine: `dist/cliai`. */
  readonly targets: readonly TargetName[];
  readonly serverPath: string | undefined;
  readonly ifChanged: boolean;
  /** Whether the files of a release are written, too. */
  readonly isRelease: boolean;
  /** Where a release will be downloaded from. */
  readonly downloadUrl: string | undefined;
  readonly help: boolean;
}

export const usage = `bun build.ts [options]

  (no option)          build dist/cliai for this machine
  --target TARGET      build dist/cliai-TARGET; may be repeated: ${targetNames.join(", ")}
  --all                build all of these targets, and what belongs to a release: SHA256SUMS, SBOM, installers
  --download-url URL   with --all: where the files will be downloaded from (default: the folder dist itself)
  --nats-server PATH   put this nats-server in, instead of the pinned one
  --if-changed         do nothing if the executable is up to date
  --help               print this text
`;

/** @throws CliaiError `usage` */
export function parseBuildOptions(args: readonly string[]): BuildOptions {
  const { target, all, help, ...values } = parse(args);
  for (const name of target) {
    if (!isTargetName(name)) {
      throw new CliaiError("usage", `unknown target ${name}`, { hint: `one of ${targetNames.join(", ")}` });
    }
  }
  if (all && target.length > 0) {
    throw new CliaiError("usage", "--all and --target exclude each other", { hint: "give one of them" });
  }
  const chosen = all ? targetNames : [...new Set(target.filter(isTargetName))];
  const serverPath = values["nats-server"];
  if (serverPath !== undefined && chosen.length > 1) {
    throw new CliaiError("usage", `--nats-server ${serverPath} fits only one target`, {
      hint: "build each target with its own nats-server",
    });
  }
  const downloadUrl = values["download-url"];
  if (downloadUrl !== undefined && !all) {
    throw new CliaiError("usage", `--download-url ${downloadUrl} is given without --all`, {
      hint: "only a release has files that name it: bun build.ts --all --download-url URL",
    });
  }
  if (downloadUrl !== undefined && !/^https?:\/\/[^\s"'`$\\]+$/.test(downloadUrl)) {
    throw new CliaiError("usage", `--download-url ${downloadUrl} is no address`, {
      hint: "such as https://example.org/cliai/0.2.0",
    });
  }
  return { isRelease: all, downloadUrl, targets: chosen, serverPath, ifChanged: values["if-changed"], help };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        target: { type: "string", multiple: true, default: [] },
        all: { type: "boolean", default: false },
        "nats-server": { type: "string" },
        "download-url": { type: "string" },
        "if-changed": { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    }).values;
  } catch (cause) {
    const message = messageOf(cause).split(/[.\n]/)[0] ?? "";
    throw new CliaiError("usage", message, { hint: "bun build.ts --help", cause });
  }
}
