// `cliai audit verify` on the server under test: whatever struck it, the history must be whole and signed.
import { waitFor } from "../support/wait-for.ts";
import type { ServeUnderTest } from "./fleet-under-test.ts";

interface VerifiedAudit {
  readonly ok: boolean;
  readonly records: number;
  readonly checkpoints: number;
  readonly signed_to: number;
}

/** @throws Error with each finding */
export async function verifyFleetAudit({
  serve,
}: {
  readonly serve: Pick<ServeUnderTest, "current">;
}): Promise<VerifiedAudit> {
  let said = "";
  return await waitFor(
    async () => {
      const { code, stdout, stderr } = await serve.current().run(["audit", "verify", "--json"]);
      said = `${code}: ${stdout}${stderr}`;
      const result = JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as VerifiedAudit;
      // The first checkpoint of a fleet comes some seconds after its first record.
      return code === 0 && result.ok && result.checkpoints > 0 ? result : undefined;
    },
    { what: "an audit that verifies", intervalMs: 500, saw: () => said },
  );
}
