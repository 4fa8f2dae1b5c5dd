import { expect, test } from "vitest";
import { createBlinding } from "../../src/encryption/blinding.ts";

const secret = new Uint8Array(32).fill(1);
const ACCOUNT = "000000000000";
const of = (account: string, bytes = secret) => createBlinding(() => bytes).of(account);

test("a blinded id is 22 characters that tell nothing of it", async () => {
  const blind = await of(ACCOUNT);
  for (const id of ["g", "x".repeat(128), "customer-4711"]) {
    expect(blind("group", id)).toMatch(/^[\w-]{22}$/);
    expect(blind("group", id)).not.toContain(id.slice(0, 8));
  }
});

test("the same id looks the same in every isolate, and as it did before", async () => {
  const blind = await of(ACCOUNT);
  expect(blind("group", "g")).toBe((await of(ACCOUNT))("group", "g"));
  expect(blind("group", "g")).toBe("wJVJHHM2cypU2beMWDytBQ");
});

test("ids that differ look different, and so do ids of another kind, account or deployment", async () => {
  const blind = await of(ACCOUNT);
  const other = await of("111111111111");
  const elsewhere = await of(ACCOUNT, new Uint8Array(32).fill(2));
  const all = [
    ...[blind("group", "g"), blind("group", "h"), blind("deduplication", "g"), blind("attempt", "g")],
    ...[other("group", "g"), elsewhere("group", "g")],
  ];
  expect(new Set(all).size).toBe(all.length);
});

test("the secret is asked for once an account", async () => {
  let asked = 0;
  const blinding = createBlinding(() => {
    asked++;
    return secret;
  });
  for (const account of [ACCOUNT, ACCOUNT, "111111111111", ACCOUNT]) await blinding.of(account);
  expect(asked).toBe(2);
});

test("without the secret there is no id, and the next request asks again", async () => {
  let away = true;
  const blinding = createBlinding(() => {
    if (away) throw new Error("D1 is away");
    return secret;
  });
  await expect(blinding.of(ACCOUNT)).rejects.toThrow("D1 is away");
  away = false;
  expect((await blinding.of(ACCOUNT))("group", "g")).toBe((await of(ACCOUNT))("group", "g"));
});
