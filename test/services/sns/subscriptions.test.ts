import { beforeEach, describe, expect, test } from "vitest";
import { rootCaller } from "../../../src/auth/caller.ts";
import { limits } from "../../../src/queue/limits.ts";
import { mapOf, SnsDesk } from "./sns-desk.ts";

let desk: SnsDesk;
let topic: string;

beforeEach(async () => {
  desk = new SnsDesk();
  topic = await desk.topic("orders");
});

const queueArn = (name: string, account = "000000000000") => `arn:aws:sqs:us-east-1:${account}:${name}`;

const attributesOf = async (SubscriptionArn: string) => {
  const { Attributes } = await desk.answer<{ Attributes: ReadonlyMap<string, string> }>(
    "GetSubscriptionAttributes",
    { SubscriptionArn },
  );
  return Object.fromEntries(Attributes);
};

const set = (SubscriptionArn: string, AttributeName: string, AttributeValue?: string) => ({
  SubscriptionArn,
  AttributeName,
  AttributeValue,
});

const wanting = (Endpoint: string, attributes: Readonly<Record<string, string>> = {}) => ({
  TopicArn: topic,
  Protocol: "sqs",
  Endpoint,
  Attributes: mapOf(attributes),
});

describe("Subscribe", () => {
  test("subscribes a queue of the caller's account at once, whether it is there or not", async () => {
    const { SubscriptionArn } = await desk.answer<{ SubscriptionArn: string }>(
      "Subscribe",
      wanting(queueArn("q")),
    );
    expect(SubscriptionArn).toMatch(/^arn:aws:sns:us-east-1:000000000000:orders:[0-9a-f-]{36}$/);
    expect(await attributesOf(SubscriptionArn)).toEqual({
      ConfirmationWasAuthenticated: "true",
      Endpoint: queueArn("q"),
      Owner: "000000000000",
      PendingConfirmation: "false",
      Protocol: "sqs",
      RawMessageDelivery: "false",
      SubscriptionArn,
      SubscriptionPrincipal: "arn:aws:iam::000000000000:root",
      TopicArn: topic,
    });
    expect(await desk.answer("ListSubscriptionsByTopic", { TopicArn: topic })).toEqual({
      Subscriptions: [
        { SubscriptionArn, Owner: "000000000000", Protocol: "sqs", Endpoint: queueArn("q"), TopicArn: topic },
      ],
      NextToken: undefined,
    });
  });

  test("again answers the same subscription, as long as it has what is asked for", async () => {
    const first = await desk.subscribe(topic, queueArn("q"), { RawMessageDelivery: "True" });
    expect(await desk.subscribe(topic, queueArn("q"), { RawMessageDelivery: "true" })).toBe(first);
    expect(await desk.subscribe(topic, queueArn("q"))).toBe(first);
    for (const different of [{ RawMessageDelivery: "false" }, { FilterPolicy: '{"a":["b"]}' }]) {
      expect(await desk.error("Subscribe", wanting(queueArn("q"), different))).toBe(
        "InvalidParameter: Invalid parameter: Attributes Reason: Subscription already exists with different attributes",
      );
    }
    const filtered = await desk.subscribe(topic, queueArn("f"), { FilterPolicy: '{"a":["b"]}' });
    expect(await desk.subscribe(topic, queueArn("f"), { FilterPolicy: '{ "a" : ["b"] }' })).toBe(filtered);
  });

  test("of several at once makes one subscription", async () => {
    const arns = await Promise.all(["1", "2", "3"].map(() => desk.subscribe(topic, queueArn("q"))));
    expect(new Set(arns).size).toBe(1);
  });

  const faults: [input: Readonly<Record<string, unknown>>, error: string][] = [
    ...["http", "https", "email", "email-json", "sms", "lambda", "application", "firehose", "x"].map(
      (Protocol): [Readonly<Record<string, unknown>>, string] => [
        { Protocol },
        `Amazon SNS does not support this protocol string: ${Protocol}`,
      ],
    ),
    [{ Endpoint: "http://localhost:8787/000000000000/q" }, "SQS endpoint ARN"],
    [{ Endpoint: "arn:aws:sqs:us-east-1:000000000000:bad name" }, "SQS endpoint ARN"],
    [{ Endpoint: "arn:aws:sns:us-east-1:000000000000:q" }, "SQS endpoint ARN"],
    [{ Endpoint: undefined }, "SQS endpoint ARN"],
    [
      { Endpoint: queueArn("q.fifo") },
      "Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics",
    ],
    [
      { Attributes: mapOf({ RawMessageDelivery: "wrongvalue" }) },
      "Attributes Reason: RawMessageDelivery: Invalid value [wrongvalue]. Must be true or false.",
    ],
    [{ Attributes: mapOf({ Unknown: "1" }) }, "Attributes Reason: Unknown attribute: Unknown"],
    [
      { Attributes: mapOf({ FilterPolicy: '{"key":[["value"]]}' }) },
      "Attributes Reason: FilterPolicy: Match value must be String, number, true, false, or null",
    ],
    [
      { Attributes: mapOf({ FilterPolicy: '{"a":{"b":["c"]}}' }) },
      "Attributes Reason: Filter policy scope MessageAttributes does not support nested filter policy",
    ],
  ];

  test.each(faults)("%#: refuses %j", async (input, error) => {
    expect(await desk.error("Subscribe", { ...wanting(queueArn("q")), ...input })).toBe(
      `InvalidParameter: Invalid parameter: ${error}`,
    );
    expect(await desk.answer("ListSubscriptions", {})).toMatchObject({ Subscriptions: [] });
  });

  test("of a queue in another region delivers there", async () => {
    desk.region = "eu-west-1";
    const queue = await desk.queue("far");
    desk.region = "us-east-1";
    await desk.subscribe(topic, queue, { RawMessageDelivery: "true" });
    await desk.answer("Publish", { TopicArn: topic, Message: "x" });
    expect(await desk.bodies(queue)).toEqual(["x"]);
  });

  test("takes as many queues as a topic may have, and no more", async () => {
    const insert = desk.d1.prepare(
      `INSERT INTO subscriptions
       SELECT '000000000000', 'us-east-1', 'orders', 'id-' || value, '000000000000', '', 'e' || value, '{}', 0, NULL, NULL, 0
       FROM json_each(?1)`,
    );
    const numbers = Array.from({ length: limits.snsSubscriptionsPerTopic - 1 }, (_, index) => index);
    await insert.bind(JSON.stringify(numbers)).run();
    await desk.subscribe(topic, queueArn("last"));
    expect(await desk.error("Subscribe", wanting(queueArn("more")))).toBe(
      "SubscriptionLimitExceeded: A topic can have 2000 subscriptions.",
    );
    await desk.subscribe(topic, queueArn("last"));
  });

  test("takes as many filter policies as a topic may have, and no more", async () => {
    const FilterPolicy = '{"a":["b"]}';
    for (let index = 1; index < limits.snsFilterPoliciesPerTopic; index++) {
      await desk.subscribe(topic, queueArn(`q${index}`), { FilterPolicy });
    }
    const last = await desk.subscribe(topic, queueArn("last"), { FilterPolicy });
    const plain = await desk.subscribe(topic, queueArn("plain"));
    const full = "FilterPolicyLimitExceeded: A topic can have 200 filter policies.";
    expect(await desk.error("Subscribe", wanting(queueArn("more"), { FilterPolicy }))).toBe(full);
    expect(await desk.error("SetSubscriptionAttributes", set(plain, "FilterPolicy", FilterPolicy))).toBe(
      full,
    );
    await desk.answer("SetSubscriptionAttributes", set(last, "FilterPolicy", '{"a":["c"]}'));
    await desk.answer("SetSubscriptionAttributes", set(last, "FilterPolicy", ""));
    await desk.answer("SetSubscriptionAttributes", set(plain, "FilterPolicy", FilterPolicy));
  });
});

