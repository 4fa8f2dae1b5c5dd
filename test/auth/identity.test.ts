import { expect, it } from "vitest";
import {
  isAccount,
  isSessionKey,
  isUserName,
  newAccessKey,
  newSessionKey,
  newUserId,
  parseIamArn,
  roleArn,
  rootArn,
  sessionArn,
  userArn,
} from "../../src/auth/identity.ts";

it("names callers as IAM does", () => {
  expect(rootArn("123456789012")).toBe("arn:aws:iam::123456789012:root");
  expect(userArn("123456789012", "alice")).toBe("arn:aws:iam::123456789012:user/alice");
  expect(userArn("123456789012", "alice", "/a/b/")).toBe("arn:aws:iam::123456789012:user/a/b/alice");
  expect(roleArn("123456789012", "worker", "/jobs/")).toBe("arn:aws:iam::123456789012:role/jobs/worker");
  expect(sessionArn("123456789012", "worker", "one")).toBe(
    "arn:aws:sts::123456789012:assumed-role/worker/one",
  );
});

it("reads account and name off the ARN of a role or policy, and of nothing else", () => {
  const role = "arn:aws:iam::123456789012:role";
  expect(parseIamArn(`${role}/worker`, "role")).toEqual({ account: "123456789012", name: "worker" });
  expect(parseIamArn(`${role}/a/b/worker`, "role")).toEqual({ account: "123456789012", name: "worker" });
  expect(parseIamArn("arn:aws:iam::aws:policy/a/Full", "policy")).toEqual({ account: "aws", name: "Full" });
  expect(parseIamArn(`${role}/worker`, "policy")).toBeUndefined();
  const none = [
    "",
    role,
    `${role}/`,
    `${role}/a/`,
    `${role}/a b`,
    `${role}/a\n`,
    `x${role}/a`,
    `${role}worker`,
  ];
  for (const arn of [...none, role.replace("1", ""), `${role}/a b/c`]) {
    expect(parseIamArn(arn, "role"), arn).toBeUndefined();
  }
});

it("tells keys of temporary credentials from long-lived ones", () => {
  const { accessKeyId, secretAccessKey } = newSessionKey();
  expect(accessKeyId).toMatch(/^ASIA[A-Z2-7]{16}$/);
  expect(secretAccessKey).toMatch(/^[A-Za-z0-9+/]{40}$/);
  expect(isSessionKey(accessKeyId)).toBe(true);
  for (const other of [
    newAccessKey().accessKeyId,
    "ASIA",
    `${accessKeyId}A`,
    accessKeyId.toLowerCase(),
    "test",
  ]) {
    expect(isSessionKey(other)).toBe(false);
  }
});

it("makes keys and ids of AWS's form, each another", () => {
  const keys = Array.from({ length: 100 }, newAccessKey);
  for (const key of keys) {
    expect(key.accessKeyId).toMatch(/^AKIA[A-Z2-7]{16}$/);
    expect(key.secretAccessKey).toMatch(/^[A-Za-z0-9+/]{40}$/);
    expect(newUserId()).toMatch(/^AIDA[A-Z2-7]{17}$/);
  }
  expect(new Set(keys.map((key) => key.accessKeyId)).size).toBe(100);
  expect(new Set(keys.map((key) => key.secretAccessKey)).size).toBe(100);
});

it("knows names that a user can have", () => {
  for (const name of ["a", "a".repeat(64), "alice.b_c-d+e=f,g@h", "0"]) expect(isUserName(name)).toBe(true);
  for (const name of ["", "a".repeat(65), "a b", "a/b", "a'b", 'a"b', "ä", "a\n"])
    expect(isUserName(name)).toBe(false);
});

it("knows accounts", () => {
  expect(isAccount("000000000000")).toBe(true);
  for (const account of ["", "00000000000", "0000000000000", "00000000000a", "000000000000\n"]) {
    expect(isAccount(account)).toBe(false);
  }
});
