import { beforeEach, describe, expect, it } from "vitest";
import { managedPolicies } from "../../../src/auth/managed-policies.ts";
import { allowAll, IamDesk, lambdaTrust, policyOfSize, theirs } from "./iam-desk.ts";

let desk: IamDesk;

/** Users and roles have policies by the same rules. */
const owners = [
  {
    noun: "User",
    kind: "user",
    name: "alice",
    owner: { UserName: "alice" },
    wrong: { UserName: "nobody" },
    characters: 2048,
  },
  {
    noun: "Role",
    kind: "role",
    name: "worker",
    owner: { RoleName: "worker" },
    wrong: { RoleName: "nobody" },
    characters: 10_240,
  },
] as const;

beforeEach(async () => {
  desk = new IamDesk();
  await desk.get("CreateUser", { UserName: "alice" });
  await desk.get("CreateRole", { RoleName: "worker", AssumeRolePolicyDocument: lambdaTrust });
});

describe.each(owners)("inline policies of a $kind", ({ noun, kind, name, owner, wrong, characters }) => {
  const put = (PolicyName: string, PolicyDocument: string) =>
    desk.perform(`Put${noun}Policy`, { ...owner, PolicyName, PolicyDocument });
  const names = async () => (await desk.get(`List${noun}Policies`, owner))["PolicyNames"];

  it("are read as they were put, and replaced", async () => {
    await put("p", "{}");
    expect(await names()).toEqual([]);
    await put("p", allowAll);
    const spread = JSON.stringify(JSON.parse(allowAll), undefined, 1);
    await put("P", spread);
    expect(await desk.get(`Get${noun}Policy`, { ...owner, PolicyName: "p" })).toEqual({
      ...owner,
      PolicyName: "p",
      PolicyDocument: encodeURIComponent(spread).replaceAll("*", "%2A"),
    });
    expect(await names()).toEqual(["p"]);
  });

  it("are kept without their blanks when those are most of them", async () => {
    const shown = async (length: number) => {
      await put("p", allowAll.padEnd(length, " "));
      const { PolicyDocument } = await desk.get(`Get${noun}Policy`, { ...owner, PolicyName: "p" });
      return decodeURIComponent(PolicyDocument as string).length;
    };
    const size = allowAll.length;
    expect(await shown(4 * size)).toBe(4 * size);
    expect(await shown(4 * size + 1)).toBe(size);
  });

  it("are refused when they are no policies of an identity", async () => {
    const asked = { ...owner, PolicyName: "p", PolicyDocument: lambdaTrust };
    expect(await desk.refusal(`Put${noun}Policy`, asked)).toMatch(/^MalformedPolicyDocument 400: /);
  });

  it(`take ${characters} characters together, blanks not counted, and no more`, async () => {
    const rest = characters - 200;
    expect(await put("first", policyOfSize(200))).toMatchObject({ ok: true });
    const asked = { ...owner, PolicyName: "second", PolicyDocument: policyOfSize(rest + 1) };
    expect(await desk.refusal(`Put${noun}Policy`, asked)).toBe(
      `LimitExceeded 409: Maximum policy size of ${characters} bytes exceeded for ${kind} ${name}`,
    );
    const spread = JSON.stringify(JSON.parse(policyOfSize(rest)), undefined, "\t");
    expect(await put("second", spread)).toMatchObject({ ok: true });
    // In the place of itself it counts once.
    expect(await put("SECOND", policyOfSize(rest))).toMatchObject({ ok: true });
    expect(await put("first", policyOfSize(201))).toMatchObject({ ok: false });
    expect(await put("first", policyOfSize(199))).toMatchObject({ ok: true });
  });

  it("of two that only fit alone one is stored when both come at once", async () => {
    const half = policyOfSize(characters / 2 + 1);
    const results = await Promise.all([put("a", half), put("b", half)]);
    expect(results.filter(({ ok }) => ok)).toHaveLength(1);
    expect(await names()).toHaveLength(1);
  });

  it("are deleted once", async () => {
    await put("p", allowAll);
    await desk.get(`Delete${noun}Policy`, { ...owner, PolicyName: "P" });
    const missing = `NoSuchEntity 404: The ${kind} policy with name p cannot be found.`;
    expect(await desk.refusal(`Delete${noun}Policy`, { ...owner, PolicyName: "p" })).toBe(missing);
    expect(await desk.refusal(`Get${noun}Policy`, { ...owner, PolicyName: "p" })).toBe(missing);
  });

  it("need their owner, and one of the caller's account", async () => {
    await put("p", allowAll);
    const policy = { PolicyName: "p", PolicyDocument: allowAll };
    const missing = (who: string) => `NoSuchEntity 404: The ${kind} with name ${who} cannot be found.`;
    for (const verb of [
      `Put${noun}Policy`,
      `Get${noun}Policy`,
      `Delete${noun}Policy`,
      `List${noun}Policies`,
    ]) {
      expect(await desk.asRoot().refusal(verb, { ...wrong, ...policy })).toBe(missing("nobody"));
      expect(await desk.asRoot(theirs).refusal(verb, { ...owner, ...policy })).toBe(missing(name));
    }
    desk.asRoot();
    expect(await names()).toEqual(["p"]);
  });

  it("stay with the one who was meant, when another takes the name in between", async () => {
    const found = await ownerNow();
    await desk.sql(
      kind === "user" ? "UPDATE users SET user_id = 'AIDAX'" : "UPDATE roles SET role_id = 'AROAX'",
    );
    const stale = { kind, account: "000000000000", name, id: found?.id ?? "" } as const;
    const policy = { name: "p", document: allowAll, size: 10 };
    expect(await desk.identities.putInlinePolicy(stale, policy)).toBe("gone");
    const attached = { arn: "arn:aws:iam::aws:policy/AdministratorAccess", stored: undefined };
    expect(await desk.identities.attachPolicy(stale, { ...attached, attachedAtSeconds: 0 })).toBe(
      "ownerGone",
    );
    expect(await names()).toEqual([]);
  });

  const ownerNow = () =>
    kind === "user"
      ? desk.identities.findUser("000000000000", name)
      : desk.identities.findRole("000000000000", name);
});

