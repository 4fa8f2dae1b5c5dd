import { describe, expect, it } from "vitest";
import type { Principal } from "../../../src/auth/policy/decide.ts";
import { policyOf } from "../../../src/auth/policy/document.ts";
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
  strangerRole,
  verdict,
  worker,
  workerRole,
} from "./asking.ts";

const allows = policy("identity", {});
const denies = policy("identity", { Effect: "Deny" });
const silent = policy("identity", { Action: "s3:*" });
const to = (principal: unknown, effect = "Allow") =>
  policy("resource", { Principal: principal, Effect: effect });

describe("in the account that owns the resource", () => {
  it.each([
    ["no policy at all", [], undefined, "implicit by identity"],
    ["a policy of something else", [silent], undefined, "implicit by identity"],
    ["a policy of the caller", [allows], undefined, "allow"],
    ["one of several policies of the caller", [silent, allows], undefined, "allow"],
    ["a policy of the resource", [], to({ AWS: alice.arn }), "allow"],
    ["both", [allows], to({ AWS: alice.arn }), "allow"],
    ["a policy of the resource for somebody else", [], to({ AWS: bob.arn }), "implicit by identity"],
    ["a policy of the resource for the account", [], to({ AWS: home }), "implicit by identity"],
    ["a policy of the resource for the account, and one of the caller", [allows], to({ AWS: home }), "allow"],
    ["a denial by the caller's policy", [denies], to("*"), "explicit by identity"],
    ["a denial after what allows", [allows, denies], to("*"), "explicit by identity"],
    ["a denial before what allows", [denies, allows], to("*"), "explicit by identity"],
    ["a denial by the resource's policy", [allows], to("*", "Deny"), "explicit by resource"],
    ["a denial to the account", [allows], to({ AWS: home }, "Deny"), "explicit by resource"],
    ["a denial to another account", [allows], to({ AWS: away }, "Deny"), "allow"],
    ["denials by both", [denies], to("*", "Deny"), "explicit by identity"],
  ])("%s", (_, identity, resource, expected) => {
    expect(verdict({ identity, ...(resource && { resource }) })).toBe(expected);
  });

  it("one statement of a policy may deny what another allows, in either order", () => {
    const [allow, deny] = [{ Principal: "*" }, { Principal: "*", Effect: "Deny", Action: "sqs:SendMessage" }];
    for (const statements of [
      [allow, deny],
      [deny, allow],
    ]) {
      const resource = policy("resource", ...statements);
      expect(verdict({ resource })).toBe("explicit by resource");
      expect(verdict({ resource }, { action: "sqs:ReceiveMessage" })).toBe("allow");
    }
  });

  it("the root needs no policy, and is denied by any", () => {
    const principal = root;
    expect(verdict({}, { principal })).toBe("allow");
    expect(verdict({ resource: to({ AWS: bob.arn }) }, { principal })).toBe("allow");
    expect(verdict({ resource: to("*", "Deny") }, { principal })).toBe("explicit by resource");
    expect(verdict({ identity: [denies] }, { principal })).toBe("explicit by identity");
  });
});

describe("a session with policies of its own", () => {
  const limited = (principal: Principal, sessionOk: boolean, identityOk: boolean, resource?: unknown) =>
    verdict(
      {
        identity: identityOk ? [allows] : [],
        session: [silent, sessionOk ? allows : silent],
        ...(resource !== undefined && { resource: to(resource) }),
      },
      { principal },
    );

  it.each<[string, unknown, boolean, boolean, string]>([
    ["needs its own policies and the role's", undefined, true, true, "allow"],
    ["is limited by its own", undefined, false, true, "implicit by session"],
    ["cannot exceed the role's", undefined, true, false, "implicit by identity"],
    ["is not limited in what is given to it", { AWS: worker.arn }, false, false, "allow"],
    ["is not limited in what is given to everyone", "*", false, false, "allow"],
    ["is not limited in what is given to every AWS principal", { AWS: "*" }, false, false, "allow"],
    ["is limited in what is given to its role", { AWS: workerRole }, false, true, "implicit by session"],
    ["may what is given to its role", { AWS: workerRole }, true, false, "allow"],
    [
      "is limited in what is given to its role by its unique id",
      { AWS: "AROAWORKERWORKERWORKER1" },
      false,
      true,
      "implicit by session",
    ],
    ["is limited in what is given to its account", { AWS: home }, false, true, "implicit by session"],
    ["may what is given to its account and its role may", { AWS: home }, true, true, "allow"],
    ["may not what is given to its account only", { AWS: home }, true, false, "implicit by identity"],
    [
      "takes what names it over what names its role",
      { AWS: [workerRole, worker.arn] },
      false,
      false,
      "allow",
    ],
  ])("%s", (_, resource, sessionOk, identityOk, expected) => {
    expect(limited(worker, sessionOk, identityOk, resource)).toBe(expected);
  });

  it("is given nothing by an empty list", () => {
    expect(verdict({ identity: [allows], session: [] }, { principal: worker })).toBe("implicit by session");
  });

  it("can be denied by its own policy what everyone may", () => {
    expect(verdict({ session: [denies], resource: to("*") }, { principal: worker })).toBe(
      "explicit by session",
    );
  });

  it.each([alice.arn, alice.userId])("of a user is not limited in what names the user: %s", (named) => {
    expect(limited(alice, false, false, { AWS: named })).toBe("allow");
    expect(limited(alice, false, true)).toBe("implicit by session");
  });

  it("is limited though it is the root's", () => {
    expect(limited(root, true, false)).toBe("allow");
    expect(limited(root, false, false)).toBe("implicit by session");
  });

  it("of a federated user is not limited in what names it, but in what names its account", () => {
    expect(limited(guest, false, false, { AWS: guest.arn })).toBe("allow");
    expect(limited(guest, false, true, { AWS: home })).toBe("implicit by session");
  });

  it("is limited in what it may for not being listed", () => {
    const resource = policy("resource", { NotPrincipal: { AWS: alice.arn } });
    const asked = { principal: worker };
    expect(verdict({ session: [silent], resource }, asked)).toBe("implicit by session");
    expect(verdict({ session: [allows], resource }, asked)).toBe("allow");
    expect(verdict({ resource }, asked)).toBe("allow");
  });

  it("of a role is given by the resource what the role itself is not", () => {
    expect(verdict({ resource: to({ AWS: workerRole }) }, { principal: worker })).toBe("allow");
  });
});

