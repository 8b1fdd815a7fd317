import { describe, expect, test } from "bun:test";
import { join } from "node:path";

interface Agent {
  readonly id: string;
  readonly words: string;
  readonly needs?: true;
  readonly paused?: true;
  readonly away?: true;
}
interface Place {
  readonly name: string;
  readonly href: string;
  readonly acts?: boolean;
}
const script = join(import.meta.dirname, "../../../../src/web/browser/keys/palette-places.js");
const { findPlaces, mostPlaces } = (await import(script)) as {
  readonly mostPlaces: number;
  readonly findPlaces: (
    agents: readonly Agent[],
    typed: string,
  ) => { readonly places: readonly Place[]; readonly more: number };
};

const agents: readonly Agent[] = [
  { id: "bob", words: "working · shop" },
  { id: "canada", words: "idle · shop" },
  { id: "ada", words: "paused · mail", paused: true },
  { id: "eve", words: "asks · shop", needs: true },
  { id: "gone", words: "stopped · shop", away: true },
];
const names = (typed: string) => findPlaces(agents, typed).places.map(({ name }) => name);

describe("findPlaces()", () => {
  test("offers the pages and the agents before anything is typed, those first that need a person", () => {
    expect(names("").slice(0, 2)).toEqual(["Fleet", "Inbox"]);
    expect(findPlaces([], "").places.at(-1)).toMatchObject({ name: "Stop all agents …", acts: true });
    expect(names("shop")[0]).toBe("eve");
  });

  test("puts first the agent whose name begins with what was typed", () => {
    expect(names("ad").slice(0, 2)).toEqual(["ada", "canada"]);
    expect(names("AD")[0]).toBe("ada");
  });

  test("leads to the form that asks, for an agent that is named with what to do", () => {
    const [first] = findPlaces(agents, "stop bob").places;
    expect(first).toEqual(
      expect.objectContaining({ name: "Stop bob …", href: "/bulk/stop?agents=bob", acts: true }),
    );
    expect(names("bob")).toContain("Pause bob …");
    expect(names("ada").filter((name) => / ada …$/.test(name))).toEqual(["Resume ada …", "Stop ada …"]);
    expect(names("gone")).toEqual([
      "gone",
      ...["gone: transcript", "gone: terminal", "gone: task …"],
      "Search for “gone”",
    ]);
  });

  test("always offers the search for what was typed, with its address", () => {
    expect(findPlaces(agents, " a&b #1 ").places).toEqual([
      expect.objectContaining({ href: "/search?text=a%26b%20%231" }),
    ]);
  });

  test("offers a bounded number, and counts the others", () => {
    const many = Array.from({ length: 1_000 }, (_, index) => ({ id: `agent-${index}`, words: "idle" }));
    const { places, more } = findPlaces(many, "agent");
    expect(places).toHaveLength(mostPlaces);
    // "agent" also stands at the page of the search, and at four forms.
    expect(places.length + more).toBe(1_000 + 6);
  });
});
