import { expect, expectTypeOf, test } from "vitest";
import {
  blob,
  boolean,
  type Infer,
  integer,
  list,
  map,
  optional,
  required,
  string,
  structure,
} from "../../src/shapes/shape.ts";

test("a structure lists its members in the order of their declaration", () => {
  const shape = structure({ Zebra: required(string), Ant: optional(integer), Mole: optional(boolean) });
  expect(shape.fields.map(([name]) => name)).toEqual(["Zebra", "Ant", "Mole"]);
  expect(shape.fields[1]?.[1]).toBe(shape.members.Ant);
});

test("an empty list is left out unless its shape says otherwise", () => {
  expect(list(string, { queryName: "QueueUrl" }).keepEmpty).toBe(false);
  expect(list(string, { queryName: "QueueUrl", keepEmpty: true }).keepEmpty).toBe(true);
});

test("a map names a missing one itself only if it has a name for it", () => {
  const names = { queryName: "Tag", queryKey: "Key", queryValue: "Value" };
  expect(map(string, names).missingName).toBeUndefined();
  expect(map(string, { ...names, missingName: "Tags" }).missingName).toBe("Tags");
});

test("other spellings are kept in the order they were given", () => {
  expect(required(string, "a", "b").aliases).toEqual(["a", "b"]);
  expect(optional(string).aliases).toEqual([]);
});

test("the type of a value follows from its shape", () => {
  const shape = structure({
    Name: required(string),
    Count: optional(integer),
    Parts: required(list(blob, { queryName: "Part" })),
    Flags: optional(map(boolean, { queryName: "Flag", queryKey: "Key", queryValue: "Value" })),
  });
  expectTypeOf<Infer<typeof shape>["Name"]>().toEqualTypeOf<string>();
  expectTypeOf<Infer<typeof shape>["Count"]>().toEqualTypeOf<number | undefined>();
  expectTypeOf<Infer<typeof shape>["Parts"]>().toEqualTypeOf<readonly Uint8Array[]>();
  expectTypeOf<Infer<typeof shape>["Flags"]>().toEqualTypeOf<ReadonlyMap<string, boolean> | undefined>();
  const value: Infer<typeof shape> = { Name: "n", Parts: [] };
  expect(value.Count).toBeUndefined();
});
