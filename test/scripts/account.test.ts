import { beforeEach, describe, expect, it, vi } from "vitest";
import { accessKey } from "../../scripts/access-key.ts";
import { account } from "../../scripts/account.ts";
import { operatorDesk } from "./operator-desk.ts";

const id = "123456789012";
let run: (...args: string[]) => Promise<{ code: number; stdout: string; stderr: string }>;
let keysOf: (accountId: string) => Promise<string>;
beforeEach(() => {
  const desk = operatorDesk();
  run = (...args) => desk.run(account, ...args);
  keysOf = async (accountId) => (await desk.run(accessKey, "list", "--account", accountId)).stdout;
});

describe("npm run account", () => {
  it("creates accounts, each with a key of its root, and lists them", async () => {
    const shop = await run("create", "--name", "the shop's; -- 안녕");
    const made =
      /^Access key of the root of account (\d{12}) \(the shop's; -- 안녕\)\. The secret is not shown again\.\n$/.exec(
        shop.stderr,
      )?.[1];
    expect(made).toMatch(/^[1-9]/);
    const chosen = await run("create", "--id", id);
    expect(chosen.stderr).toBe(`Access key of the root of account ${id}. The secret is not shown again.\n`);
    for (const [answer, owner] of [
      [shop, made],
      [chosen, id],
    ] as const) {
      const [, accessKeyId] = /^AWS_ACCESS_KEY_ID=(AKIA[A-Z2-7]{16})\nAWS_SECRET_ACCESS_KEY=\S{40}\n$/.exec(
        answer.stdout,
      ) ?? [answer.stdout];
      expect(await keysOf(owner ?? "")).toMatch(new RegExp(`^${accessKeyId}\tActive\t<root>\t[^\n]*\n$`));
    }

    const time = "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ";
    const lines = [`${id}\t${time}\t\n`, `${made}\t${time}\tthe shop's; -- 안녕\n`].sort();
    expect((await run("list")).stdout).toMatch(new RegExp(`^${lines.join("")}$`));
  });

  it("creates no account twice, and gives no key when it refuses", async () => {
    expect((await run("create", "--id", id)).code).toBe(0);
    expect(await run("create", "--id", id)).toEqual({
      code: 1,
      stdout: "",
      stderr: `There is an account ${id} already.\n`,
    });
    expect((await keysOf(id)).trim().split("\n")).toHaveLength(1);
  });

  it("takes a name of 50 characters", async () => {
    expect((await run("create", "--name", "안".repeat(50))).code).toBe(0);
  });

  it.each([
    [[], /^npm run account -- create/],
    [["make"], /^npm run account -- create/],
    [["create", "--id", "12345678901"], '--id must be 12 digits, not "12345678901".\n'],
    [["create", "--name", "a".repeat(51)], "--name must be at most 50 printable characters.\n"],
    [["create", "--name", "two\nlines"], "--name must be at most 50 printable characters.\n"],
  ])("refuses %j, and creates nothing", async (args, stderr) => {
    expect(await run(...args)).toMatchObject({ code: 1, stdout: "", stderr });
    expect((await run("list")).stdout).toBe("");
  });

  it("makes no key for a deployment without knowing its root key", async () => {
    vi.stubEnv("ROOT_KEY", undefined);
    try {
      expect(await run("create", "--remote")).toMatchObject({
        code: 1,
        stdout: "",
        stderr: /^Set ROOT_KEY to/,
      });
    } finally {
      vi.unstubAllEnvs();
    }
    expect((await run("list")).stdout).toBe("");
  });
});
