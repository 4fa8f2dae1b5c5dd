import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { limits } from "../../../src/queue/limits.ts";
import { mapOf, openTo, SnsDesk } from "./sns-desk.ts";

let desk: SnsDesk;
let warnings: unknown[][];

beforeEach(() => {
  desk = new SnsDesk();
  warnings = [];
  vi.spyOn(console, "warn").mockImplementation((...line) => void warnings.push(line));
  vi.spyOn(console, "error").mockImplementation(() => undefined);
});
afterEach(() => {
  vi.restoreAllMocks();
});

const publish = (TopicArn: string, Message: string, more: Readonly<Record<string, unknown>> = {}) =>
  desk.answer<{ MessageId: string; SequenceNumber?: string }>("Publish", { TopicArn, Message, ...more });

const attribute = (DataType: string, value: string | Uint8Array) =>
  typeof value === "string" ? { DataType, StringValue: value } : { DataType, BinaryValue: value };

describe("a published message", () => {
  test("arrives in every subscribed queue, in SNS's envelope", async () => {
    const topic = await desk.topic("orders");
    const [one, two] = [await desk.queue("one"), await desk.queue("two")];
    const subscription = await desk.subscribe(topic, one);
    await desk.subscribe(topic, two);
    const { MessageId } = await publish(topic, 'a "b"\n', {
      Subject: "News",
      MessageAttributes: mapOf({
        colour: attribute("String", "red"),
        bytes: attribute("Binary", Uint8Array.of(2, 3, 4)),
      }),
    });
    expect(MessageId).toMatch(/^[0-9a-f-]{36}$/);
    const [arrived] = await desk.arrived(one);
    expect(arrived?.body).toBe(
      [
        "{",
        '  "Type" : "Notification",',
        `  "MessageId" : "${MessageId}",`,
        `  "TopicArn" : "${topic}",`,
        '  "Subject" : "News",',
        '  "Message" : "a \\"b\\"\\n",',
        '  "Timestamp" : "2023-11-14T22:13:20.000Z",',
        `  "UnsubscribeURL" : "http://localhost:8787/?Action=Unsubscribe&SubscriptionArn=${subscription}",`,
        '  "MessageAttributes" : {',
        '    "colour" : {"Type":"String","Value":"red"},',
        '    "bytes" : {"Type":"Binary","Value":"AgME"}',
        "  }",
        "}",
      ].join("\n"),
    );
    expect(arrived?.attributes).toEqual([]);
    expect(arrived?.senderId).toBe("AIDAIT2UOQQY3AUEKVGXU");
    expect(await desk.bodies(two)).toHaveLength(1);
  });

  test("arrives bare with raw delivery, its attributes beside it", async () => {
    const topic = await desk.topic("orders");
    const queue = await desk.queue("raw");
    await desk.subscribe(topic, queue, { RawMessageDelivery: "true" });
    const MessageAttributes = mapOf({
      bytes: attribute("Binary", Uint8Array.of(2, 3, 4)),
      list: attribute("String.Array", '["a"]'),
      size: attribute("Number", "99.12"),
    });
    await publish(topic, "bare", { Subject: "lost", MessageAttributes });
    const [arrived] = await desk.arrived(queue);
    expect(arrived?.body).toBe("bare");
    expect(arrived?.attributes).toEqual([
      { name: "bytes", dataType: "Binary", value: Uint8Array.of(2, 3, 4) },
      { name: "list", dataType: "String.Array", value: '["a"]' },
      { name: "size", dataType: "Number", value: "99.12" },
    ]);
  });

  test("has another MessageId in each queue, and its publisher's trace", async () => {
    const topic = await desk.topic("orders");
    const [one, two] = [await desk.queue("one"), await desk.queue("two")];
    await desk.subscribe(topic, one);
    await desk.subscribe(topic, two);
    const { MessageId } = await desk.answer<{ MessageId: string }>(
      "Publish",
      { TopicArn: topic, Message: "x" },
      { traceHeader: "Root=1-2-3" },
    );
    const [first] = await desk.arrived(one);
    const [second] = await desk.arrived(two);
    expect(new Set([MessageId, first?.messageId, second?.messageId]).size).toBe(3);
    expect([first?.traceHeader, second?.traceHeader]).toEqual(["Root=1-2-3", "Root=1-2-3"]);
  });

  test("is another one each time that it is published", async () => {
    const topic = await desk.topic("orders");
    const queue = await desk.queue("one");
    await desk.subscribe(topic, queue, { RawMessageDelivery: "true" });
    await publish(topic, "same");
    await publish(topic, "same");
    const [first, second] = await desk.arrived(queue);
    expect(first?.messageId).not.toBe(second?.messageId);
  });

  test("has for queues the text that its structure gives them", async () => {
    const topic = await desk.topic("orders");
    const queue = await desk.queue("one");
    await desk.subscribe(topic, queue, { RawMessageDelivery: "true" });
    const structured = (json: object) => publish(topic, JSON.stringify(json), { MessageStructure: "json" });
    await structured({ default: "for all", sqs: "for queues" });
    await structured({ default: "for all", sqs: 1, email: "for people" });
    expect(await desk.bodies(queue)).toEqual(["for queues", "for all"]);
  });

  test("goes only where the filter policy lets it", async () => {
    const topic = await desk.topic("orders");
    const [red, body, all] = [await desk.queue("red"), await desk.queue("body"), await desk.queue("all")];
    await desk.subscribe(topic, red, { RawMessageDelivery: "true", FilterPolicy: '{"colour":["red"]}' });
    await desk.subscribe(topic, body, {
      RawMessageDelivery: "true",
      FilterPolicyScope: "MessageBody",
      FilterPolicy: '{"order":{"total":[{"numeric":[">",10]}]}}',
    });
    await desk.subscribe(topic, all, { RawMessageDelivery: "true" });
    await publish(topic, "1", { MessageAttributes: mapOf({ colour: attribute("String", "red") }) });
    await publish(topic, "2", { MessageAttributes: mapOf({ colour: attribute("String", "blue") }) });
    await publish(topic, '{"order":{"total":11}}');
    expect(await desk.bodies(red)).toEqual(["1"]);
    expect(await desk.bodies(body)).toEqual(['{"order":{"total":11}}']);
    expect(await desk.bodies(all)).toEqual(["1", "2", '{"order":{"total":11}}']);
    expect(warnings).toEqual([]);
  });

  test("is on its way to no more queues at once than the bound", async () => {
    const topic = await desk.topic("orders");
    const queues: string[] = [];
    for (let count = 0; count < limits.snsDeliveriesAtOnce + 4; count++) {
      const queue = await desk.queue(`queue-${count}`);
      await desk.subscribe(topic, queue);
      queues.push(queue);
    }
    await publish(topic, "x");
    expect(desk.mostAtOnce).toBe(limits.snsDeliveriesAtOnce);
    for (const queue of queues) expect(await desk.bodies(queue)).toHaveLength(1);
  });

  test("forwards its group from a standard topic to a standard queue", async () => {
    const topic = await desk.topic("orders");
    const queue = await desk.queue("one");
    await desk.subscribe(topic, queue);
    await publish(topic, "x", { MessageGroupId: "tenant-1" });
    expect((await desk.arrived(queue))[0]?.ids).toEqual({ groupId: "tenant-1" });
  });
});