describe.each(owners)("managed policies of a $kind", ({ noun, kind, name, owner, wrong }) => {
  const attach = (PolicyArn: string) => desk.perform(`Attach${noun}Policy`, { ...owner, PolicyArn });
  const attached = async (more: Record<string, string> = {}) => {
    const { AttachedPolicies } = await desk.get(`ListAttached${noun}Policies`, { ...owner, ...more });
    return (AttachedPolicies as { PolicyName: string }[]).map(({ PolicyName }) => PolicyName);
  };
  const mine = "arn:aws:iam::000000000000:policy/team/Mine";
  const sqsFull = "arn:aws:iam::aws:policy/AmazonSQSFullAccess";
  const ofLambda = "arn:aws:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole";

  beforeEach(() =>
    desk.get("CreatePolicy", { PolicyName: "Mine", Path: "/team/", PolicyDocument: allowAll }),
  );

  it("are attached once, however often it is asked for, and listed with their ARNs", async () => {
    for (const arn of [sqsFull, mine, sqsFull, ofLambda])
      expect(await attach(arn)).toMatchObject({ ok: true });
    expect(await desk.get(`ListAttached${noun}Policies`, owner)).toEqual({
      AttachedPolicies: [
        { PolicyName: "Mine", PolicyArn: mine },
        { PolicyName: "AmazonSQSFullAccess", PolicyArn: sqsFull },
        { PolicyName: "AWSLambdaSQSQueueExecutionRole", PolicyArn: ofLambda },
      ],
      IsTruncated: false,
      Marker: undefined,
    });
    expect(await attached({ PathPrefix: "/service-role/" })).toEqual(["AWSLambdaSQSQueueExecutionRole"]);
    expect(await attached({ PathPrefix: "/team/" })).toEqual(["Mine"]);
  });

  it("are detached once", async () => {
    await attach(sqsFull);
    await desk.get(`Detach${noun}Policy`, { ...owner, PolicyArn: sqsFull });
    expect(await desk.refusal(`Detach${noun}Policy`, { ...owner, PolicyArn: sqsFull })).toBe(
      `NoSuchEntity 404: Policy ${sqsFull} was not found.`,
    );
    expect(await attached()).toEqual([]);
  });

  it("number ten at most", async () => {
    const arns = [mine, ...managedPolicies.map(({ arn }) => arn)];
    expect(arns).toHaveLength(10);
    for (const arn of arns) expect(await attach(arn)).toMatchObject({ ok: true });
    await desk.get("CreatePolicy", { PolicyName: "More", PolicyDocument: allowAll });
    const more = "arn:aws:iam::000000000000:policy/More";
    expect(await desk.refusal(`Attach${noun}Policy`, { ...owner, PolicyArn: more })).toBe(
      `LimitExceeded 409: Cannot exceed quota for PoliciesPer${noun}: 10`,
    );
    // What is there already takes no more room.
    expect(await attach(sqsFull)).toMatchObject({ ok: true });
    await desk.get(`Detach${noun}Policy`, { ...owner, PolicyArn: sqsFull });
    expect(await attach(more)).toMatchObject({ ok: true });
  });

  it("must exist, and so must their owner", async () => {
    for (const arn of ["arn:aws:iam::aws:policy/Nothing", "arn:aws:iam::000000000000:policy/Mine"]) {
      expect(await desk.refusal(`Attach${noun}Policy`, { ...owner, PolicyArn: arn })).toBe(
        `NoSuchEntity 404: Policy ${arn} does not exist or is not attachable.`,
      );
    }
    expect(await desk.refusal(`Attach${noun}Policy`, { ...wrong, PolicyArn: sqsFull })).toBe(
      `NoSuchEntity 404: The ${kind} with name nobody cannot be found.`,
    );
    const notAnArn = "x".repeat(30);
    expect(await desk.refusal(`Attach${noun}Policy`, { ...owner, PolicyArn: notAnArn })).toBe(
      `InvalidInput 400: ARN ${notAnArn} is not valid.`,
    );
  });

  it("are not attached when they have been replaced under their name meanwhile", async () => {
    const policy = await desk.identities.findPolicy("000000000000", "Mine");
    await desk.get("DeletePolicy", { PolicyArn: mine });
    await desk.get("CreatePolicy", { PolicyName: "Mine", Path: "/team/", PolicyDocument: allowAll });
    const found = await ownerNow();
    const stale = { kind, account: "000000000000", name, id: found?.id ?? "" } as const;
    expect(
      await desk.identities.attachPolicy(stale, { arn: mine, stored: policy, attachedAtSeconds: 0 }),
    ).toBe("policyGone");
    expect(await attached()).toEqual([]);
  });

  const ownerNow = () =>
    kind === "user"
      ? desk.identities.findUser("000000000000", name)
      : desk.identities.findRole("000000000000", name);
});
