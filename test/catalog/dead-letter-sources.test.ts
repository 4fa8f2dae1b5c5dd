import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { Catalog } from "../../src/catalog/catalog.ts";
import { selectSourceNames } from "../../src/catalog/queues.ts";
import { SettingsCache } from "../../src/catalog/settings-cache.ts";
import { ok } from "../../src/lib/result.ts";
import { defaultAttributes } from "../../src/queue/attributes.ts";
import type { QueueSettings } from "../../src/queue/settings.ts";

const dead = { account: "000000000000", region: "us-east-1", name: "dead" };
const ARN = "arn:aws:sqs:us-east-1:000000000000:dead";
const catalog = () => new Catalog(env.DB, new SettingsCache());
const list = (page: { limit?: number; afterName?: string } = {}) =>
  catalog().deadLetterSources(dead, { limit: 100, ...page });

function settings(name: string, redrivePolicy?: string): QueueSettings {
  return {
    ...dead,
    name,
    uid: crypto.randomUUID(),
    version: 1,
    createdAtSeconds: 100,
    modifiedAtSeconds: 100,
    handleKey: "AAAAAAAAAAAAAAAAAAAAAA",
    attributes: { ...defaultAttributes, ...(redrivePolicy === undefined ? undefined : { redrivePolicy }) },
  };
}

const create = (name: string, policy?: string) =>
  catalog().createQueue(settings(name, policy), new Map<string, string>());

beforeEach(async () => {
  await env.DB.batch(
    ["queues", "deleted_queues", "deleted_names"].map((table) => env.DB.prepare(`DELETE FROM ${table}`)),
  );
  await create("dead");
});

describe("the sources of a dead-letter queue", () => {
  it.each([
    ["one written tight", `{"deadLetterTargetArn":"${ARN}","maxReceiveCount":3}`],
    ["one with blanks", `\n{ "maxReceiveCount" : "3",\t"deadLetterTargetArn" : "${ARN}" }`],
    [
      "one with escapes",
      `{"deadLetterTarget\\u0041rn":"${ARN.replace("sqs", "\\u0073qs")}","maxReceiveCount":3}`,
    ],
  ])("are found by their policy: %s", async (_, policy) => {
    await create("source", policy);
    expect(await list()).toEqual(["source"]);
  });

  it("change with the attributes", async () => {
    const source = settings("source");
    const here = catalog();
    await here.createQueue(source, new Map());
    const policy = `{"deadLetterTargetArn":"${ARN}","maxReceiveCount":3}`;
    const set = (redrivePolicy: string | undefined) =>
      here.updateAttributes(
        source,
        ({ redrivePolicy: _, ...rest }) =>
          ok({ ...rest, ...(redrivePolicy === undefined ? undefined : { redrivePolicy }) }),
        200,
      );
    await set(policy);
    expect(await list()).toEqual(["source"]);
    await set(undefined);
    expect(await list()).toEqual([]);
  });

  it("never make a queue that cannot be stored, whatever stands in its policy", async () => {
    const deep = `${"[".repeat(3000)}${"]".repeat(3000)}`;
    const policies = [
      `{"maxReceiveCount":${deep},"maxReceiveCount":3,"deadLetterTargetArn":"${ARN}"}`,
      "{",
      "",
    ];
    for (const [i, policy] of policies.entries()) {
      expect(await create(`odd${i}`, policy)).toMatchObject({ kind: "created" });
    }
    expect(await list()).toEqual([]);
  });

  it("are read in lexical order from the index alone, no more than are asked for", async () => {
    for (const name of ["c", "a", "B", "d", "b"]) {
      await create(name, `{"deadLetterTargetArn":"${ARN}","maxReceiveCount":3}`);
    }
    for (let i = 0; i < 20; i++) await create(`unrelated-${i}`);
    expect(await list()).toEqual(["B", "a", "b", "c", "d"]);
    expect(await list({ limit: 2, afterName: "a" })).toEqual(["b", "c"]);
    expect(await list({ afterName: "aa" })).toEqual(["b", "c", "d"]);
    const { results, meta } = await selectSourceNames(env.DB, dead, { limit: 2, afterName: "a" }).all();
    expect(results).toEqual([{ name: "b" }, { name: "c" }]);
    expect(meta.rows_read).toBe(2);
  });

  it("cost a row more to create, and others none", async () => {
    const written = async (policy?: string) => {
      const { uid, name } = settings("costs");
      const attributes = JSON.stringify(policy === undefined ? {} : { redrivePolicy: policy });
      const { meta } = await env.DB.prepare(
        `INSERT INTO queues (uid, account, region, name, version, handle_key, created_at, modified_at, attributes, tags)
         VALUES (?1, '000000000000', 'us-east-1', ?2, 1, 'k', 1, 1, ?3, '{}')`,
      )
        .bind(uid, `${name}${uid}`, attributes)
        .run();
      return meta.rows_written;
    };
    const plain = await written();
    expect(await written(`{"deadLetterTargetArn":"${ARN}","maxReceiveCount":3}`)).toBe(plain + 1);
  });

  it("of a queue that is not there are none at all", async () => {
    await create("source", `{"deadLetterTargetArn":"${ARN}","maxReceiveCount":3}`);
    await catalog().deleteQueue(dead, 0);
    expect(await list()).toBeUndefined();
  });
});