describe("SetSubscriptionAttributes", () => {
  let subscription: string;
  beforeEach(async () => {
    subscription = await desk.subscribe(topic, queueArn("q"));
  });

  test("sets and unsets", async () => {
    const redrive = JSON.stringify({ deadLetterTargetArn: queueArn("dead") });
    await desk.answer("SetSubscriptionAttributes", set(subscription, "RawMessageDelivery", "TRUE"));
    await desk.answer("SetSubscriptionAttributes", set(subscription, "FilterPolicy", '{"a":["b"]}'));
    await desk.answer("SetSubscriptionAttributes", set(subscription, "RedrivePolicy", redrive));
    expect(await attributesOf(subscription)).toMatchObject({
      RawMessageDelivery: "true",
      FilterPolicy: '{"a":["b"]}',
      FilterPolicyScope: "MessageAttributes",
      RedrivePolicy: redrive,
    });
    await desk.answer("SetSubscriptionAttributes", set(subscription, "FilterPolicy", "{}"));
    await desk.answer("SetSubscriptionAttributes", set(subscription, "RedrivePolicy", ""));
    const left = await attributesOf(subscription);
    expect(left).not.toHaveProperty("FilterPolicy");
    expect(left).not.toHaveProperty("FilterPolicyScope");
    expect(left).not.toHaveProperty("RedrivePolicy");
  });

  test("shows the scope of filter policies beside a filter policy alone", async () => {
    await desk.answer("SetSubscriptionAttributes", set(subscription, "FilterPolicyScope", "MessageBody"));
    expect(await attributesOf(subscription)).not.toHaveProperty("FilterPolicyScope");
    await desk.answer("SetSubscriptionAttributes", set(subscription, "FilterPolicy", '{"a":{"b":["c"]}}'));
    expect(await attributesOf(subscription)).toMatchObject({ FilterPolicyScope: "MessageBody" });
    expect(
      await desk.error(
        "SetSubscriptionAttributes",
        set(subscription, "FilterPolicyScope", "MessageAttributes"),
      ),
    ).toBe(
      "InvalidParameter: Invalid parameter: Filter policy scope MessageAttributes does not support nested filter policy",
    );
  });

  const faults: [name: string, value: string, error: string][] = [
    ["FakeAttribute", "x", "AttributeName"],
    ["Endpoint", "x", "AttributeName"],
    [
      "RawMessageDelivery",
      "test-ValUe",
      "RawMessageDelivery: Invalid value [test-ValUe]. Must be true or false.",
    ],
    ["RawMessageDelivery", "", "RawMessageDelivery: Invalid value []. Must be true or false."],
    [
      "FilterPolicyScope",
      "RandomValue",
      "FilterPolicyScope: Invalid value [RandomValue]. Please use either MessageBody or MessageAttributes",
    ],
    ["FilterPolicy", "{invalid", "FilterPolicy: failed to parse JSON."],
    ["RedrivePolicy", "{invalid", "RedrivePolicy: failed to parse JSON."],
    [
      "RedrivePolicy",
      '{"deadLetterTargetArn":"fake"}',
      "RedrivePolicy: deadLetterTargetArn is an invalid arn",
    ],
    ["RedrivePolicy", '{"a":1}', "RedrivePolicy: deadLetterTargetArn is an invalid arn"],
    [
      "RedrivePolicy",
      JSON.stringify({ deadLetterTargetArn: queueArn("dead", "111111111111") }),
      "RedrivePolicy: deadLetterTargetArn must be of the subscription's account and region",
    ],
    [
      "RedrivePolicy",
      JSON.stringify({ deadLetterTargetArn: queueArn("dead").replace("us-east-1", "us-west-2") }),
      "RedrivePolicy: deadLetterTargetArn must be of the subscription's account and region",
    ],
    [
      "RedrivePolicy",
      JSON.stringify({ deadLetterTargetArn: queueArn("dead.fifo") }),
      "RedrivePolicy: must use a standard queue as DLQ for a standard Subscription.",
    ],
  ];

  test.each(faults)("refuses %s %j", async (name, value, error) => {
    expect(await desk.error("SetSubscriptionAttributes", set(subscription, name, value))).toBe(
      `InvalidParameter: Invalid parameter: ${error}`,
    );
  });

  test("takes a RedrivePolicy of 2048 characters, however deep, and none of more", async () => {
    const sized = (length: number) => {
      const [start, end] = [`{"deadLetterTargetArn":"${queueArn("dead")}","x":`, "}"];
      const left = length - start.length - end.length - 1;
      return `${start}${"[".repeat(left / 2)}1${"]".repeat(left / 2)}${" ".repeat(left % 2)}${end}`;
    };
    await desk.answer("SetSubscriptionAttributes", set(subscription, "RedrivePolicy", sized(2048)));
    const other = { RedrivePolicy: sized(2048).replace("1]", "2]") };
    expect(await desk.error("Subscribe", wanting(queueArn("q"), other))).toContain("different attributes");
    expect(
      await desk.error("SetSubscriptionAttributes", set(subscription, "RedrivePolicy", sized(2049))),
    ).toBe("InvalidParameter: Invalid parameter: RedrivePolicy: failed to parse JSON.");
  });

  test("wants a FIFO dead-letter queue where a FIFO topic delivers to a FIFO queue", async () => {
    topic = await desk.topic("orders.fifo");
    const fifo = await desk.subscribe(topic, queueArn("q.fifo"));
    const standard = await desk.subscribe(topic, queueArn("q"));
    const redrive = (name: string) => JSON.stringify({ deadLetterTargetArn: queueArn(name) });
    expect(await desk.error("SetSubscriptionAttributes", set(fifo, "RedrivePolicy", redrive("dead")))).toBe(
      "InvalidParameter: Invalid parameter: RedrivePolicy: must use a FIFO queue as DLQ for a FIFO Subscription to a FIFO Topic.",
    );
    await desk.answer("SetSubscriptionAttributes", set(fifo, "RedrivePolicy", redrive("dead.fifo")));
    await desk.answer("SetSubscriptionAttributes", set(standard, "RedrivePolicy", redrive("dead")));
  });
});

