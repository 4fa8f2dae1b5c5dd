import { beforeEach, describe, expect, it } from "vitest";
import { toBase64Url, utf8 } from "../../../src/lib/bytes.ts";
import { allowAll, IamDesk, lambdaTrust, ours, type Parameters, theirs } from "./iam-desk.ts";

let desk: IamDesk;
beforeEach(() => {
  desk = new IamDesk();
});

interface Page {
  readonly items: readonly unknown[];
  readonly IsTruncated: boolean;
  readonly Marker: string | undefined;
}

/** What of an answer is the list. */
async function page(action: string, list: string, parameters: Parameters): Promise<Page> {
  const answer = (await desk.get(action, parameters)) as Page & Record<string, unknown[]>;
  return { items: answer[list] ?? [], IsTruncated: answer.IsTruncated, Marker: answer.Marker };
}

const nameOf = (item: unknown): string => {
  if (typeof item === "string") return item;
  const { UserName, RoleName, PolicyName } = item as Record<string, string>;
  return PolicyName ?? RoleName ?? UserName ?? "";
};

/** A list of seven, and how to fill it. */
const lists: [string, string, Parameters, () => Promise<unknown>][] = [
  ["ListUsers", "Users", {}, () => each((n) => desk.get("CreateUser", { UserName: `n${n}` }))],
  [
    "ListRoles",
    "Roles",
    {},
    () => each((n) => desk.get("CreateRole", { RoleName: `n${n}`, AssumeRolePolicyDocument: lambdaTrust })),
  ],
  [
    "ListPolicies",
    "Policies",
    { Scope: "Local" },
    () => each((n) => desk.get("CreatePolicy", { PolicyName: `n${n}`, PolicyDocument: allowAll })),
  ],
  [
    "ListUserPolicies",
    "PolicyNames",
    { UserName: "alice" },
    async () => {
      await desk.get("CreateUser", { UserName: "alice" });
      await each((n) => putPolicy("alice", `n${n}`));
    },
  ],
  [
    "ListAttachedUserPolicies",
    "AttachedPolicies",
    { UserName: "alice" },
    async () => {
      await desk.get("CreateUser", { UserName: "alice" });
      await each(async (n) => {
        await desk.get("CreatePolicy", { PolicyName: `n${n}`, PolicyDocument: allowAll });
        await desk.get("AttachUserPolicy", {
          UserName: "alice",
          PolicyArn: `arn:aws:iam::000000000000:policy/n${n}`,
        });
      });
    },
  ],
  [
    "ListEntitiesForPolicy",
    "PolicyUsers",
    { PolicyArn: "arn:aws:iam::aws:policy/AmazonSQSFullAccess" },
    () =>
      each(async (n) => {
        await desk.get("CreateUser", { UserName: `n${n}` });
        await desk.get("AttachUserPolicy", {
          UserName: `n${n}`,
          PolicyArn: "arn:aws:iam::aws:policy/AmazonSQSFullAccess",
        });
      }),
  ],
];

const putPolicy = (UserName: string, PolicyName: string) =>
  desk.get("PutUserPolicy", { UserName, PolicyName, PolicyDocument: allowAll });

/** Not in the order of names, so that the order is the list's own doing. */
async function each(fill: (n: number) => Promise<unknown>): Promise<void> {
  for (const n of [4, 1, 7, 2, 6, 3, 5]) await fill(n);
}

const all = [1, 2, 3, 4, 5, 6, 7].map((n) => `n${n}`);