describe("from another account", () => {
  it.each<[string, Principal, boolean, unknown, string]>([
    ["neither side", bob, false, undefined, "implicit by resource"],
    ["its own policy only", bob, true, undefined, "implicit by resource"],
    [
      "its own policy, and the resource's for somebody else",
      bob,
      true,
      { AWS: alice.arn },
      "implicit by resource",
    ],
    ["the resource's policy only", bob, false, { AWS: bob.arn }, "implicit by identity"],
    ["the resource's policy for everyone only", bob, false, "*", "implicit by identity"],
    ["both, by its ARN", bob, true, { AWS: bob.arn }, "allow"],
    ["both, by its account", bob, true, { AWS: away }, "allow"],
    ["both, by its account's root", bob, true, { AWS: `arn:aws:iam::${away}:root` }, "allow"],
    ["both, by everyone", bob, true, "*", "allow"],
    ["both, by its role", stranger, true, { AWS: strangerRole }, "allow"],
    ["the root, whom the resource's policy names", awayRoot, false, { AWS: away }, "allow"],
    ["the root, whom it does not name", awayRoot, false, { AWS: home }, "implicit by resource"],
    ["the root, where only a user is named", awayRoot, false, { AWS: bob.arn }, "implicit by resource"],
  ])("%s", (_, principal, identityOk, resource, expected) => {
    const policies = {
      identity: identityOk ? [allows] : [],
      ...(resource ? { resource: to(resource) } : {}),
    };
    expect(verdict(policies, { principal })).toBe(expected);
  });

  it("a session is limited by its own policies even in what names it", () => {
    const resource = to({ AWS: stranger.arn });
    const asked = { principal: stranger };
    expect(verdict({ identity: [allows], session: [silent], resource }, asked)).toBe("implicit by session");
    expect(verdict({ identity: [allows], session: [allows], resource }, asked)).toBe("allow");
    expect(verdict({ identity: [], session: [allows], resource }, asked)).toBe("implicit by identity");
  });

  it("a root's session is limited by its own policies", () => {
    const resource = to({ AWS: away });
    expect(verdict({ session: [silent], resource }, { principal: awayRoot })).toBe("implicit by session");
    expect(verdict({ session: [allows], resource }, { principal: awayRoot })).toBe("allow");
  });

  it("either side can deny", () => {
    const resource = to({ AWS: away });
    expect(verdict({ identity: [allows, denies], resource }, { principal: bob })).toBe(
      "explicit by identity",
    );
    const denying = policy("resource", { Principal: { AWS: away } }, { Principal: "*", Effect: "Deny" });
    expect(verdict({ identity: [allows], resource: denying }, { principal: bob })).toBe(
      "explicit by resource",
    );
  });
});