describe("a queue that refuses", () => {
  const dropped = (reason: string, queue: string, subscription: string, messageId: string) => [
    [
      "sns: a message was given up, its queue refused it",
      { subscription, endpoint: queue, messageId, reason },
    ],
  ];

  test("by its policy loses the message, and the others get it", async () => {
    const topic = await desk.topic("orders");
    const closed = await desk.queue("closed", { Policy: "" });
    const open = await desk.queue("open");
    const subscription = await desk.subscribe(topic, closed, { RawMessageDelivery: "true" });
    await desk.subscribe(topic, open, { RawMessageDelivery: "true" });
    const { MessageId } = await publish(topic, "secret");
    expect(await desk.bodies(closed)).toEqual([]);
    expect(await desk.bodies(open)).toEqual(["secret"]);
    expect(warnings).toEqual(dropped("AccessDenied", closed, subscription, MessageId));
    expect(JSON.stringify(warnings)).not.toContain("secret");
  });

  test("knows one topic from another by the source's ARN and account", async () => {
    const [mine, other] = [await desk.topic("mine"), await desk.topic("other")];
    const arn = "arn:aws:sqs:us-east-1:000000000000:picky";
    const queue = await desk.queue("picky", { Policy: openTo(arn, mine) });
    await desk.subscribe(mine, queue, { RawMessageDelivery: "true" });
    await desk.subscribe(other, queue, { RawMessageDelivery: "true" });
    await publish(mine, "yes");
    await publish(other, "no");
    expect(await desk.bodies(queue)).toEqual(["yes"]);
  });

  test("is not opened by what the publisher's own request is like", async () => {
    const arn = "arn:aws:sqs:us-east-1:000000000000:office";
    const Policy = JSON.stringify({
      Version: "2012-10-17",
      Statement: {
        Effect: "Allow",
        Principal: "*",
        Action: "sqs:SendMessage",
        Resource: arn,
        Condition: { IpAddress: { "aws:SourceIp": "203.0.113.0/24" } },
      },
    });
    const queue = await desk.queue("office", { Policy });
    const topic = await desk.topic("orders");
    await desk.subscribe(topic, queue);
    expect(desk.context().facts.sourceIp).toBe("203.0.113.7");
    await publish(topic, "x");
    expect(await desk.bodies(queue)).toEqual([]);
  });

  test("because it is gone, or never was, loses the message", async () => {
    const topic = await desk.topic("orders");
    const queue = "arn:aws:sqs:us-east-1:000000000000:nowhere";
    const subscription = await desk.subscribe(topic, queue);
    const { MessageId } = await publish(topic, "x");
    expect(warnings).toEqual(dropped("AccessDenied", queue, subscription, MessageId));
  });

  test("leaves the message to the subscription's dead-letter queue, in the form it was to have", async () => {
    const topic = await desk.topic("orders");
    const dead = await desk.queue("dead");
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: dead });
    const closed = await desk.queue("closed", { Policy: "" });
    const gone = "arn:aws:sqs:us-east-1:000000000000:gone";
    await desk.subscribe(topic, closed, { RawMessageDelivery: "true", RedrivePolicy });
    await desk.subscribe(topic, gone, { RedrivePolicy });
    await publish(topic, "kept", { MessageAttributes: mapOf({ size: attribute("Number", "1") }) });
    const letters = await desk.arrived(dead);
    expect(letters).toHaveLength(2);
    const [raw, wrapped] = letters.toSorted((one, other) => other.attributes.length - one.attributes.length);
    expect(raw?.body).toBe("kept");
    expect(raw?.attributes).toEqual([{ name: "size", dataType: "Number", value: "1" }]);
    expect(JSON.parse(wrapped?.body ?? "")).toMatchObject({ Message: "kept" });
    expect(warnings).toEqual([]);
  });

  test("with a dead-letter queue that refuses too loses the message", async () => {
    const topic = await desk.topic("orders");
    const dead = await desk.queue("dead", { Policy: "" });
    const closed = await desk.queue("closed", { Policy: "" });
    await desk.subscribe(topic, closed, { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead }) });
    await publish(topic, "x");
    expect(await desk.bodies(dead)).toEqual([]);
    expect(warnings).toHaveLength(1);
  });

  test("too many attributes for raw delivery are its publisher's mistake; an envelope holds them", async () => {
    const topic = await desk.topic("orders");
    const [raw, wrapped, dead] = [
      await desk.queue("raw"),
      await desk.queue("wrapped"),
      await desk.queue("dead"),
    ];
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: dead });
    await desk.subscribe(topic, raw, { RawMessageDelivery: "true", RedrivePolicy });
    await desk.subscribe(topic, wrapped);
    const attributes = (count: number) =>
      mapOf(
        Object.fromEntries(
          Array.from({ length: count }, (_, index) => [`a${index}`, attribute("String", "x")]),
        ),
      );
    await publish(topic, "ten", { MessageAttributes: attributes(10) });
    await publish(topic, "eleven", { MessageAttributes: attributes(11) });
    expect(await desk.bodies(raw)).toEqual(["ten"]);
    expect(await desk.bodies(wrapped)).toHaveLength(2);
    const [letter] = await desk.arrived(dead);
    expect(JSON.parse(letter?.body ?? "").MessageAttributes).toHaveProperty("a10");
  });

  test("what is larger than a queue takes is refused by this queue alone", async () => {
    const topic = await desk.topic("orders");
    const [small, large] = [
      await desk.queue("small", { MaximumMessageSize: "1024" }),
      await desk.queue("large"),
    ];
    await desk.subscribe(topic, small, { RawMessageDelivery: "true" });
    await desk.subscribe(topic, large, { RawMessageDelivery: "true" });
    await publish(topic, "x".repeat(1024));
    await publish(topic, "y".repeat(1025));
    expect(await desk.bodies(small)).toEqual(["x".repeat(1024)]);
    expect(await desk.bodies(large)).toHaveLength(2);
  });
});

