import { beforeEach, describe, expect, it } from "vitest";
import { anonymous, type Caller } from "../../../src/auth/caller.ts";
import { sqsError } from "../../../src/queue/errors.ts";
import { stsInputError } from "../../../src/services/sts/actions.ts";
import { policyTo } from "../../support/callers.ts";
import { StsDesk, trusting, uniqueId } from "./sts-desk.ts";

const account = "123456789012";

let desk: StsDesk;
let alice: Caller;
let root: Caller;

beforeEach(async () => {
  desk = new StsDesk();
  alice = await desk.addUser(account, "alice", policyTo("Deny", "*"));
  root = await desk.addRoot(account);
});

const sessionOf = async (caller: Caller, input: object = {}) =>
  (await desk.session(await desk.perform(caller, "GetSessionToken", input))).caller;
const inRole = async () => {
  const bob = await desk.addUser(account, "bob");
  return desk.assumed(bob, await desk.addRole(account, "Worker", trusting({ AWS: "*" })));
};

describe("GetCallerIdentity", () => {
  it("tells a user and a root who they are, though a policy denies everything", async () => {
    expect(await desk.perform(alice, "GetCallerIdentity")).toEqual({
      Arn: `arn:aws:iam::${account}:user/alice`,
      UserId: uniqueId("AIDA", "alice"),
      Account: account,
    });
    expect(await desk.perform(root, "GetCallerIdentity")).toEqual({
      Arn: `arn:aws:iam::${account}:root`,
      UserId: account,
      Account: account,
    });
  });

  it("tells sessions who they are: a user's is the user, a role's is its session", async () => {
    expect(await desk.perform(await sessionOf(alice), "GetCallerIdentity")).toEqual(
      await desk.perform(alice, "GetCallerIdentity"),
    );
    expect(await desk.perform(await inRole(), "GetCallerIdentity")).toEqual({
      Arn: `arn:aws:sts::${account}:assumed-role/Worker/one`,
      UserId: `${uniqueId("AROA", "Worker")}:one`,
      Account: account,
    });
  });

  it("is for those who sign", async () => {
    expect(await desk.perform(anonymous, "GetCallerIdentity")).toBe(
      "MissingAuthenticationToken: Request is missing Authentication Token",
    );
  });
});

describe("GetSessionToken", () => {
  it("makes the user's own session, though a policy denies everything", async () => {
    expect(await sessionOf(alice)).toEqual({
      ...alice,
      accessKeyId: expect.stringMatching(/^ASIA/),
      tokenIssuedAtMs: Math.floor(desk.nowMs / 1000) * 1000,
      session: { issuingKeyId: alice.accessKeyId },
    });
  });

  it("makes the root's own session", async () => {
    expect(await sessionOf(root)).toMatchObject({
      kind: "root",
      account,
      session: { issuingKeyId: root.accessKeyId },
    });
  });

  it("lasts for twelve hours unless told, from a quarter of one to a day and a half; a root's for one at most", async () => {
    const seconds = async (caller: Caller, input: object = {}) => {
      const answer = await desk.perform(caller, "GetSessionToken", input);
      if (typeof answer === "string") return answer;
      const { Expiration } = (answer as { Credentials: { Expiration: number } }).Credentials;
      return (Expiration - Math.floor(desk.nowMs / 1000) * 1000) / 1000;
    };
    const out = (value: number, bound: string) =>
      `ValidationError: 1 validation error detected: Value '${value}' at 'durationSeconds' failed to satisfy constraint: Member must have value ${bound}`;
    expect(await seconds(alice)).toBe(43_200);
    expect(await seconds(alice, { DurationSeconds: 900 })).toBe(900);
    expect(await seconds(alice, { DurationSeconds: 899 })).toBe(out(899, "greater than or equal to 900"));
    expect(await seconds(alice, { DurationSeconds: 129_600 })).toBe(129_600);
    expect(await seconds(alice, { DurationSeconds: 129_601 })).toBe(
      out(129_601, "less than or equal to 129600"),
    );
    expect(await seconds(root)).toBe(3600);
    expect(await seconds(root, { DurationSeconds: 900 })).toBe(900);
    expect(await seconds(root, { DurationSeconds: 43_200 })).toBe(3600);
  });

  it("is not for sessions", async () => {
    for (const caller of [await sessionOf(alice), await sessionOf(root), await inRole()]) {
      expect(await desk.perform(caller, "GetSessionToken")).toBe(
        "AccessDenied: Cannot call GetSessionToken with session credentials",
      );
    }
  });

  it.each([{ SerialNumber: "GAHT12345678" }, { TokenCode: "123456" }])(
    "knows no second factor: %j",
    async (factor) => {
      expect(await desk.perform(alice, "GetSessionToken", factor)).toMatch(
        /^AccessDenied: MultiFactorAuthentication failed/,
      );
    },
  );
});

it("an input that cannot be read is STS's ValidationError", () => {
  const unreadable = sqsError("SerializationException", "STRING_VALUE can not be converted to an Integer");
  expect(stsInputError(unreadable)).toEqual({
    kind: "ServiceError",
    code: "ValidationError",
    status: 400,
    message: "STRING_VALUE can not be converted to an Integer",
  });
});
