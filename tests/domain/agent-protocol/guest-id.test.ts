import { describe, expect, test } from "bun:test";
import {
  canHaveGuests,
  guestIdOf,
  isGuest,
  isGuestId,
  refuseGuestId,
} from "../../../src/domain/agent-protocol/guest-id.ts";
import { isAgentId, parseAgentId } from "../../../src/domain/wire/agent-id.ts";

const echo = { agent: "echo", owner: "kim", session: "main" };

describe("guestIdOf()", () => {
  test("names the peer, and what the agent says of itself", () => {
    expect(String(guestIdOf("ci", echo))).toBe("peer_ci_echo_kim_main");
  });

  test.each([
    ["other characters", { ...echo, session: "My Session" }, /^peer_ci_echo-kim-my-session-[0-9a-f]{8}$/],
    [
      "an underscore, which parts the words",
      { ...echo, agent: "e_cho" },
      /^peer_ci_e-cho-kim-main-[0-9a-f]{8}$/,
    ],
    ["no session", { ...echo, session: "" }, /^peer_ci_echo-kim-[0-9a-f]{8}$/],
    ["no character of an id", { agent: "日本", owner: "…", session: "☃" }, /^peer_ci_[0-9a-f]{8}$/],
    ["a length", { ...echo, session: "x".repeat(1_000) }, /^peer_ci_echo-kim-x+-[0-9a-f]{8}$/],
    ["what means something elsewhere", { ...echo, session: "../a.>*" }, /^peer_ci_echo-kim-a-[0-9a-f]{8}$/],
  ])("makes an id of any name: %s", (_, name, expected) => {
    const id = guestIdOf("ci", name);
    expect(id).toMatch(expected);
    expect(isAgentId(id) && isGuestId(id)).toBe(true);
  });

  test("gives different agents different ids, and no other peer's agent the same one", () => {
    const names = [
      echo,
      { ...echo, session: "Main" },
      { ...echo, session: "main!" },
      { ...echo, owner: "kim.main", session: "" },
      { ...echo, session: "x".repeat(100) },
      { ...echo, session: "x".repeat(101) },
    ];
    const peers = ["ci", "ci-echo", "C".repeat(32)];
    const ids = peers.flatMap((peer) => names.map((name) => guestIdOf(peer, name).toLowerCase()));
    expect(new Set(ids).size).toBe(peers.length * names.length);
  });

  test("would give one of another peer the same id, if the name of a peer could have an underscore", () => {
    const ofOther = guestIdOf("ci_a_b", { agent: "c", owner: "d", session: "E" });
    const session = ofOther.slice("peer_ci_a_b_".length);
    expect(guestIdOf("ci", { agent: "a", owner: "b", session })).toBe(ofOther);
    expect(["ci", "C-i", "ci_a_b"].filter(canHaveGuests)).toEqual(["ci", "C-i"]);
  });

  test("always gives the same agent the same id", () => {
    expect(String(guestIdOf("ci", { ...echo, session: "Main" }))).toBe("peer_ci_echo-kim-main-1d80c35e");
  });
});

test("isGuest() goes by the CLI, too: an agent of our own may have such an id from an earlier version", () => {
  const agent_id = "peer_ci_echo_kim_main";
  const views = [
    { agent_id, cli: "agent-protocol" },
    { agent_id, cli: "claude" },
    { agent_id },
    { agent_id: "ada", cli: "agent-protocol" },
  ];
  expect(views.map(isGuest)).toEqual([true, false, false, false]);
});

test("refuseGuestId() refuses the ids of guests, in any case of letters, and no others", () => {
  for (const id of ["peer_ci_echo_kim_main", "Peer_ci_x", "PEER_CI_X"].map(parseAgentId))
    expect(() => refuseGuestId(id)).toThrow(`"${id}" could be the id of an agent of a peer`);
  for (const id of ["ada", "peer", "peer_ci", "peer-ci_x", "xpeer_ci_x"].map(parseAgentId)) refuseGuestId(id);
});
