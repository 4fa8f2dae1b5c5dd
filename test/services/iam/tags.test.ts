import { beforeEach, describe, expect, it } from "vitest";
import { allowAll, IamDesk, lambdaTrust, type Parameters } from "./iam-desk.ts";

let desk: IamDesk;
beforeEach(async () => {
  desk = new IamDesk();
  await desk.get("CreateUser", { UserName: "alice" });
  await desk.get("CreateRole", { RoleName: "worker", AssumeRolePolicyDocument: lambdaTrust });
  await desk.get("CreatePolicy", { PolicyName: "Send", PolicyDocument: allowAll });
});

const tags = (...pairs: readonly (readonly [string, string])[]): Parameters =>
  Object.fromEntries(
    pairs.flatMap(([key, value], i) => [
      [`Tags.member.${i + 1}.Key`, key],
      [`Tags.member.${i + 1}.Value`, value],
    ]),
  );

const numbered = (count: number, from = 0) =>
  Array.from({ length: count }, (_, i) => [`k${from + i}`, "v"] as const);

describe.each([
  ["User", { UserName: "alice" }],
  ["Role", { RoleName: "worker" }],
  ["Policy", { PolicyArn: "arn:aws:iam::000000000000:policy/Send" }],
] as const)("tags of a %s", (noun, named: Parameters) => {
  const tag = (...pairs: readonly (readonly [string, string])[]) =>
    desk.perform(`Tag${noun}`, { ...named, ...tags(...pairs) });
  const shown = async () => {
    const { Tags } = await desk.get(`List${noun}Tags`, named);
    return (Tags as { Key: string; Value: string }[]).map(({ Key, Value }) => [Key, Value]);
  };

  it("are added and overwritten, and told apart without regard to case", async () => {
    await tag(["Team", "blue"], ["stage", "test"]);
    await tag(["TEAM", "red"]);
    expect(await shown()).toEqual([
      ["TEAM", "red"],
      ["stage", "test"],
    ]);
    const shownOnGet = await desk.get(`Get${noun}`, named);
    expect(shownOnGet[noun]).toMatchObject({
      Tags: expect.arrayContaining([{ Key: "TEAM", Value: "red" }]),
    });
  });

  it("are taken away by key, in any case, if they are there", async () => {
    await tag(["Team", "blue"], ["stage", ""]);
    await desk.get(`Untag${noun}`, { ...named, "TagKeys.member.1": "team", "TagKeys.member.2": "other" });
    expect(await shown()).toEqual([["stage", ""]]);
  });

  it("number fifty at most, those that are there included", async () => {
    expect(await tag(...numbered(50))).toMatchObject({ ok: true });
    expect(await desk.refusal(`Tag${noun}`, { ...named, ...tags(["more", "v"]) })).toBe(
      "LimitExceeded 409: The number of tags has reached the maximum limit.",
    );
    expect(await desk.refusal(`Tag${noun}`, { ...named, ...tags(...numbered(51)) })).toMatch(
      /^ValidationError 400: .* at 'tags' .*less than or equal to 50$/,
    );
    expect(await tag(["k1", "other"])).toMatchObject({ ok: true });
    expect(await shown()).toHaveLength(50);
  });

  it("are all there when they come at once", async () => {
    await Promise.all(Array.from({ length: 8 }, (_, i) => tag([`k${i}`, "v"])));
    expect(await shown()).toHaveLength(8);
  });

  it.each<[string, Parameters]>([
    [
      "ValidationError 400: 1 validation error detected: Value null at 'tags' failed to satisfy constraint: Member must not be null",
      {},
    ],
    [
      `ValidationError 400: 1 validation error detected: Value '${"k".repeat(129)}' at 'tags.1.member.key' failed to satisfy constraint: Member must have length less than or equal to 128`,
      tags(["k".repeat(129), "v"]),
    ],
    [
      `ValidationError 400: 1 validation error detected: Value '${"v".repeat(257)}' at 'tags.2.member.value' failed to satisfy constraint: Member must have length less than or equal to 256`,
      tags(["a", "v"], ["k", "v".repeat(257)]),
    ],
    [
      "ValidationError 400: 1 validation error detected: Value 'a*' at 'tags.1.member.key' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+",
      tags(["a*", "v"]),
    ],
    [
      "InvalidInput 400: Duplicate tag keys found. Please note that Tag keys are case insensitive.",
      tags(["a", "1"], ["A", "2"]),
    ],
    ["InvalidInput 400: aws: prefixed tag keys are not allowed for external use.", tags(["Aws:x", "1"])],
  ])("say %s", async (refusal, parameters) => {
    expect(await desk.refusal(`Tag${noun}`, { ...named, ...parameters })).toBe(refusal);
    expect(await shown()).toEqual([]);
  });

  it("take the longest keys and values", async () => {
    await tag(["ä".repeat(128), "v".repeat(256)]);
    expect(await shown()).toEqual([["ä".repeat(128), "v".repeat(256)]]);
  });

  it("need a key to be taken away", async () => {
    expect(await desk.refusal(`Untag${noun}`, named)).toMatch(/Value null at 'tagKeys'/);
  });

  it("come in pages, by key", async () => {
    await tag(...numbered(5));
    const first = await desk.get(`List${noun}Tags`, { ...named, MaxItems: 3 });
    expect(first).toMatchObject({ Tags: [{ Key: "k0" }, { Key: "k1" }, { Key: "k2" }], IsTruncated: true });
    const { Marker } = first as { Marker: string };
    expect(await desk.get(`List${noun}Tags`, { ...named, MaxItems: 3, Marker })).toMatchObject({
      Tags: [{ Key: "k3" }, { Key: "k4" }],
      IsTruncated: false,
    });
  });
});

it("tags cannot take an object's own properties for themselves", async () => {
  await desk.get("TagUser", { UserName: "alice", ...tags(["__proto__", "x"], ["constructor", "y"]) });
  expect(await desk.get("ListUserTags", { UserName: "alice" })).toMatchObject({
    Tags: [
      { Key: "__proto__", Value: "x" },
      { Key: "constructor", Value: "y" },
    ],
  });
});
