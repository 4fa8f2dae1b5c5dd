import { afterEach, describe, expect, it, vi } from "vitest";
import { rootCaller } from "../../../src/auth/caller.ts";
import type { Bodies, OpenBody } from "../../../src/encryption/bodies.ts";
import { err, ok } from "../../../src/lib/result.ts";
import { type SqsError, sqsError } from "../../../src/queue/errors.ts";
import { md5 } from "../../../src/queue/message-digest.ts";
import type { QueueSettings } from "../../../src/queue/settings.ts";
import type { QueueAction, ReceiveRequest, RequestContext } from "../../../src/services/action.ts";
import { KmsUnavailable } from "../../../src/services/kms/external.ts";
import { runAction } from "../../../src/services/run-action.ts";
import { receiveMessage } from "../../../src/services/sqs/receive-message.ts";
import { sendMessage } from "../../../src/services/sqs/send-message.ts";
import { sendMessageBatch } from "../../../src/services/sqs/send-message-batch.ts";
import { encodeStoredMessage } from "../../../src/services/sqs/stored-message.ts";
import type { DeliveredMessage } from "../../../src/shard/calls.ts";
import { someFacts } from "../../support/callers.ts";
import { testBlinding } from "../../support/encryption.ts";
import { answerOf, errorOf, fakeQueue, fifoOf, run, testSettings } from "../../support/fake-queue.ts";
import { account, KmsDesk } from "../kms/kms-desk.ts";

/** How sends and receives go on when KMS refuses: what is leased then, and what is shown. */

const kmsQueue = { sqsManagedSse: false, kmsMasterKeyId: "alias/k" };
const denied = sqsError("KmsAccessDenied", "not yours");

afterEach(() => {
  vi.restoreAllMocks();
});

/** Messages whose one sealed byte is what becomes of them: see `openerOf`. */
function delivery(position: number, sealed: number, groupId?: string): DeliveredMessage {
  return {
    ...{ position, nonce: position * 10, epoch: 1, sealed: Uint8Array.of(sealed) },
    messageId: `f81d4fae-7dec-41d0-a765-00a0c91e6b0${position}`,
    ...{ sentAtMs: 0, receiveCount: 1, firstReceivedAtMs: 0, ...(groupId && { groupId }) },
  };
}

const fine = 0;
const refused = 1;
const corrupt = 2;
const away = 3;

const openSome: OpenBody = async ([sealed]) => {
  if (sealed === refused) return err(denied);
  if (sealed === corrupt) throw new Error("changed");
  if (sealed === away) throw new KmsUnavailable("away");
  const ids = {};
  const text = { body: "a", bodyMd5: md5("a"), senderId: "A", traceHeader: undefined, attributes: [], ids };
  return ok(encodeStoredMessage(text));
};

const bodiesWith = (forOpening: Bodies["forOpening"]): Bodies => ({
  forOpening,
  forSealing: async () => err(denied),
});
const bodies = bodiesWith(async () => ok(openSome));

async function receiveFrom(deliveries: readonly DeliveredMessage[], attributes: object = {}) {
  vi.spyOn(console, "error").mockReturnValue();
  const queue = fakeQueue({ deliveries, attributes });
  const answer = await run(receiveMessage, queue, {}, { bodies });
  // What does not open stays leased: given back, it would stand before all others again.
  expect(queue.calls).toEqual([]);
  if (!answer.ok) return answer.error;
  return (answer.value as { Messages: readonly { MessageId: string }[] }).Messages.map(({ MessageId }) =>
    Number(MessageId.at(-1)),
  );
}

