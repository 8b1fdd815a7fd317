import { describe, expect, test } from "bun:test";
import {
  buildAgentAccountClaims,
  buildClaims,
  createAgentAccount,
  createSeed,
  isAgentAccountClaims,
  isIssuedBy,
  keyKinds,
  mintUser,
  type NatsKeys,
  operatorName,
  readSeed,
  readUser,
} from "../../../src/nats/accounts/credentials.ts";
import { agentPermissions } from "../../../src/nats/accounts/permissions.ts";
import { ada, bob } from "../../support/agents.ts";

const newKeys = (): NatsKeys => ({
  operator: readSeed("operator", createSeed("operator")),
  system: readSeed("system", createSeed("system")),
  account: readSeed("account", createSeed("account")),
});
const keys = newKeys();

interface Claims {
  readonly iss: string;
  readonly sub: string;
  readonly name: string;
  readonly exp?: number;
  readonly nats: Record<string, unknown>;
}

/** The claims of a JWT, or of the one in the text of a `.creds` file. */
function claimsOf(text: string): Claims {
  const jwt = /eyJ[\w-]+\.[\w-]+\.[\w-]+/.exec(text)?.[0] ?? "";
  return JSON.parse(Buffer.from(jwt.split(".")[1] ?? "", "base64url").toString());
}

describe("readSeed()", () => {
  test("reads what createSeed() has made, with the line end of a file", () => {
    for (const kind of keyKinds) {
      const seed = createSeed(kind);
      const pair = readSeed(kind, `${seed}\n`);
      expect(new TextDecoder().decode(pair.getSeed())).toBe(seed);
      expect(pair.getPublicKey()).toStartWith(kind === "operator" ? "O" : "A");
    }
  });

  test.each<[(typeof keyKinds)[number], () => string, string]>([
    ["operator", () => createSeed("account"), "operator"],
    ["account", () => createSeed("operator"), "account"],
    ["account", () => createSeed("account").slice(0, -4), "account"],
    ["system", () => "", "account"],
    ["operator", () => keys.operator.getPublicKey(), "operator"],
  ])("what is no seed of the key %s is refused without the text", (kind, text, owner) => {
    const given = text();
    let message = "";
    try {
      readSeed(kind, given);
    } catch (error) {
      message = String(error);
    }
    expect(message).toBe(`Error: not the seed of an ${owner} key`);
  });
});

describe("buildClaims()", () => {
  test("the operator signs both accounts, and the fleet's account carries the revocations", async () => {
    const { operator, system, account } = await buildClaims(keys, { UABC: 7 });
    const signer = keys.operator.getPublicKey();
    expect([claimsOf(operator), claimsOf(system.jwt), claimsOf(account.jwt)].map(({ iss }) => iss)).toEqual([
      ...[signer, signer, signer],
    ]);
    expect([claimsOf(system.jwt).sub, claimsOf(account.jwt).sub]).toEqual([system.key, account.key]);
    expect(claimsOf(operator).nats.system_account).toBe(system.key);
    expect(claimsOf(account.jwt).nats.revocations).toEqual({ UABC: 7 });
  });
});

describe("isAgentAccountClaims()", () => {
  const account = { id: ada, key: createAgentAccount(), revocations: { UABC: 7 } };

  test("knows the claims that it would make, and says no to all that differs", async () => {
    const jwt = await buildAgentAccountClaims(keys, account);
    expect(isAgentAccountClaims(jwt, keys, account)).toBe(true);
    for (const other of [
      { ...account, id: bob },
      { ...account, key: createAgentAccount() },
      { ...account, revocations: {} },
      { ...account, revocations: { UABC: 8 } },
    ])
      expect(isAgentAccountClaims(jwt, keys, other)).toBe(false);
    expect(isAgentAccountClaims(jwt, newKeys(), account)).toBe(false);
  });

  test("a file that is cut off or holds no claims is none", async () => {
    const jwt = await buildAgentAccountClaims(keys, account);
    for (const text of [jwt.slice(0, -1), jwt.split(".").slice(0, 2).join("."), "", "a.b.c"])
      expect(isAgentAccountClaims(text, keys, account)).toBe(false);
  });
});

describe("mintUser()", () => {
  test("an agent's user is in its own account, signed by the fleet's, and may do what its permissions say until it expires", async () => {
    const account = createAgentAccount();
    const permissions = agentPermissions(ada);
    const expiresAt = new Date("2030-01-01T00:00:00.900Z");
    const { creds, userKey } = await mintUser(keys.account, { name: ada, account, permissions, expiresAt });
    const { iss, sub, name, exp, nats } = claimsOf(creds);
    expect({ iss, sub, name, exp }).toEqual({
      ...{ iss: keys.account.getPublicKey(), sub: userKey, name: "ada" },
      exp: Date.parse("2030-01-01T00:00:00Z") / 1_000,
    });
    expect(nats).toMatchObject({
      issuer_account: account,
      pub: { allow: [...permissions.publish] },
      sub: { allow: [...permissions.subscribe] },
      allowed_connection_types: ["STANDARD"],
    });
    expect(await isIssuedBy(creds, keys.account)).toBe(true);
    expect(await isIssuedBy(creds, newKeys().account)).toBe(false);
    expect(await isIssuedBy(creds.slice(0, 100), keys.account)).toBe(false);
  });

  test("each user has a key of its own", async () => {
    const [one, other] = await Promise.all([
      mintUser(keys.account, { name: ada }),
      mintUser(keys.account, { name: ada }),
    ]);
    expect(one.userKey).not.toBe(other.userKey);
  });
});

describe("readUser()", () => {
  const read = async (options: Parameters<typeof mintUser>[1]) =>
    await readUser((await mintUser(keys.account, options)).creds);

  test("knows an agent by its permissions, and the operator by having none of an agent", async () => {
    const account = createAgentAccount();
    expect(await read({ name: ada, account, permissions: agentPermissions(ada) })).toEqual({
      ...{ agentId: ada, isOperator: false },
    });
    expect(await read({ name: operatorName })).toEqual({ isOperator: true });
  });

  test("a name alone makes nobody an agent or the operator", async () => {
    const account = createAgentAccount();
    expect(await read({ name: bob, account, permissions: agentPermissions(ada) })).toEqual({
      isOperator: false,
    });
    expect(await read({ name: operatorName, account, permissions: agentPermissions(ada) })).toEqual({
      isOperator: false,
    });
    expect(await read({ name: "guest" })).toEqual({ isOperator: false });
    expect(await readUser("no credentials")).toBeUndefined();
  });
});
