import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { assetPath, createAssets, openAssetPaths } from "../../src/web/assets.ts";
import { startChild } from "../support/child.ts";

const projectDir = join(import.meta.dirname, "..", "..");
const scriptsDir = join(projectDir, "src", "web", "browser");

describe("the scripts of assets", () => {
  test("hold the compiler's strictest types", async () => {
    const compiler = join(projectDir, "node_modules", "typescript", "bin", "tsc");
    await using check = await startChild(process.execPath, [compiler, "--noEmit", "-p", scriptsDir]);
    const { code, stdout } = await check.exit();
    expect(stdout).toBe("");
    expect(code).toBe(0);
  });
});

interface Manifest {
  readonly start_url: string;
  readonly scope: string;
  readonly display: string;
  readonly icons: readonly { src: string; sizes: string; type: string; purpose: string }[];
}

describe("createAssets()", () => {
  const assets = createAssets();

  test("has a manifest with which browsers install the page; each icon has the size and type that it names", async () => {
    const response = await assets.request(assetPath("manifest.webmanifest"));
    expect(response.headers.get("content-type")).toBe("application/manifest+json");
    const { icons, ...manifest } = (await response.json()) as Manifest;
    expect(manifest).toMatchObject({ start_url: "/", scope: "/", display: "standalone" });
    for (const { src, sizes, type } of icons) {
      const icon = await assets.request(src);
      expect([src, icon.status, icon.headers.get("content-type")]).toEqual([src, 200, type]);
      if (type !== "image/png") continue;
      const file = Buffer.from(await icon.arrayBuffer());
      expect(`${file.readUInt32BE(16)}x${file.readUInt32BE(20)}`).toBe(sizes);
    }
    const wanted = ["192x192 any", "512x512 any", "512x512 maskable"];
    expect(icons.map(({ sizes, purpose }) => `${sizes} ${purpose}`)).toEqual(expect.arrayContaining(wanted));
  });

  test("lets the service worker, and no other script, stand for the whole site", async () => {
    const scopeOf = async (name: string) =>
      (await assets.request(assetPath("page.js").replace("page.js", name))).headers.get(
        "service-worker-allowed",
      );
    expect(await scopeOf("install/worker.js")).toBe("/");
    expect(await scopeOf("page.js")).toBeNull();
  });

  test("what is open to everybody is there", async () => {
    expect(openAssetPaths.length).toBeGreaterThan(5);
    for (const path of openAssetPaths)
      expect([path, (await assets.request(path)).status]).toEqual([path, 200]);
  });
});