describe("a leased message whose own key refuses", () => {
  it("hides none of the others", async () => {
    const deliveries = [delivery(1, refused), delivery(2, fine), delivery(3, refused), delivery(4, corrupt)];
    expect(await receiveFrom(deliveries)).toEqual([2]);
  });

  it("is what the call is refused with when nothing else is to be shown", async () => {
    expect(await receiveFrom([delivery(1, corrupt), delivery(2, refused)])).toEqual(denied);
  });

  it("makes the call fail when its KMS is away and nothing else is to be shown", async () => {
    vi.spyOn(console, "error").mockReturnValue();
    const queue = fakeQueue({ deliveries: [delivery(1, away)] });
    await expect(run(receiveMessage, queue, {}, { bodies })).rejects.toThrow(KmsUnavailable);
    expect(await receiveFrom([delivery(1, away), delivery(2, fine)])).toEqual([2]);
  });

  it.each([refused, corrupt, away])(
    "keeps back, in a FIFO queue, what stands behind it in its group",
    async (kind) => {
      const deliveries = [
        delivery(1, fine, "a"),
        delivery(2, kind, "a"),
        delivery(3, fine, "b"),
        delivery(4, fine, "a"),
      ];
      expect(await receiveFrom(deliveries, fifoOf())).toEqual([1, 3]);
      // The groups of a standard queue have no order.
      expect(await receiveFrom(deliveries)).toEqual([1, 3, 4]);
    },
  );
});

describe("a long poll on a queue with a KMS key", () => {
  /** A queue that asks, as a shard does after a ring, and leases if it may. */
  function ringing(attributes: object, deliveries: readonly DeliveredMessage[]) {
    const queue = fakeQueue({ attributes, deliveries });
    const leased: ReceiveRequest[] = [];
    const receive: typeof queue.receive = async (request) => {
      if ((await request.mayStill?.()) === false) return { kind: "received", messages: [], overLimit: false };
      leased.push(request);
      return queue.receive(request);
    };
    return { queue: { ...queue, receive }, leased };
  }

  const answers = (...each: (SqsError | undefined)[]) => {
    const asked: number[] = [];
    const bodies = bodiesWith(async () => {
      const refusal = each[asked.length];
      asked.push(1);
      return refusal ? err(refusal) : ok(openSome);
    });
    return { asked, bodies };
  };

  it("is refused when the key refuses while it waits, with nothing leased", async () => {
    const { asked, bodies } = answers(undefined, denied);
    const { queue, leased } = ringing(kmsQueue, [delivery(1, fine)]);
    const running = run(receiveMessage, queue, { WaitTimeSeconds: 20 }, { bodies });
    expect(await errorOf(running)).toBe("KmsAccessDenied: not yours");
    expect([asked.length, leased]).toEqual([2, []]);
  });

  it("is not begun when the key refuses from the first", async () => {
    const { bodies } = answers(denied);
    const { queue, leased } = ringing(kmsQueue, [delivery(1, fine)]);
    const running = run(receiveMessage, queue, { WaitTimeSeconds: 20 }, { bodies });
    expect(await errorOf(running)).toBe("KmsAccessDenied: not yours");
    expect([queue.receives, leased]).toEqual([[], []]);
  });

  it("goes on when the key still lets it, and only queues with such a key are asked again", async () => {
    for (const [attributes, times] of [
      [kmsQueue, 2],
      [{}, 1],
    ] as const) {
      const { asked, bodies } = answers();
      const { queue } = ringing(attributes, [delivery(1, fine)]);
      const answer = await answerOf<{ Messages: object[] }>(run(receiveMessage, queue, {}, { bodies }));
      expect(answer.Messages).toHaveLength(1);
      expect(asked.length).toBe(times);
    }
  });
});