describe("a queue that cannot be reached", () => {
  test("fails the Publish, and the others have the message by then", async () => {
    const topic = await desk.topic("orders");
    const [down, up] = [await desk.queue("down"), await desk.queue("up")];
    await desk.subscribe(topic, down, { RawMessageDelivery: "true" });
    await desk.subscribe(topic, up, { RawMessageDelivery: "true" });
    desk.unreachable.add("down");
    await expect(publish(topic, "x")).rejects.toThrow("no shard");
    expect(await desk.bodies(up)).toEqual(["x"]);
    desk.unreachable.clear();
    await publish(topic, "x");
    expect(await desk.bodies(down)).toEqual(["x"]);
    expect(await desk.bodies(up)).toEqual(["x", "x"]);
  });

  test("does not send its message to the dead-letter queue", async () => {
    const topic = await desk.topic("orders");
    const [down, dead] = [await desk.queue("down"), await desk.queue("dead")];
    await desk.subscribe(topic, down, { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead }) });
    desk.unreachable.add("down");
    await expect(publish(topic, "x")).rejects.toThrow("no shard");
    expect(await desk.bodies(dead)).toEqual([]);
  });

  test("stores once what is delivered twice within one request", async () => {
    const topic = await desk.topic("orders");
    const [queue, down] = [await desk.queue("queue"), await desk.queue("down")];
    await desk.subscribe(topic, queue);
    await desk.subscribe(topic, down);
    desk.unreachable.add("down");
    const request = { batchId: "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324" };
    const again = () => desk.answer("Publish", { TopicArn: topic, Message: "x" }, request);
    await expect(again()).rejects.toThrow("no shard");
    desk.unreachable.clear();
    await again();
    expect(await desk.bodies(queue)).toHaveLength(1);
    expect(await desk.bodies(down)).toHaveLength(1);
  });

  test("fails a dead letter as it fails a message", async () => {
    const topic = await desk.topic("orders");
    const [closed, dead] = [await desk.queue("closed", { Policy: "" }), await desk.queue("dead")];
    await desk.subscribe(topic, closed, { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead }) });
    desk.unreachable.add("dead");
    await expect(publish(topic, "x")).rejects.toThrow("no shard");
  });
});

