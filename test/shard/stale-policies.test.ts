import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { type Caller, rootCaller } from "../../src/auth/caller.ts";
import { sessionKeys } from "../../src/auth/session-token.ts";
import { Catalog } from "../../src/catalog/catalog.ts";
import { DataKeys } from "../../src/catalog/data-keys.ts";
import { Identities } from "../../src/catalog/identities/identities.ts";
import { KmsKeyStore } from "../../src/catalog/kms/key-store.ts";
import { principalsIn } from "../../src/catalog/principals.ts";
import { SettingsCache } from "../../src/catalog/settings-cache.ts";
import { Topics } from "../../src/catalog/topics.ts";
import { sealSecret } from "../../src/encryption/secrets.ts";
import type { Action, RequestContext } from "../../src/services/action.ts";
import { runAction } from "../../src/services/run-action.ts";
import { sqsActions } from "../../src/services/sqs/actions.ts";
import { ShardClient } from "../../src/shard/client.ts";
import { policyTo, someFacts, userCaller } from "../support/callers.ts";
import { testBlinding, testBodies, testRootKeys } from "../support/encryption.ts";

/*
 * Isolates authorize by copies of a queue's settings that others may have changed since. Two catalogs over one D1 and
 * one shard are two isolates: what one of them changes, the other must obey with its next request.
 */

const baseUrl = "http://localhost:8787";
const owner = rootCaller("000000000000", "test");
const stranger = userCaller("111111111111", "stranger", policyTo("Allow", "sqs:*"));

/** An isolate's memory of queues, and what it can reach. */
class Isolate {
  /** Of this isolate alone. */
  d1IsAway = false;
  readonly #catalog = new Catalog(
    new Proxy(env.DB, {
      get: (db, name) => {
        if (this.d1IsAway) throw new Error("D1 is away");
        const member: unknown = Reflect.get(db, name);
        return typeof member === "function" ? member.bind(db) : member;
      },
    }),
    new SettingsCache(),
  );

  /** @returns `done`, or the kind of the error */
  async ask(caller: Caller, name: string, input: object): Promise<string> {
    const result = await runAction(actionOf(name), this.#contextOf(caller), input);
    return result.ok ? "done" : result.error.kind;
  }

  async answer(caller: Caller, name: string, input: object): Promise<unknown> {
    const result = await runAction(actionOf(name), this.#contextOf(caller), input);
    return result.ok ? result.value : result.error;
  }

  #contextOf(caller: Caller): RequestContext {
    return {
      caller,
      facts: { ...someFacts, nowMs: Date.now() },
      rootAccount: owner.account,
      region: "us-east-1",
      baseUrl,
      batchId: crypto.randomUUID(),
      nowMs: Date.now(),
      traceHeader: undefined,
      strictTiming: false,
      catalog: this.#catalog,
      dataKeys: new DataKeys(env.DB, testRootKeys, { remember: () => undefined }),
      bodies: testBodies,
      blinding: testBlinding,
      identities: new Identities(env.DB),
      sealSecret: (secret) => sealSecret(testRootKeys, secret),
      principals: principalsIn(env.DB),
      sessionKeys: sessionKeys(testRootKeys),
      forgetIdentity: () => undefined,
      topics: new Topics(env.DB),
      kms: { keys: new KmsKeyStore(env.DB, testRootKeys), external: undefined },
      shards: new ShardClient(env.QUEUE_SHARD, () => undefined),
      client: { signal: new AbortController().signal, isThere: async () => true },
    };
  }
}

function actionOf(name: string): Action {
  const action = sqsActions.get(name);
  if (!action) throw new Error(`there is no ${name}`);
  return action;
}

const policy = (more: object = {}) =>
  JSON.stringify(policyTo("Allow", "sqs:*", { Principal: { AWS: stranger.account }, ...more }));

let changes: Isolate;
let serves: Isolate;
let QueueUrl: string;
let queues = 0;

