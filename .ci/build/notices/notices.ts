// Collects the licences of all that is in an executable: cliai's own, Bun's, nats-server's with its Go modules, and the npm packages'. A part
// whose licence is not allowed in configs/licenses/licenses.json stops the build.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import satisfies from "spdx-satisfies";
import type { Notice } from "../../../src/build-info.ts";
import { CliaiError } from "../../../src/domain/text/errors.ts";
import { readBunParts } from "./bun-parts.ts";
import type { BundledPackage } from "./bundled-packages.ts";
import type { GoModule } from "./go-modules.ts";

export interface Parts {
  /** The version of cliai. */
  readonly version: string;
  readonly bunVersion: string;
  readonly packages: readonly BundledPackage[];
  readonly natsServer: { readonly version: string; readonly modules: readonly GoModule[] };
}

export interface LicenseRules {
  /** SPDX ids. A part is allowed if its licence can be met with these alone. */
  readonly allowed: readonly string[];
  /** Module -> its licence; its text is in configs/licenses/go. `std` is Go itself. */
  readonly go: Readonly<Record<string, string>>;
  /** Parts with another licence that are allowed all the same, each with the reason. */
  readonly allowedParts: Readonly<Record<string, { readonly license: string; readonly because: string }>>;
}

export async function readLicenseRules(projectDir: string): Promise<LicenseRules> {
  return JSON.parse(await readFile(join(projectDir, "configs", "licenses", "licenses.json"), "utf8"));
}

const natsModule = "github.com/nats-io/nats-server/v2";

/** @throws CliaiError `failed` for a part whose licence is not allowed, or not known */
export async function collectNotices(
  parts: Parts,
  rules: LicenseRules,
  projectDir: string,
): Promise<Notice[]> {
  const text = (...path: string[]) => readFile(join(projectDir, ...path), "utf8");
  const { version, bunVersion, packages, natsServer } = parts;
  const own: Notice = { name: "cliai", version, license: "MIT", kind: "own", texts: [await text("LICENSE")] };
  const bun: Notice = {
    ...{ name: "bun", version: bunVersion, license: rules.allowedParts.bun?.license ?? "MIT", kind: "bun" },
    texts: [await text("configs", "licenses", "bun", "LICENSE.md")],
  };
  const bunParts = await readBunParts(projectDir);
  // A nats-server that was not built with modules, such as a distribution's own, does not say what is in it.
  const modules =
    natsServer.modules.length > 0 ? natsServer.modules : [{ path: natsModule, version: natsServer.version }];
  const go = [...modules, { path: "std", version: "" }].map(async ({ path, version }): Promise<Notice> => {
    const license = rules.go[path];
    if (license === undefined) {
      throw new CliaiError(
        "failed",
        `nats-server has the Go module ${path} inside, whose licence is not known`,
        {
          hint: `put its LICENSE into configs/licenses/go/${path}, and name it in configs/licenses/licenses.json`,
        },
      );
    }
    const texts = [await text("configs", "licenses", "go", ...path.split("/"), "LICENSE")];
    return { name: path === "std" ? "Go" : path, version, license, kind: "nats-server", texts };
  });
  const npm = packages.map((each): Notice => ({ ...each, kind: "npm" }));
  const notices = [own, bun, ...bunParts, ...(await Promise.all(go)), ...npm];
  for (const notice of notices) requireAllowed(notice, rules);
  return notices;
}

function requireAllowed({ name, version, license }: Notice, { allowed, allowedParts }: LicenseRules): void {
  if (allowedParts[name]?.license === license || isAllowed(license, allowed)) return;
  throw new CliaiError("failed", `${name} ${version} has the licence "${license}", which is not allowed`, {
    hint: "use another package; or, if people have decided so, allow the licence in configs/licenses/licenses.json",
  });
}

function isAllowed(license: string, allowed: readonly string[]): boolean {
  try {
    return satisfies(license, [...allowed]);
  } catch {
    return false; // not an SPDX expression, such as `SEE LICENSE IN …`
  }
}
