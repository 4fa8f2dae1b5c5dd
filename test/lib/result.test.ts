import { expect, test } from "vitest";
import { assert, err, ok, type Result } from "../../src/lib/result.ts";

test("a result is told apart by `ok`, whatever it holds", () => {
  const results: Result<unknown, unknown>[] = [ok(undefined), err(undefined)];
  expect(results.map((result) => (result.ok ? "value" : "error"))).toEqual(["value", "error"]);
  expect(ok(1)).toEqual({ ok: true, value: 1 });
  expect(err("why")).toEqual({ ok: false, error: "why" });
});

test("what we believe passes in silence, and a belief that fails names itself", () => {
  for (const truth of [true, 1, "x", {}]) expect(() => assert(truth, "it holds")).not.toThrow();
  for (const falsehood of [false, 0, "", null, undefined]) {
    expect(() => assert(falsehood, "it holds")).toThrow("assertion failed: it holds");
  }
});