describe.each(lists)("%s", (action, list, parameters, fill) => {
  beforeEach(fill);

  it.each([1, 2, 3, 6, 7, 8, 1000])("in pages of %i loses and repeats nothing", async (MaxItems) => {
    const seen: string[] = [];
    let marker: Parameters = {};
    for (;;) {
      const { items, IsTruncated, Marker } = await page(action, list, { ...parameters, MaxItems, ...marker });
      seen.push(...items.map(nameOf));
      expect(IsTruncated).toBe(Marker !== undefined);
      if (Marker === undefined) break;
      expect(items).toHaveLength(MaxItems);
      marker = { Marker };
    }
    expect(seen).toEqual(all);
  });

  it("goes on after what has been deleted meanwhile", async () => {
    const { Marker = "" } = await page(action, list, { ...parameters, MaxItems: 3 });
    for (const [table, column] of [
      ["users", "user_name"],
      ["roles", "role_name"],
      ["policies", "policy_name"],
      ["inline_policies", "policy_name"],
      ["attached_policies", "policy_arn"],
    ]) {
      await desk.sql(`DELETE FROM ${table} WHERE ${column} LIKE '%n3'`);
    }
    const { items } = await page(action, list, { ...parameters, Marker });
    expect(items.map(nameOf)).toEqual(["n4", "n5", "n6", "n7"]);
  });

  it.each([
    [0, "greater than or equal to 1"],
    [-1, "greater than or equal to 1"],
    [1001, "less than or equal to 1000"],
  ])("refuses pages of %i", async (MaxItems, bound) => {
    expect(await desk.refusal(action, { ...parameters, MaxItems })).toBe(
      `ValidationError 400: 1 validation error detected: Value '${MaxItems}' at 'maxItems' failed to satisfy constraint: Member must have value ${bound}`,
    );
  });

  it("takes no marker but its own", async () => {
    const { Marker = "" } = await page(action, list, { ...parameters, MaxItems: 3 });
    expect(await page(action, list, { ...parameters, Marker })).toMatchObject({ IsTruncated: false });
    const forged = [
      "",
      "n3",
      `${Marker}=`,
      toBase64Url(utf8(`1\n000000000000\n${action}\n`)),
      toBase64Url(utf8(`1\n000000000000\nListGroups\n/\nn3`)),
      toBase64Url(utf8(`1\n${theirs}\n${action}\n/\nn3`)),
    ];
    for (const wrong of forged) {
      expect(await desk.refusal(action, { ...parameters, Marker: wrong })).toBe(
        "ValidationError 400: Invalid Marker.",
      );
    }
  });
});

describe("a marker", () => {
  it("of one account opens no page of another", async () => {
    for (const name of ["a", "b", "c"]) await desk.get("CreateUser", { UserName: name });
    const { Marker = "" } = await page("ListUsers", "Users", { MaxItems: 1 });
    desk.asRoot(theirs);
    for (const name of ["x", "y", "z"]) await desk.get("CreateUser", { UserName: name });
    expect(await desk.refusal("ListUsers", { Marker })).toBe("ValidationError 400: Invalid Marker.");
    // Made by hand for the own account, it is a place in the own account.
    const made = toBase64Url(utf8(`1\n${theirs}\nListUsers\n/\na`));
    const { items } = await page("ListUsers", "Users", { Marker: made });
    expect(items.map(nameOf)).toEqual(["x", "y", "z"]);
  });

  it("goes on after a name of 2048 characters and of no more: the database would fail for a text of 2 MB", async () => {
    const markerOf = (length: number) => toBase64Url(utf8(`1\n${ours}\nListUsers\n/\n${"a".repeat(length)}`));
    expect(await page("ListUsers", "Users", { Marker: markerOf(2048) })).toMatchObject({ items: [] });
    expect(await desk.refusal("ListUsers", { Marker: markerOf(2049) })).toBe(
      "ValidationError 400: Invalid Marker.",
    );
  });

  it("of one user's policies opens no page of another user's", async () => {
    for (const user of ["alice", "bob"]) {
      await desk.get("CreateUser", { UserName: user });
      for (const policy of ["p", "q"]) await putPolicy(user, policy);
    }
    const { Marker = "" } = await page("ListUserPolicies", "PolicyNames", { UserName: "alice", MaxItems: 1 });
    expect(await desk.refusal("ListUserPolicies", { UserName: "bob", Marker })).toBe(
      "ValidationError 400: Invalid Marker.",
    );
  });
});

describe("lists by path", () => {
  beforeEach(async () => {
    for (const [name, path] of [
      ["a", "/"],
      ["b", "/shop/"],
      ["c", "/shop/till/"],
      ["d", "/shopping/"],
      ["e", "/%_/"],
    ] as const) {
      await desk.get("CreateUser", { UserName: name, Path: path });
    }
  });

  it.each([
    ["/", ["a", "b", "c", "d", "e"]],
    ["/shop/", ["b", "c"]],
    ["/shop", ["b", "c", "d"]],
    ["/shop/till/", ["c"]],
    ["/SHOP/", []],
    ["/%", ["e"]],
    ["/_", []],
  ])("take %s as it is written", async (PathPrefix, names) => {
    const { items } = await page("ListUsers", "Users", { PathPrefix });
    expect(items.map(nameOf)).toEqual(names);
  });

  it("refuse a path that begins elsewhere", async () => {
    expect(await desk.refusal("ListUsers", { PathPrefix: "shop" })).toMatch(
      /^ValidationError 400: The specified value for pathPrefix is invalid/,
    );
  });
});

it("a list is of 100 unless the client says otherwise", async () => {
  await desk.sql(
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 101)
     INSERT INTO users SELECT '000000000000', 'u' || i, 'AIDA' || i, '/', 0, '{}' FROM n`,
  );
  const { items, IsTruncated } = await page("ListUsers", "Users", {});
  expect(items).toHaveLength(100);
  expect(IsTruncated).toBe(true);
});