describe("Unsubscribe", () => {
  test("ends a subscription, and again does nothing", async () => {
    const queue = await desk.queue("q");
    const SubscriptionArn = await desk.subscribe(topic, queue);
    await desk.answer("Unsubscribe", { SubscriptionArn });
    await desk.answer("Unsubscribe", { SubscriptionArn });
    await desk.answer("Publish", { TopicArn: topic, Message: "x" });
    expect(await desk.bodies(queue)).toEqual([]);
    const gone = "NotFound: Subscription does not exist";
    expect(await desk.error("GetSubscriptionAttributes", { SubscriptionArn })).toBe(gone);
    expect(
      await desk.error("SetSubscriptionAttributes", set(SubscriptionArn, "RawMessageDelivery", "true")),
    ).toBe(gone);
  });

  const arns: [arn: string, error: string][] = [
    ["randomstring", "SubscriptionArn Reason: An ARN must have at least 6 elements, not 1"],
    ["arn:aws:sns:us-east-1:random", "SubscriptionArn Reason: An ARN must have at least 6 elements, not 5"],
    ["arn:aws:sns:us-east-1:000000000000:orders", "SubscriptionId"],
    ["arn:aws:sns:us-east-1:000000000000:orders:x", "SubscriptionId"],
    ["arn:aws:sns:us-west-2:000000000000:orders:22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324", "SubscriptionArn"],
    ["", "SubscriptionArn Reason: no value for required parameter"],
  ];

  test.each(arns)("refuses %j", async (SubscriptionArn, error) => {
    expect(await desk.error("Unsubscribe", { SubscriptionArn })).toBe(
      `InvalidParameter: Invalid parameter: ${error}`,
    );
  });
});

