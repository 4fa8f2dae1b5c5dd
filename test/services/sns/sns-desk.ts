import { randomUUID } from "node:crypto";
import { readdirSync } from "node:fs";
import type { Caller } from "../../../src/auth/caller.ts";
import { rootCaller } from "../../../src/auth/caller.ts";
import { Catalog } from "../../../src/catalog/catalog.ts";
import { DataKeys } from "../../../src/catalog/data-keys.ts";
import { SettingsCache } from "../../../src/catalog/settings-cache.ts";
import { SnsReceipts } from "../../../src/catalog/sns-receipts.ts";
import { Topics } from "../../../src/catalog/topics.ts";
import type { Result } from "../../../src/lib/result.ts";
import { assert } from "../../../src/lib/result.ts";
import type { ActionError } from "../../../src/queue/errors.ts";
import { messageIdOf } from "../../../src/queue/message-id.ts";
import { queueArn } from "../../../src/queue/queue-arn.ts";
import type { QueueSettings } from "../../../src/queue/settings.ts";
import type { RequestContext } from "../../../src/services/action.ts";
import { runAction } from "../../../src/services/run-action.ts";
import { snsActions } from "../../../src/services/sns/actions.ts";
import { createQueue } from "../../../src/services/sqs/create-queue.ts";
import { decodeStoredMessage, type StoredMessage } from "../../../src/services/sqs/stored-message.ts";
import type { SendCall, ShardCall, ShardReply } from "../../../src/shard/calls.ts";
import type { ShardClient } from "../../../src/shard/client.ts";
import { someFacts } from "../../support/callers.ts";
import { opened, testBlinding, testBodies, testRootKeys } from "../../support/encryption.ts";
import { sqliteD1 } from "../../support/sqlite-d1.ts";

/** A message as a queue got it. */
export interface Arrived extends StoredMessage {
  readonly messageId: string;
}

/**
 * Topics and queues with a true catalog, and shards that store in memory: what is sent goes the whole way, policies and
 * encryption included.
 */
export class SnsDesk {
  readonly d1 = sqliteD1(...readdirSync("migrations").sort());
  readonly topics = new Topics(this.d1);
  readonly receipts = new SnsReceipts(this.d1);
  readonly catalog = new Catalog(this.d1, new SettingsCache(), () => this.nowMs);
  caller: Caller = rootCaller("000000000000", "test");
  region = "us-east-1";
  nowMs = 1_700_000_000_000;
  /** Names of queues whose shards cannot be reached. */
  readonly unreachable = new Set<string>();
  /** How many sends were on their way at once, at most. */
  mostAtOnce = 0;
  readonly #sends: { readonly settings: QueueSettings; readonly call: SendCall }[] = [];
  #atOnce = 0;

  context(changes: Partial<RequestContext> = {}): RequestContext {
    const context: Partial<RequestContext> = {
      caller: this.caller,
      facts: { ...someFacts, nowMs: this.nowMs, region: this.region },
      rootAccount: "000000000000",
      region: this.region,
      baseUrl: "http://localhost:8787",
      batchId: randomUUID(),
      nowMs: this.nowMs,
      traceHeader: undefined,
      strictTiming: false,
      catalog: this.catalog,
      topics: this.topics,
      dataKeys: new DataKeys(this.d1, testRootKeys, { remember: () => undefined }),
      bodies: testBodies,
      blinding: testBlinding,
      shards: this.#shards(),
      client: { signal: new AbortController().signal, isThere: async () => true },
      ...changes,
    };
    return context as RequestContext;
  }

  /** Runs an action of SNS as the endpoint does. */
  async perform(
    name: string,
    input: Readonly<Record<string, unknown>>,
    changes: Partial<RequestContext> = {},
  ): Promise<Result<unknown, ActionError>> {
    const action = snsActions.get(name);
    assert(action !== undefined, `SNS has the action ${name}`);
    return await runAction(action, this.context(changes), input);
  }

  /** The answer of an action that succeeds. */
  async answer<T = Readonly<Record<string, unknown>>>(
    name: string,
    input: Readonly<Record<string, unknown>>,
    changes: Partial<RequestContext> = {},
  ): Promise<T> {
    const result = await this.perform(name, input, changes);
    if (!result.ok) throw new Error(`${name}: ${result.error.kind} ${result.error.message}`);
    return result.value as T;
  }

