// What the build put into this executable: version, commit, the nats-server inside. Run from source, there is no
// nats-server inside, and the build's cache is used. Reads no file.
import { join } from "node:path";
import packageJson from "../package.json" with { type: "json" };
import type { EmbeddedServer } from "./nats/child/server-binary.ts";

/** What build.ts puts in place of `CLIAI_BUILD`. */
export interface BakedBuild {
  readonly version: string;
  /** Short hash, with `-dirty` when tracked files differed from it. */
  readonly commit: string;
  readonly natsServer: Omit<EmbeddedServer, "path">;
}

export interface BuildInfo {
  readonly version: string;
  /** "source" when nothing was built. */
  readonly commit: string;
  readonly embeddedServer?: EmbeddedServer;
  /** Where a run from source finds the nats-server binaries that earlier builds fetched. */
  readonly serverCacheDir?: string;
}

/** The embedded file's name; it lies beside the bundled code in the executable's own read-only file system. */
export const embeddedServerFile = "nats-server.zst";

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
      };
