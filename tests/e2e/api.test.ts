// The API of the built program, as a program with a token that may only read finds it: it reads everything, and changes nothing.
import { expect, test } from "bun:test";
import { operations } from "../../src/web/api/described/operations.ts";
import { startServe } from "../support/cliai.ts";
import { until } from "../support/wait-for.ts";

test("a token with the scope read gets every reading of GET /openapi.json, and is refused every change", async () => {
  await using serve = await startServe();
  const heartbeat = JSON.stringify({ agent_id: "ada", status: "working" });
  expect((await serve.fetch("/api/heartbeat", { method: "POST", body: heartbeat })).status).toBe(200);
  await until("ada in the fleet", async () => (await serve.fetch("/api/agents/ada")).ok);
  const made = await serve.run(["token", "add", "reader", "--scope", "read", "--json"]);
  const { token } = JSON.parse(made.stdout) as { token: string };
  const ask = (method: string, path: string, body?: string) =>
    fetch(serve.url + path, {
      ...{ method, headers: { authorization: `Bearer ${token}` } },
      ...(body !== undefined && { body }),
    });

  const described = (await (await ask("GET", "/openapi.json")).json()) as {
    readonly info: { readonly version: string };
    readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly responses: object }>>>>;
  };
  expect(Object.keys(described.paths)).toHaveLength(new Set(operations.map(({ path }) => path)).size);
  const odd: string[] = [];
  for (const [path, methods] of Object.entries(described.paths)) {
    const address = path.replace("{id}", "ada") + (path === "/api/search" ? "?text=ada" : "");
    for (const [method, { responses }] of Object.entries(methods)) {
      const response = await ask(method.toUpperCase(), address, method === "post" ? "{}" : undefined);
      // An event stream does not end.
      const text = /\/(diff|changes)$/.test(path) ? await response.text() : await response.body?.cancel();
      const allowed = method === "post" || path.endsWith("/typing") ? [403] : [200, 202];
      // There is no request "ada", and ada has no terminal.
      if (path === "/api/requests/{id}") allowed.push(404);
      if (path.endsWith("/screen")) allowed.push(409);
      if (text?.includes("it is not known in which directory ada works") === true) allowed.push(403);
      const isFine = allowed.includes(response.status) && String(response.status) in responses;
      if (!isFine) odd.push(`${method} ${path}: ${response.status}`);
    }
    for (const method of ["PUT", "PATCH", "DELETE"]) {
      const { status } = await ask(method, address);
      if (![403, 405].includes(status)) odd.push(`${method} ${path}: ${status}`);
    }
  }
  expect(odd).toEqual([]);
  expect(await (await serve.fetch("/api/agents/ada")).json()).toMatchObject({ commands: [], tags: [] });
});