describe("PublishBatch", () => {
  const entry = (Id: string, more: Readonly<Record<string, unknown>> = {}) => ({ Id, Message: Id, ...more });
  const publishBatch = (TopicArn: string, entries: readonly object[]) =>
    desk.answer<{
      Successful: readonly { Id: string; MessageId: string; SequenceNumber?: string }[];
      Failed: readonly { Id: string; SenderFault: boolean; Code: string }[];
    }>("PublishBatch", { TopicArn, PublishBatchRequestEntries: entries });

  test("delivers each message to who is to have it, in order", async () => {
    const topic = await desk.topic("orders");
    const [all, some] = [await desk.queue("all"), await desk.queue("some")];
    await desk.subscribe(topic, all, { RawMessageDelivery: "true" });
    await desk.subscribe(topic, some, { RawMessageDelivery: "true", FilterPolicy: '{"a":["x"]}' });
    const marked = { MessageAttributes: mapOf({ a: attribute("String", "x") }) };
    const { Successful, Failed } = await publishBatch(topic, [
      entry("1"),
      entry("2", marked),
      entry("3", marked),
    ]);
    expect(Successful.map(({ Id }) => Id)).toEqual(["1", "2", "3"]);
    expect(new Set(Successful.map(({ MessageId }) => MessageId)).size).toBe(3);
    expect(Failed).toEqual([]);
    expect(await desk.bodies(all)).toEqual(["1", "2", "3"]);
    expect(await desk.bodies(some)).toEqual(["2", "3"]);
  });

  test("fails the messages alone whose queue cannot be reached", async () => {
    const topic = await desk.topic("orders");
    const [all, some] = [await desk.queue("all"), await desk.queue("some")];
    await desk.subscribe(topic, all, { RawMessageDelivery: "true" });
    await desk.subscribe(topic, some, { FilterPolicy: '{"a":["x"]}' });
    desk.unreachable.add("some");
    const marked = { MessageAttributes: mapOf({ a: attribute("String", "x") }) };
    const { Successful, Failed } = await publishBatch(topic, [entry("1"), entry("2", marked)]);
    expect(Successful.map(({ Id }) => Id)).toEqual(["1"]);
    expect(Failed).toEqual([
      { Id: "2", Code: "InternalError", SenderFault: false, Message: expect.any(String) },
    ]);
    expect(await desk.bodies(all)).toEqual(["1", "2"]);
  });

  test("a message that a queue refuses takes no other with it", async () => {
    const topic = await desk.topic("orders");
    const queue = await desk.queue("queue");
    await desk.subscribe(topic, queue, { RawMessageDelivery: "true" });
    const { Successful } = await publishBatch(topic, [
      entry("1"),
      entry("2", { Message: "\u0001" }),
      entry("3"),
    ]);
    expect(Successful).toHaveLength(3);
    expect(await desk.bodies(queue)).toEqual(["1", "3"]);
    expect(warnings).toHaveLength(1);
  });

  test("envelopes that are too long together are sent one by one", async () => {
    const topic = await desk.topic("orders");
    const queue = await desk.queue("queue");
    await desk.subscribe(topic, queue);
    // In JSON each of these characters takes six bytes.
    const dense = "\u0001".repeat(limits.snsMessageBytes / 2 - 10);
    const { Successful } = await publishBatch(topic, [
      entry("1", { Message: dense }),
      entry("2", { Message: dense }),
    ]);
    expect(Successful).toHaveLength(2);
    expect(await desk.bodies(queue)).toHaveLength(2);
    expect(new Set((await desk.arrived(queue)).map(({ messageId }) => messageId)).size).toBe(2);
  });

  const faults: [name: string, entries: readonly object[], error: string][] = [
    ["no entries", [], "EmptyBatchRequest: The batch request doesn't contain any entries."],
    [
      "eleven entries",
      Array.from({ length: 11 }, (_, index) => entry(`e${index}`)),
      "TooManyEntriesInBatchRequest: The batch request contains more entries than permissible.",
    ],
    [
      "an id twice",
      [entry("1"), entry("1")],
      "BatchEntryIdsNotDistinct: Two or more batch entries in the request have the same Id.",
    ],
    [
      "an id with other characters",
      [entry("a.b")],
      "InvalidBatchEntryId: The Id of a batch entry in a batch request doesn't abide by the specification.",
    ],
    [
      "an id of 81 characters",
      [entry("a".repeat(81))],
      "InvalidBatchEntryId: The Id of a batch entry in a batch request doesn't abide by the specification.",
    ],
    [
      "too many bytes together",
      [entry("1", { Message: "x".repeat(200_000) }), entry("2", { Message: "x".repeat(62_145) })],
      "BatchRequestTooLong: The length of all the messages put together is more than the limit.",
    ],
    [
      "an attribute without a type",
      [entry("1"), entry("2", { MessageAttributes: mapOf({ a: { StringValue: "x" } }) })],
      "ValidationError: 1 validation error detected: Value null at " +
        "'publishBatchRequestEntries.2.member.messageAttributes.a.member.dataType' failed to satisfy constraint: " +
        "Member must not be null",
    ],
  ];

  test.each(faults)("%s fail all of it", async (_, entries, error) => {
    const topic = await desk.topic("orders");
    const queue = await desk.queue("queue");
    await desk.subscribe(topic, queue);
    const input = { TopicArn: topic, PublishBatchRequestEntries: entries };
    expect(await desk.error("PublishBatch", input)).toBe(error);
    expect(await desk.bodies(queue)).toEqual([]);
  });

  test("as many bytes together as one message may have are taken, and an id of 80 characters", async () => {
    const topic = await desk.topic("orders");
    const { Successful } = await publishBatch(topic, [
      entry("a".repeat(80), { Message: "x".repeat(200_000) }),
      entry("2", { Message: "x".repeat(62_144) }),
    ]);
    expect(Successful).toHaveLength(2);
  });
});