describe("with keys that are here", () => {
  it("a batch is sealed under one data key, and another caller's under another", async () => {
    const desk = new KmsDesk();
    const kmsMasterKeyId = await desk.createKey();
    const blobsOf = async (userId: string) => {
      const queue = fakeQueue({ attributes: { ...kmsQueue, kmsMasterKeyId } });
      const Entries = Array.from({ length: 10 }, (_, i) => ({ Id: `${i}`, MessageBody: `message ${i}` }));
      const { kms, nowMs } = desk;
      const caller = { ...rootCaller(account, "test"), userId };
      await answerOf(run(sendMessageBatch, queue, { Entries }, { kms, caller, facts: someFacts, nowMs }));
      const [call] = queue.calls;
      if (call?.kind !== "send") throw new Error("nothing was sent");
      // Form, uid, length and a ciphertext of KMS.
      return call.messages.map(({ sealed }) => Buffer.from(sealed.subarray(19, 19 + 97)).toString("hex"));
    };
    const [first, second, another] = [await blobsOf("one"), await blobsOf("one"), await blobsOf("two")];
    expect(new Set([...first, ...second]).size).toBe(1);
    expect(new Set([...first, ...another]).size).toBe(2);
  });

  it("nothing is asked of the shard when one refuses", async () => {
    const desk = new KmsDesk();
    const kmsMasterKeyId = await desk.createKey();
    await desk.call("DisableKey", { KeyId: kmsMasterKeyId });
    const queue = fakeQueue({ attributes: { ...kmsQueue, kmsMasterKeyId } });
    const { kms, nowMs } = desk;
    const context = { kms, nowMs, caller: rootCaller(account, "test"), facts: someFacts };
    const inputs: readonly (readonly [QueueAction, object])[] = [
      [sendMessage, { MessageBody: "a" }],
      [sendMessageBatch, { Entries: [{ Id: "a", MessageBody: "a" }] }],
      [receiveMessage, {}],
      [receiveMessage, { WaitTimeSeconds: 20 }],
    ];
    for (const [action, input] of inputs) {
      expect(await errorOf(run(action, queue, { ...input }, context))).toMatch(
        /^KmsDisabled: .* is disabled/,
      );
    }
    expect([queue.calls, queue.receives]).toEqual([[], []]);
  });
});

describe("a refusal that comes of outdated settings", () => {
  const stale = testSettings({ ...kmsQueue, kmsMasterKeyId: "alias/old" });
  const withKey = (kmsMasterKeyId: string, version: number): QueueSettings => ({
    ...testSettings({ ...kmsQueue, kmsMasterKeyId }),
    version,
  });

  async function sendWith(inCatalog: QueueSettings | undefined) {
    const asked: (string | undefined)[] = [];
    const context = {
      caller: rootCaller(account, "test"),
      facts: someFacts,
      region: "us-east-1",
      batchId: "f81d4fae-7dec-41d0-a765-00a0c91e6bf6",
      blinding: testBlinding,
      catalog: { findQueue: async () => stale, readQueue: async () => inCatalog },
      shards: { call: async () => ({ kind: "sent", positions: [1] }) },
      bodies: {
        forSealing: async ({ attributes }: QueueSettings) => {
          asked.push(attributes.kmsMasterKeyId);
          return attributes.kmsMasterKeyId === "alias/new" ? ok((bytes: Uint8Array) => bytes) : err(denied);
        },
      },
    };
    const input = { QueueUrl: "orders", MessageBody: "a" };
    const result = await runAction(sendMessage, context as unknown as RequestContext, input);
    return { asked, answer: result.ok ? "sent" : result.error.kind };
  }

  it("is not believed: the action begins again with what is true now", async () => {
    expect(await sendWith(withKey("alias/new", 2))).toEqual({
      asked: ["alias/old", "alias/new"],
      answer: "sent",
    });
  });

  it("is the answer when the settings are the same, or refuse too", async () => {
    expect(await sendWith(stale)).toEqual({ asked: ["alias/old"], answer: "KmsAccessDenied" });
    expect(await sendWith(withKey("alias/other", 2))).toEqual({
      asked: ["alias/old", "alias/other"],
      answer: "KmsAccessDenied",
    });
  });

  it("is none when the queue is gone by now", async () => {
    expect(await sendWith(undefined)).toEqual({ asked: ["alias/old"], answer: "QueueDoesNotExist" });
  });
});