beforeEach(async () => {
  changes = new Isolate();
  serves = new Isolate();
  const name = `stale-${++queues}`;
  QueueUrl = `${baseUrl}/${owner.account}/${name}`;
  expect(await changes.ask(owner, "CreateQueue", { QueueName: name })).toBe("done");
});

const set = (Policy: string) =>
  changes.ask(owner, "SetQueueAttributes", { QueueUrl, Attributes: new Map([["Policy", Policy]]) });
const send = () => serves.ask(stranger, "SendMessage", { QueueUrl, MessageBody: "x" });
const receive = () => serves.ask(stranger, "ReceiveMessage", { QueueUrl });

/** Waiting, and in flight. */
async function counts(): Promise<unknown> {
  const AttributeNames = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"];
  const answer = await changes.answer(owner, "GetQueueAttributes", { QueueUrl, AttributeNames });
  return [...(answer as { Attributes: ReadonlyMap<string, string> }).Attributes.values()];
}

describe("an isolate with a copy from before", () => {
  test("that denies asks again before it denies", async () => {
    expect(await send()).toBe("AccessDenied");
    await set(policy());
    expect(await send()).toBe("done");
  });

  test("that allows is refused by the shard, and nothing is stored or leased", async () => {
    await set(policy());
    expect(await send()).toBe("done");
    await set("");
    expect(await send()).toBe("AccessDenied");
    expect(await receive()).toBe("AccessDenied");
    expect(await counts()).toEqual(["1", "0"]);
  });

  test("obeys change after change", async () => {
    for (let round = 0; round < 5; round++) {
      await set(policy());
      expect(await send()).toBe("done");
      await set(policy({ Effect: "Deny" }));
      expect(await send()).toBe("AccessDenied");
    }
    expect(await counts()).toEqual(["5", "0"]);
  });

  test("that allows learns from the shard while D1 is away", async () => {
    await set(policy());
    expect(await send()).toBe("done");
    await set(policy({ Action: "sqs:ReceiveMessage" }));
    serves.d1IsAway = true;
    expect(await receive()).toBe("done");
    // To deny it would ask D1 first: without it the answer is a failure, and never a yes.
    await expect(send()).rejects.toThrow("D1 is away");
    expect(await counts()).toEqual(["0", "1"]);
  });

  test("sees a policy's tags as they are now", async () => {
    const Condition = { StringEquals: { "aws:ResourceTag/open": "yes" } };
    await set(policy({ Condition }));
    expect(await send()).toBe("AccessDenied");
    await changes.ask(owner, "TagQueue", { QueueUrl, Tags: new Map([["open", "yes"]]) });
    expect(await send()).toBe("done");
    await changes.ask(owner, "UntagQueue", { QueueUrl, TagKeys: ["open"] });
    expect(await send()).toBe("AccessDenied");
    expect(await counts()).toEqual(["1", "0"]);
  });

  test("has no policy of a queue that was deleted for the one that has its name", async () => {
    await set(policy());
    expect(await send()).toBe("done");
    await changes.ask(owner, "DeleteQueue", { QueueUrl });
    await changes.ask(owner, "CreateQueue", { QueueName: QueueUrl.slice(QueueUrl.lastIndexOf("/") + 1) });
    expect(await send()).toBe("AccessDenied");
    expect(await receive()).toBe("AccessDenied");
    expect(await counts()).toEqual(["0", "0"]);
  });

  test("asks the catalog where no shard is asked", async () => {
    const url = () =>
      serves.ask(stranger, "GetQueueUrl", {
        QueueName: QueueUrl.slice(QueueUrl.lastIndexOf("/") + 1),
        QueueOwnerAWSAccountId: owner.account,
      });
    const sources = () => serves.ask(stranger, "ListDeadLetterSourceQueues", { QueueUrl });
    await set(policy());
    expect([await url(), await sources()]).toEqual(["done", "done"]);
    await set("");
    expect([await url(), await sources()]).toEqual(["QueueDoesNotExist", "AccessDenied"]);
  });
});