describe("a FIFO topic", () => {
  const group = { MessageGroupId: "g" };

  test("numbers its messages in 20 digits that rise, over single messages and batches", async () => {
    const topic = await desk.topic("orders.fifo", { ContentBasedDeduplication: "true" });
    const queue = await desk.queue("queue.fifo");
    await desk.subscribe(topic, queue);
    const first = await publish(topic, "1", group);
    const batch = await desk.answer<{ Successful: readonly { SequenceNumber: string }[] }>("PublishBatch", {
      TopicArn: topic,
      PublishBatchRequestEntries: ["2", "3"].map((Id) => ({ Id, Message: Id, ...group })),
    });
    const numbers = [first.SequenceNumber, ...batch.Successful.map(({ SequenceNumber }) => SequenceNumber)];
    expect(numbers).toEqual(["10000000000000000001", "10000000000000000002", "10000000000000000003"]);
    const bodies = (await desk.bodies(queue)).map((body) => JSON.parse(body));
    expect(bodies.map(({ SequenceNumber }) => SequenceNumber)).toEqual(numbers);
    expect(Object.keys(bodies[0] ?? {}).slice(0, 4)).toEqual([
      "Type",
      "MessageId",
      "SequenceNumber",
      "TopicArn",
    ]);
  });

  test("passes group and deduplication id on to FIFO queues, and neither to standard ones", async () => {
    const topic = await desk.topic("orders.fifo");
    const [fifo, standard] = [await desk.queue("queue.fifo"), await desk.queue("queue")];
    await desk.subscribe(topic, fifo);
    await desk.subscribe(topic, standard);
    await publish(topic, "x", { ...group, MessageDeduplicationId: "d" });
    expect((await desk.arrived(fifo))[0]?.ids).toEqual({ groupId: "g", dedupId: "d" });
    expect((await desk.arrived(standard))[0]?.ids).toEqual({});
  });

  test("knows a message without an id by its text, whatever the envelope is", async () => {
    const topic = await desk.topic("orders.fifo", { ContentBasedDeduplication: "true" });
    const queue = await desk.queue("queue.fifo");
    await desk.subscribe(topic, queue);
    await publish(topic, "Test", group);
    const sha256 = "532eaabd9574880dbf76b9b8cc00832c20a6ec113d682299550d7a6e0f345e25";
    expect((await desk.arrived(queue))[0]?.ids?.dedupId).toBe(sha256);
  });

  test("gives a message that a FIFO queue refuses to a FIFO dead-letter queue", async () => {
    const topic = await desk.topic("orders.fifo");
    const [closed, dead] = [await desk.queue("closed.fifo", { Policy: "" }), await desk.queue("dead.fifo")];
    await desk.subscribe(topic, closed, { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead }) });
    await publish(topic, "x", { ...group, MessageDeduplicationId: "d" });
    expect((await desk.arrived(dead))[0]?.ids).toEqual({ groupId: "g", dedupId: "d" });
  });

  const faults: [name: string, input: Readonly<Record<string, unknown>>, error: string][] = [
    ["a group", { MessageDeduplicationId: "d" }, "The MessageGroupId parameter is required for FIFO topics"],
    [
      "an id",
      group,
      "The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
    ],
    [
      "a well-formed group",
      { MessageGroupId: "a b", MessageDeduplicationId: "d" },
      "MessageGroupId Reason: MessageGroupId can only include alphanumeric and punctuation characters. 1 to 128 in length.",
    ],
  ];

  test.each(faults)("wants %s of a message", async (_, input, error) => {
    const topic = await desk.topic("orders.fifo");
    const given = { TopicArn: topic, Message: "x", ...input };
    expect(await desk.error("Publish", given)).toBe(`InvalidParameter: Invalid parameter: ${error}`);
  });

  test("alone takes a deduplication id", async () => {
    const topic = await desk.topic("orders");
    const input = { TopicArn: topic, Message: "x", MessageDeduplicationId: "d" };
    expect(await desk.error("Publish", input)).toBe(
      "InvalidParameter: Invalid parameter: MessageDeduplicationId Reason: The request includes " +
        "MessageDeduplicationId parameter that is not valid for this topic type",
    );
  });
});
