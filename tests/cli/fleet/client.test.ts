// Which server and which credentials a command uses.
import { expect, test } from "bun:test";
import { mkdir } from "node:fs/promises";
import { findNats } from "../../../src/cli/fleet/client.ts";
import { writeServeFile } from "../../../src/data-dir/serve-file.ts";
import { testContext } from "../../support/cli-context.ts";
import { tempDir } from "../../support/temp-dir.ts";

test("findNats() takes the server of the data directory with the operator's credentials; those that are named instead", async () => {
  await using dir = await tempDir();
  await mkdir(dir.join("data"));
  await writeServeFile(dir.join("data"), {
    ...{ url: "http://127.0.0.1:1", nats_url: "nats://127.0.0.1:1", data_dir: dir.join("data") },
    ...{ version: "0", nats_version: "0", pid: 1, instance: "i1", nats_creds: "/operator.creds" },
  });
  const find = (args: object) => findNats({ "data-dir": dir.join("data"), ...args }, testContext());
  expect(await find({})).toEqual({ natsUrl: "nats://127.0.0.1:1", credsPath: "/operator.creds" });
  expect(await find({ creds: "/own.creds" })).toEqual({
    natsUrl: "nats://127.0.0.1:1",
    credsPath: "/own.creds",
  });
});

test("findNats() gives another server none of this one's credentials", async () => {
  const find = (args: object) => findNats({ url: "nats://other:4222", ...args }, testContext());
  expect(await find({})).toEqual({ natsUrl: "nats://other:4222", credsPath: undefined });
  expect((await find({ creds: "/own.creds" })).credsPath).toBe("/own.creds");
});

test("findNats() says which directory no server runs on", async () => {
  await using dir = await tempDir();
  await expect(findNats({ "data-dir": dir.path }, testContext())).rejects.toMatchObject({
    ...{ code: "server_unreachable", hint: "start it: cliai serve" },
    message: `no server runs on ${dir.path}: it has no serve.json`,
  });
});
