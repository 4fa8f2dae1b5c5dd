import { beforeEach, expect, it } from "vitest";
import { createQueue } from "../../../src/services/sqs/create-queue.ts";
import { purgeQueue } from "../../../src/services/sqs/purge-queue.ts";
import { QueueDesk } from "../../support/queue-desk.ts";

let desk: QueueDesk;
beforeEach(async () => {
  desk = new QueueDesk();
  await desk.perform(createQueue, { QueueName: "jobs" });
});

const purge = () => desk.perform(purgeQueue, { QueueUrl: desk.url("jobs") });

it("a queue may be purged at any time", async () => {
  expect(await purge()).toEqual({ ok: true, value: {} });
  expect(desk.calls).toEqual([{ kind: "purge", minIntervalMs: 0 }]);
});

it("with strict timing the shard keeps purges a minute apart", async () => {
  desk.strictTiming = true;
  desk.purgeAccepted = false;
  expect(await purge()).toEqual({
    ok: false,
    error: {
      kind: "PurgeQueueInProgress",
      message: "Only one PurgeQueue operation on jobs is allowed every 60 seconds.",
    },
  });
  expect(desk.calls).toEqual([{ kind: "purge", minIntervalMs: 60_000 }]);
});
