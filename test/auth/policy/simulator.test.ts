import { anonymousPrincipal, runSimulation } from "@cloud-copilot/iam-simulate";
import { beforeAll, describe, expect, it } from "vitest";
import { decide } from "../../../src/auth/policy/decide.ts";
import { contextOf, read } from "./asking.ts";
import { type Case, caseOf } from "./simulator-cases.ts";
import { differences } from "./simulator-differences.ts";

/** A millisecond each, which is nearly all the simulator's. */
const cases = 4_000;

interface Compared {
  readonly seed: number;
  readonly ours: string;
  readonly theirs: string;
  /** How many of what we mean to decide otherwise it has. */
  readonly differences: number;
}

describe("beside an independent simulator of IAM", () => {
  const compared: Compared[] = [];

  beforeAll(async () => {
    for (let seed = 0; seed < cases; seed++) {
      const given = caseOf(seed);
      compared.push({
        seed,
        ours: ourVerdict(given),
        theirs: await theirVerdict(given),
        differences: differences.filter(({ has }) => has(given)).length,
      });
    }
  }, 60_000);

  it("every case is decided alike, or has what we mean to decide otherwise", () => {
    expect(compared.filter(({ ours, theirs, differences }) => ours !== theirs && differences === 0)).toEqual(
      [],
    );
  });

  it.each(differences)("what we decide otherwise: $why", async ({ example, ours, theirs, has }) => {
    expect({ ours: ourVerdict(example), theirs: await theirVerdict(example) }).toEqual({ ours, theirs });
    expect(differences.filter((each) => each.has(example)).map(({ why }) => why)).toHaveLength(1);
    expect(has(example)).toBe(true);
  });

  it("most cases have nothing that we decide otherwise, and among them every verdict is common", () => {
    const plain = compared.filter(({ differences }) => differences === 0);
    expect(plain.length).toBeGreaterThan(cases / 2);
    for (const verdict of ["Allowed", "ExplicitlyDenied", "ImplicitlyDenied"]) {
      expect(plain.filter(({ ours }) => ours === verdict).length).toBeGreaterThan(plain.length / 10);
    }
  });
});

function ourVerdict(given: Case): string {
  const policies = {
    identity: given.identity.map((document) => read(document, "identity")),
    ...(given.session && { session: [read(given.session, "identity")] }),
    ...(given.policy && {
      resource: read(given.policy, given.action === "sts:AssumeRole" ? "trust" : "resource"),
    }),
  };
  const verdict = decide({ ...given, context: contextOf(given.context) }, policies);
  if (verdict.kind === "allow") return "Allowed";
  return verdict.reason === "explicit" ? "ExplicitlyDenied" : "ImplicitlyDenied";
}

async function theirVerdict({ principal, action, resource, context, ...given }: Case): Promise<string> {
  const results = await runSimulation(
    {
      request: {
        principal: principal.kind === "anonymous" ? anonymousPrincipal : (principal.service ?? principal.arn),
        action,
        resource: { resource: resource.arn, accountId: resource.account },
        contextVariables: Object.fromEntries(
          Object.entries(context).map(([key, value]) => [
            key,
            typeof value === "string" ? value : [...value],
          ]),
        ),
      },
      identityPolicies: given.identity.map((policy, index) => ({ name: `policy ${index}`, policy })),
      serviceControlPolicies: [],
      resourceControlPolicies: [],
      sessionPolicy: given.session,
      resourcePolicy: given.policy,
    },
    {},
  );
  // What it refuses, or a key it leaves out of account, would compare nothing.
  if (results.resultType !== "single") throw new Error(JSON.stringify(results));
  if (results.result.ignoredContextKeys?.length)
    throw new Error(`ignored ${results.result.ignoredContextKeys}`);
  return results.overallResult;
}