describe("whoever belongs to no account", () => {
  it.each<[string, Principal, unknown, string]>([
    ["a service without a policy", sns, undefined, "implicit by resource"],
    ["a service that is named", sns, { Service: "sns.amazonaws.com" }, "allow"],
    ["a service that is not named", sns, { Service: "s3.amazonaws.com" }, "implicit by resource"],
    ["a service, where everyone may", sns, "*", "allow"],
    ["a service, where every AWS principal may", sns, { AWS: "*" }, "allow"],
    ["a service, where the account may", sns, { AWS: home }, "implicit by resource"],
    ["nobody, without a policy", nobody, undefined, "implicit by resource"],
    ["nobody, where everyone may", nobody, "*", "allow"],
    ["nobody, where every AWS principal may", nobody, { AWS: "*" }, "allow"],
    ["nobody, where the account may", nobody, { AWS: home }, "implicit by resource"],
    ["nobody, where a service may", nobody, { Service: "sns.amazonaws.com" }, "implicit by resource"],
  ])("%s", (_, principal, resource, expected) => {
    expect(verdict(resource ? { resource: to(resource) } : {}, { principal })).toBe(expected);
  });

  it("may for not being listed", () => {
    const resource = policy("resource", { NotPrincipal: { AWS: alice.arn } });
    expect(verdict({ resource }, { principal: nobody })).toBe("allow");
    expect(verdict({ resource }, { principal: sns })).toBe("allow");
  });

  it("is denied what everyone is", () => {
    const resource = policy("resource", { Principal: "*" }, { Principal: "*", Effect: "Deny" });
    expect(verdict({ resource }, { principal: nobody })).toBe("explicit by resource");
    expect(verdict({ resource }, { principal: sns })).toBe("explicit by resource");
  });

  it("gets nothing from a resource that belongs to no account either", () => {
    const resource = { arn: "arn:aws:sqs:us-east-1::jobs", account: "" };
    expect(verdict({}, { principal: nobody, resource })).toBe("implicit by resource");
  });
});

describe("a role or a key, which trusts nobody by itself", () => {
  const role = { arn: workerRole, account: home };
  const key = { arn: `arn:aws:kms:us-east-1:${home}:key/1`, account: home };
  const assume = (principal: Principal, trusted: unknown, identityOk: boolean) =>
    verdict(
      { identity: identityOk ? [allows] : [], resource: policy("trust", { Principal: trusted }) },
      { principal, action: "sts:AssumeRole", resource: role },
    );
  const decrypt = (principal: Principal, named: unknown, identityOk: boolean) =>
    verdict(
      { identity: identityOk ? [allows] : [], resource: to(named) },
      { principal, action: "kms:Decrypt", resource: key },
    );

  it.each<[string, Principal, unknown, boolean, string]>([
    ["a user whose own policy alone allows", alice, { AWS: bob.arn }, true, "implicit by resource"],
    ["a user who is named", alice, { AWS: alice.arn }, false, "allow"],
    ["a user of an account that is named", alice, { AWS: home }, false, "implicit by identity"],
    ["such a user, who is allowed", alice, { AWS: home }, true, "allow"],
    ["the root of an account that is not named", root, { AWS: bob.arn }, false, "implicit by resource"],
    ["the root of an account that is named", root, { AWS: home }, false, "allow"],
    ["a session of a role that is named", worker, { AWS: workerRole }, false, "allow"],
    ["another account's user, who is allowed", bob, { AWS: away }, true, "allow"],
    ["another account's user, who is not", bob, { AWS: bob.arn }, false, "implicit by identity"],
  ])("%s", (_, principal, named, identityOk, expected) => {
    expect(assume(principal, named, identityOk)).toBe(expected);
    expect(decrypt(principal, named, identityOk)).toBe(expected);
  });

  it("lets in whom a provider vouches for, if it trusts the provider", () => {
    const provider = `arn:aws:iam::${home}:saml-provider/office`;
    const vouched: Principal = { kind: "federated", account: "", arn: provider, userId: "" };
    expect(assume(vouched, { Federated: provider }, false)).toBe("allow");
    expect(assume(vouched, { Federated: "accounts.google.com" }, false)).toBe("implicit by resource");
    expect(assume(vouched, { AWS: home }, false)).toBe("implicit by resource");
    expect(assume(alice, { Federated: alice.arn }, true)).toBe("implicit by resource");
  });

  it("is not what an action about no key is asked of", () => {
    const asked = { action: "kms:ListKeys", resource: { arn: "*", account: home } };
    expect(verdict({ identity: [allows] }, asked)).toBe("allow");
  });
});

describe("a policy that cannot be read", () => {
  const unreadable = "{";

  it.each([alice, bob, root, worker, sns, nobody])("denies everything to %o", (principal) => {
    const resource = policyOf(unreadable, "resource");
    expect(verdict({ identity: [allows], resource }, { principal })).toBe("explicit by resource");
  });

  it("denies everything to whom it belongs", () => {
    const identity = [allows, policyOf(unreadable, "identity")];
    expect(verdict({ identity, resource: to("*") })).toBe("explicit by identity");
    const session = [allows, policyOf(unreadable, "identity")];
    expect(verdict({ session, resource: to("*") }, { principal: worker })).toBe("explicit by session");
  });
});

it("a policy that names no principals allows nobody as a resource's", () => {
  expect(verdict({ resource: allows }, { principal: bob })).toBe("implicit by resource");
  expect(verdict({ resource: denies })).toBe("explicit by resource");
});
