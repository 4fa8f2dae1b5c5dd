import { describe, expect, it } from "vitest";
import type { Principal } from "../../../src/auth/policy/decide.ts";
import {
  alice,
  away,
  awayRoot,
  bob,
  guest,
  home,
  nobody,
  policy,
  root,
  sns,
  stranger,
  verdict,
  worker,
  workerRole,
} from "./asking.ts";

const everybody = { alice, bob, worker, stranger, guest, root, awayRoot, sns, nobody };

/** Whom a Deny with these elements denies, though everybody is allowed. */
function denied(elements: object, boundIds?: ReadonlyMap<string, string>): string[] {
  const identity = [policy("identity", {})];
  const resource = policy("resource", { Principal: "*" }, { Effect: "Deny", ...elements });
  return Object.entries(everybody)
    .filter(([, principal]) => {
      const policies = { identity, resource, ...(boundIds && { boundIds }) };
      return verdict(policies, { principal }) === "explicit by resource";
    })
    .map(([name]) => name);
}

const all = Object.keys(everybody);
const allBut = (...names: readonly string[]) => all.filter((name) => !names.includes(name));
const atHome = ["alice", "worker", "guest", "root"];

describe("a Principal means", () => {
  it.each<[unknown, string[]]>([
    ["*", all],
    [{ AWS: "*" }, all],
    [{ AWS: [bob.arn, "*"] }, all],
    [{ AWS: home }, atHome],
    [{ AWS: `arn:aws:iam::${home}:root` }, atHome],
    [{ AWS: [home, away] }, allBut("sns", "nobody")],
    [{ AWS: alice.arn }, ["alice"]],
    [{ AWS: alice.arn.toUpperCase().replace("ARN:AWS:IAM", "arn:aws:iam").replace("USER/", "user/") }, []],
    [{ AWS: `arn:aws:iam::${home}:user/alice` }, []],
    [{ AWS: alice.arn.replace("aws", "aws-cn") }, ["alice"]],
    [{ AWS: workerRole.replace("aws", "aws-us-gov") }, ["worker"]],
    [{ AWS: alice.userId }, ["alice"]],
    [{ AWS: "AIDAALICEALICEALICE12" }, []],
    [{ AWS: worker.arn }, ["worker"]],
    [{ AWS: `arn:aws:sts::${home}:assumed-role/worker/two` }, []],
    [{ AWS: workerRole }, ["worker"]],
    [{ AWS: `arn:aws:iam::${home}:role/worker` }, []],
    [{ AWS: "AROAWORKERWORKERWORKER1" }, ["worker"]],
    [{ AWS: guest.arn }, ["guest"]],
    [{ AWS: `arn:aws:iam::${home}:user/guest` }, []],
    [{ Service: "sns.amazonaws.com" }, ["sns"]],
    [{ Service: ["s3.amazonaws.com"] }, []],
    [
      { Service: "sns.amazonaws.com", AWS: [alice.arn, away] },
      ["alice", "bob", "stranger", "awayRoot", "sns"],
    ],
    [{ Federated: "accounts.google.com" }, []],
  ])("%j", (named, expected) => {
    expect(denied({ Principal: named })).toEqual(expected);
  });
});

describe("a NotPrincipal spares", () => {
  it.each<[unknown, string[]]>([
    ["*", all],
    [{ AWS: "*" }, all],
    [{ AWS: home }, atHome],
    [{ AWS: alice.arn }, ["alice"]],
    [{ AWS: alice.userId }, ["alice"]],
    [{ AWS: worker.arn }, ["worker"]],
    [{ AWS: workerRole }, ["worker"]],
    [{ AWS: [workerRole, worker.arn] }, ["worker"]],
    [{ AWS: [`arn:aws:iam::${home}:root`, alice.arn] }, ["alice", "root"]],
    [{ AWS: [home, workerRole] }, ["worker", "root"]],
    [{ AWS: [home, guest.arn] }, ["guest", "root"]],
    [{ AWS: [home, bob.arn] }, [...atHome, "bob"]],
    [{ AWS: [home, alice.userId] }, ["alice", "root"]],
    [{ AWS: [home, alice.arn.replace("aws", "aws-cn")] }, ["alice", "root"]],
    [{ Service: "sns.amazonaws.com" }, ["sns"]],
  ])("%j", (named, expected) => {
    expect(denied({ NotPrincipal: named })).toEqual(allBut(...expected));
  });

  it("and nobody else from what it allows", () => {
    const resource = policy("resource", { NotPrincipal: { AWS: alice.arn } });
    expect(verdict({ resource })).toBe("implicit by identity");
    expect(verdict({ resource }, { principal: worker })).toBe("allow");
    expect(verdict({ resource }, { principal: nobody })).toBe("allow");
  });
});

describe("an ARN that had a unique id when the policy was set", () => {
  it.each<[string, string, string, string[]]>([
    ["still means the user", alice.arn, alice.userId, ["alice"]],
    ["means no other user of the name", alice.arn, "AIDAALICEALICEALICE99", []],
    [
      "means no other user, spelled as in China",
      alice.arn.replace("aws", "aws-cn"),
      "AIDAALICEALICEALICE99",
      [],
    ],
    ["still means the user, spelled so", alice.arn.replace("aws", "aws-cn"), alice.userId, ["alice"]],
    ["still means the role", workerRole, "AROAWORKERWORKERWORKER1", ["worker"]],
    ["means no other role of the name", workerRole, "AROAWORKERWORKERWORKER9", []],
    ["still means the session", worker.arn, "AROAWORKERWORKERWORKER1", ["worker"]],
    ["still means the session by its whole id", worker.arn, worker.userId, ["worker"]],
    ["means no session of another role of the name", worker.arn, "AROAWORKERWORKERWORKER9", []],
  ])("%s", (_, arn, id, expected) => {
    expect(denied({ Principal: { AWS: arn } }, new Map([[arn, id]]))).toEqual(expected);
    expect(denied({ NotPrincipal: { AWS: arn } }, new Map([[arn, id]]))).toEqual(allBut(...expected));
  });

  it("allows nothing to whoever took the name", () => {
    const resource = policy("resource", { Principal: { AWS: alice.arn } });
    const again: Principal = { ...alice, userId: "AIDAALICEALICEALICE99" };
    const boundIds = new Map([[alice.arn, alice.userId]]);
    expect(verdict({ resource, boundIds })).toBe("allow");
    expect(verdict({ resource, boundIds }, { principal: again })).toBe("implicit by identity");
    expect(verdict({ resource, boundIds: new Map() }, { principal: again })).toBe("allow");
  });

  it("leaves other names alone", () => {
    expect(denied({ Principal: { AWS: [alice.arn, workerRole] } }, new Map([[alice.arn, "AIDA"]]))).toEqual([
      "worker",
    ]);
  });
});

it("nobody in particular is meant by nothing but everyone, whatever it says it is", () => {
  const principal: Principal = { ...alice, kind: "anonymous" };
  for (const named of [alice.arn, alice.userId, home]) {
    const resource = policy("resource", { Principal: { AWS: named } });
    expect(verdict({ identity: [policy("identity", {})], resource }, { principal })).toBe(
      "implicit by resource",
    );
  }
});

it("a session of no known role is meant by its own ARN only", () => {
  const { roleArn, ...principal } = worker;
  const toRole = policy("resource", { Principal: { AWS: roleArn } });
  const toSession = policy("resource", { Principal: { AWS: worker.arn } });
  expect(verdict({ resource: toRole }, { principal })).toBe("implicit by identity");
  expect(verdict({ resource: toSession }, { principal })).toBe("allow");
});
