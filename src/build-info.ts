// What build.ts put into this executable: version, commit, and a nats-server. A run from source has no nats-server inside, and
// uses those that earlier builds left in their cache. This file reads no other file.
import { join } from "node:path";
import packageJson from "../package.json" with { type: "json" };
import type { EmbeddedServer } from "./nats/child/server-binary.ts";

/** The value that build.ts puts in the place of `CLIAI_BUILD`. */
export interface BakedBuild {
  readonly version: string;
  /** The short hash of the commit, with `-dirty` if tracked files differed from it. */
  readonly commit: string;
  readonly natsServer: Omit<EmbeddedServer, "path">;
}

/** The licence of one part of the executable. */
export interface Notice {
  readonly name: string;
  /** Empty if the part does not say it. */
  readonly version: string;
  /** An SPDX expression, such as `MIT`. */
  readonly license: string;
  /** `nats-server`: it, and what is in it. */
  readonly kind: "own" | "bun" | "bun-part" | "nats-server" | "npm";
  /** The texts of its licence and notice files; empty if it has none. */
  readonly texts: readonly string[];
  /** The texts are those of the licence in general, and do not name the authors of the part. */
  readonly isStandard?: true;
}

export interface BuildInfo {
  readonly version: string;
  /** As in {@link BakedBuild}; "source" in a run from source. */
  readonly commit: string;
  readonly embeddedServer?: EmbeddedServer;
  /** The file with the notices, a list of {@link Notice} as JSON in gzip. Absent in a run from source. */
  readonly noticesPath?: string;
  /** Where a run from source finds the nats-server binaries that earlier builds fetched. */
  readonly serverCacheDir?: string;
}

/** The name of the embedded nats-server. It lies beside the bundled code, in the executable's own read-only file system. */
export const embeddedServerFile = "nats-server.zst";

/** The same for the notices. */
export const noticesFile = "notices.json.gz";

declare const CLIAI_BUILD: BakedBuild | undefined;

export const buildInfo: BuildInfo =
  typeof CLIAI_BUILD === "undefined"
    ? {
        version: packageJson.version,
        commit: "source",
        serverCacheDir: join(import.meta.dirname, "..", ".cache", "nats-server"),
      }
    : {
        version: CLIAI_BUILD.version,
        commit: CLIAI_BUILD.commit,
        embeddedServer: { ...CLIAI_BUILD.natsServer, path: join(import.meta.dirname, embeddedServerFile) },
        noticesPath: join(import.meta.dirname, noticesFile),
      };
