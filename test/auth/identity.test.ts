import { expect, it } from "vitest";
import { isAccount, isUserName, newAccessKey, newUserId, rootArn, userArn } from "../../src/auth/identity.ts";

it("names callers as IAM does", () => {
  expect(rootArn("123456789012")).toBe("arn:aws:iam::123456789012:root");
  expect(userArn("123456789012", "alice")).toBe("arn:aws:iam::123456789012:user/alice");
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