  /** `code: message` of an action that fails. */
  async error(
    name: string,
    input: Readonly<Record<string, unknown>>,
    changes: Partial<RequestContext> = {},
  ): Promise<string> {
    const result = await this.perform(name, input, changes);
    if (result.ok) throw new Error(`${name} succeeded`);
    const { error } = result;
    return `${error.kind === "ServiceError" ? error.code : error.kind}: ${error.message}`;
  }

  async topic(name: string, attributes: Readonly<Record<string, string>> = {}): Promise<string> {
    const fifo = name.endsWith(".fifo") ? { FifoTopic: "true" } : {};
    const input = { Name: name, Attributes: new Map(Object.entries({ ...fifo, ...attributes })) };
    return (await this.answer<{ TopicArn: string }>("CreateTopic", input)).TopicArn;
  }

  /** Creates a queue that takes messages from every topic, or has the policy that is given. */
  async queue(name: string, attributes: Readonly<Record<string, string>> = {}): Promise<string> {
    const arn = queueArn({ account: this.caller.account, region: this.region, name });
    const fifo = name.endsWith(".fifo") ? { FifoQueue: "true" } : {};
    const input = {
      QueueName: name,
      Attributes: new Map(Object.entries({ Policy: openTo(arn), ...fifo, ...attributes })),
    };
    const created = await runAction(createQueue, this.context(), input);
    if (!created.ok) throw new Error(created.error.message);
    return arn;
  }

  async subscribe(
    topic: string,
    queue: string,
    attributes: Readonly<Record<string, string>> = {},
  ): Promise<string> {
    const input = {
      TopicArn: topic,
      Protocol: "sqs",
      Endpoint: queue,
      Attributes: new Map(Object.entries(attributes)),
      ReturnSubscriptionArn: true,
    };
    return (await this.answer<{ SubscriptionArn: string }>("Subscribe", input)).SubscriptionArn;
  }

  /** What a queue has got, in order. */
  async arrived(arn: string): Promise<readonly Arrived[]> {
    const messages: Arrived[] = [];
    for (const { settings, call } of this.#sends) {
      if (queueArn(settings) !== arn) continue;
      for (const [index, { sealed }] of call.messages.entries()) {
        const messageId = messageIdOf(call.batchId, index);
        const stored = decodeStoredMessage(await opened(settings, sealed, messageId));
        const attributes = stored.attributes.map(({ value, ...rest }) => ({
          ...rest,
          value: typeof value === "string" ? value : new Uint8Array(value),
        }));
        messages.push({ ...stored, attributes, messageId });
      }
    }
    return messages;
  }

  async bodies(arn: string): Promise<readonly string[]> {
    return (await this.arrived(arn)).map(({ body }) => body);
  }

  #shards(): ShardClient {
    const shards = {
      configure: async () => true,
      call: async (settings: QueueSettings, call: ShardCall): Promise<ShardReply> => {
        assert(call.kind === "send", "only messages are sent");
        this.#atOnce++;
        this.mostAtOnce = Math.max(this.mostAtOnce, this.#atOnce);
        await Promise.resolve();
        this.#atOnce--;
        if (this.unreachable.has(settings.name)) throw new Error("no shard");
        const positions = call.messages.map((_, index) => index);
        const isStored = this.#sends.some(
          (sent) => sent.settings.uid === settings.uid && sent.call.batchId === call.batchId,
        );
        if (!isStored) this.#sends.push({ settings, call });
        const messageIds = positions.map((index) => messageIdOf(call.batchId, index));
        return { kind: "sent", positions, ...(settings.attributes.fifo && { messageIds }) };
      },
    };
    return shards as unknown as ShardClient;
  }
}

/** A queue's policy that lets SNS send, for one topic or for all. */
export function openTo(queue: string, topic = "*"): string {
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: { Service: "sns.amazonaws.com" },
        Action: "sqs:SendMessage",
        Resource: queue,
        Condition: { ArnLike: { "aws:SourceArn": topic } },
      },
    ],
  });
}

/** An input's map from an object. */
export function mapOf<T>(object: Readonly<Record<string, T>>): ReadonlyMap<string, T> {
  return new Map(Object.entries(object));
}