describe("a queue of another account", () => {
  const stranger = rootCaller("111111111111", "other");
  let queue: string;

  beforeEach(async () => {
    const mine = desk.caller;
    desk.caller = stranger;
    queue = await desk.queue("theirs");
    desk.caller = mine;
  });

  const ask = async () => {
    const answer = await desk.answer<{ SubscriptionArn: string }>("Subscribe", wanting(queue));
    const asked = (await desk.bodies(queue)).map((body) => JSON.parse(body)).at(-1);
    return { answer, asked };
  };

  test("is asked, gets nothing until it has confirmed, and then everything", async () => {
    const { answer, asked } = await ask();
    expect(answer.SubscriptionArn).toBe("pending confirmation");
    expect(asked).toMatchObject({ Type: "SubscriptionConfirmation", TopicArn: topic });
    expect(Object.keys(asked)).toEqual(["Type", "MessageId", "Token", "TopicArn", "Message", "Timestamp"]);
    const { Subscriptions } = await desk.answer<{ Subscriptions: readonly object[] }>(
      "ListSubscriptions",
      {},
    );
    expect(Subscriptions).toMatchObject([{ SubscriptionArn: "PendingConfirmation", Endpoint: queue }]);
    await desk.answer("Publish", { TopicArn: topic, Message: "early" });
    expect(await desk.bodies(queue)).toHaveLength(1);

    const confirm = { TopicArn: topic, Token: asked.Token };
    const confirmed = await desk.answer<{ SubscriptionArn: string }>("ConfirmSubscription", confirm, {
      caller: stranger,
    });
    expect(await desk.answer("ConfirmSubscription", confirm, { caller: stranger })).toEqual(confirmed);
    expect(await attributesOf(confirmed.SubscriptionArn)).toMatchObject({
      PendingConfirmation: "false",
      Owner: "000000000000",
    });
    await desk.answer("Publish", { TopicArn: topic, Message: "late" });
    expect(await desk.bodies(queue)).toHaveLength(2);
  });

  test("is not asked if it does not let SNS send, and the subscription stays pending", async () => {
    desk.caller = stranger;
    queue = await desk.queue("closed", { Policy: "" });
    desk.caller = rootCaller("000000000000", "test");
    await desk.answer("Subscribe", wanting(queue));
    expect(await desk.bodies(queue)).toEqual([]);
    expect(await desk.answer("ListSubscriptions", {})).toMatchObject({
      Subscriptions: [{ SubscriptionArn: "PendingConfirmation" }],
    });
  });

  test("is asked anew with another token, and the former is no good any more", async () => {
    const first = await ask();
    const second = await ask();
    expect(second.asked.Token).not.toBe(first.asked.Token);
    const confirm = (Token: string) => ({ TopicArn: topic, Token });
    expect(await desk.error("ConfirmSubscription", confirm(first.asked.Token))).toBe(
      "InvalidParameter: Invalid token",
    );
    await desk.answer("ConfirmSubscription", confirm(second.asked.Token));
  });

  test("cannot confirm with a token that is too old, wrong, or another topic's", async () => {
    const { asked } = await ask();
    const other = await desk.topic("other");
    const confirm = (Token: string, TopicArn = topic) => ({ TopicArn, Token });
    const refused = "InvalidParameter: Invalid token";
    expect(await desk.error("ConfirmSubscription", confirm("0".repeat(64)))).toBe(refused);
    expect(await desk.error("ConfirmSubscription", confirm(asked.Token, other))).toBe(refused);
    expect(await desk.error("ConfirmSubscription", confirm("abc"))).toBe(
      "InvalidParameter: Invalid parameter: Token",
    );
    expect(await desk.error("ConfirmSubscription", confirm(asked.Token, `${topic}x:y`))).toBe(
      "InvalidParameter: Invalid parameter: Topic",
    );
    desk.nowMs += limits.snsConfirmationTokenMs;
    expect(await desk.error("ConfirmSubscription", confirm(asked.Token))).toBe(refused);
    desk.nowMs -= 1;
    await desk.answer("ConfirmSubscription", confirm(asked.Token));
  });

  test("is confirmed at once when its own account subscribes it, as it wants it to be", async () => {
    await desk.answer("Subscribe", { ...wanting(queue, { FilterPolicy: '{"a":["b"]}' }) });
    await desk.answer("AddPermission", {
      TopicArn: topic,
      Label: "theirs",
      AWSAccountId: ["111111111111"],
      ActionName: ["Subscribe"],
    });
    const { SubscriptionArn } = await desk.answer<{ SubscriptionArn: string }>(
      "Subscribe",
      wanting(queue, { RawMessageDelivery: "true" }),
      { caller: stranger },
    );
    const attributes = await attributesOf(SubscriptionArn);
    expect(attributes).toMatchObject({
      Owner: "111111111111",
      PendingConfirmation: "false",
      RawMessageDelivery: "true",
    });
    expect(attributes).not.toHaveProperty("FilterPolicy");
    await desk.answer("Publish", { TopicArn: topic, Message: "x" });
    expect((await desk.bodies(queue)).at(-1)).toBe("x");
  });

  test("keeps no token in the catalog", async () => {
    const { asked } = await ask();
    const { results } = await desk.d1.prepare("SELECT * FROM subscriptions").all();
    expect(JSON.stringify(results)).not.toContain(asked.Token);
  });
});
