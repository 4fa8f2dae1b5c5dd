import { beforeEach, describe, expect, test } from "vitest";
import { rootCaller } from "../../../src/auth/caller.ts";
import { limits } from "../../../src/queue/limits.ts";
import { mapOf, SnsDesk } from "./sns-desk.ts";

let desk: SnsDesk;

beforeEach(() => {
  desk = new SnsDesk();
});

const arnOf = (name: string) => `arn:aws:sns:us-east-1:000000000000:${name}`;

const attributesOf = async (TopicArn: string) => {
  const { Attributes } = await desk.answer<{ Attributes: ReadonlyMap<string, string> }>(
    "GetTopicAttributes",
    {
      TopicArn,
    },
  );
  return Object.fromEntries(Attributes);
};

const setAttribute = (TopicArn: string, AttributeName: string, AttributeValue: string) => ({
  TopicArn,
  AttributeName,
  AttributeValue,
});

describe("CreateTopic", () => {
  const names: [name: string, fifo: string | undefined, taken: boolean][] = [
    ["a", undefined, true],
    ["A-b_9", undefined, true],
    ["a".repeat(256), undefined, true],
    ["a".repeat(257), undefined, false],
    ["", undefined, false],
    ["a.b", undefined, false],
    ["a b", undefined, false],
    ["a:b", undefined, false],
    ["ä", undefined, false],
    ["a", "false", true],
    ["a.fifo", undefined, false],
    ["a.fifo", "false", false],
    ["a.fifo", "true", true],
    ["a.fifo", "TRUE", true],
    [`${"a".repeat(251)}.fifo`, "true", true],
    [`${"a".repeat(252)}.fifo`, "true", false],
    ["a", "true", false],
    [".fifo", "true", false],
    ["a", "yes", false],
  ];

  test.each(names)("of the name %j with FifoTopic %j is taken: %j", async (Name, fifo, taken) => {
    const Attributes = mapOf(fifo === undefined ? {} : { FifoTopic: fifo });
    const result = await desk.perform("CreateTopic", { Name, Attributes });
    expect(result.ok).toBe(taken);
    if (!result.ok) expect(result.error).toMatchObject({ code: "InvalidParameter", status: 400 });
    else expect(result.value).toEqual({ TopicArn: arnOf(Name) });
  });

  test("shows a new topic as SNS does", async () => {
    const topic = await desk.topic("orders");
    expect(await attributesOf(topic)).toEqual({
      DisplayName: "",
      EffectiveDeliveryPolicy: expect.stringContaining("defaultHealthyRetryPolicy"),
      Owner: "000000000000",
      Policy:
        '{"Version":"2008-10-17","Id":"__default_policy_ID","Statement":[{"Sid":"__default_statement_ID",' +
        '"Effect":"Allow","Principal":{"AWS":"*"},"Action":["SNS:GetTopicAttributes","SNS:SetTopicAttributes",' +
        '"SNS:AddPermission","SNS:RemovePermission","SNS:DeleteTopic","SNS:Subscribe",' +
        '"SNS:ListSubscriptionsByTopic","SNS:Publish"],"Resource":"arn:aws:sns:us-east-1:000000000000:orders",' +
        '"Condition":{"StringEquals":{"AWS:SourceOwner":"000000000000"}}}]}',
      SubscriptionsConfirmed: "0",
      SubscriptionsDeleted: "0",
      SubscriptionsPending: "0",
      TopicArn: topic,
    });
    expect(await attributesOf(await desk.topic("orders.fifo", { DisplayName: "x" }))).toMatchObject({
      FifoTopic: "true",
      ContentBasedDeduplication: "false",
      DisplayName: "x",
    });
  });

  test("again finds the topic, as long as it has what is asked for", async () => {
    const topic = await desk.topic("orders", { DisplayName: "first" });
    await desk.answer("SetTopicAttributes", setAttribute(topic, "DisplayName", "second"));
    expect(await desk.topic("orders")).toBe(topic);
    expect(await desk.topic("orders", { DisplayName: "second" })).toBe(topic);
    const Attributes = mapOf({ DisplayName: "first" });
    expect(await desk.error("CreateTopic", { Name: "orders", Attributes })).toBe(
      "InvalidParameter: Invalid parameter: Attributes Reason: Topic already exists with different attributes",
    );
    expect(await attributesOf(topic)).toMatchObject({ DisplayName: "second" });
  });

  test("again finds the topic, as long as it has the tags that are asked for", async () => {
    const create = (tags: Readonly<Record<string, string>>) => ({
      Name: "orders",
      Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
    });
    await desk.answer("CreateTopic", create({ a: "1", b: "2" }));
    await desk.answer("CreateTopic", create({ b: "2" }));
    await desk.answer("CreateTopic", create({}));
    for (const tags of [{ a: "2" }, { a: "1", c: "3" }]) {
      expect(await desk.error("CreateTopic", create(tags))).toBe(
        "InvalidParameter: Invalid parameter: Tags Reason: Topic already exists with different tags",
      );
    }
  });

  test("of several at once makes one topic", async () => {
    const made = await Promise.all(["1", "2", "3"].map(() => desk.topic("orders")));
    expect(new Set(made)).toEqual(new Set([arnOf("orders")]));
    const { Topics } = await desk.answer<{ Topics: readonly unknown[] }>("ListTopics", {});
    expect(Topics).toHaveLength(1);
  });

  test("has topics of its own in every region and account", async () => {
    await desk.topic("orders");
    desk.region = "cn-north-1";
    expect(await desk.topic("orders")).toBe("arn:aws-cn:sns:cn-north-1:000000000000:orders");
    desk.caller = rootCaller("111111111111", "other");
    expect(await desk.topic("orders")).toBe("arn:aws-cn:sns:cn-north-1:111111111111:orders");
  });
});

describe("SetTopicAttributes", () => {
  const table: [name: string, value: string, shown: string | undefined][] = [
    ["DisplayName", "x".repeat(100), "x".repeat(100)],
    ["SignatureVersion", "2", "2"],
    ["TracingConfig", "Active", "Active"],
    ["KmsMasterKeyId", "alias/aws/sns", "alias/aws/sns"],
    ["DeliveryPolicy", '{"http":{}}', '{"http":{}}'],
    ["SQSSuccessFeedbackSampleRate", "100", "100"],
    ["ContentBasedDeduplication", "True", "true"],
    ["FifoThroughputScope", "MessageGroup", "MessageGroup"],
  ];

  test.each(table)("keeps %s", async (name, value, shown) => {
    const topic = await desk.topic("orders.fifo");
    await desk.answer("SetTopicAttributes", setAttribute(topic, name, value));
    expect((await attributesOf(topic))[name]).toBe(shown);
  });

  test("takes away what is set to nothing", async () => {
    const topic = await desk.topic("orders", { DisplayName: "x", KmsMasterKeyId: "k", DeliveryPolicy: "{}" });
    for (const name of ["DisplayName", "KmsMasterKeyId", "DeliveryPolicy"]) {
      await desk.answer("SetTopicAttributes", setAttribute(topic, name, ""));
    }
    const { DisplayName, KmsMasterKeyId, DeliveryPolicy } = await attributesOf(topic);
    expect({ DisplayName, KmsMasterKeyId, DeliveryPolicy }).toEqual({ DisplayName: "" });
  });

  const faults: [name: string, value: string][] = [
    ["DisplayName", "x".repeat(101)],
    ["DisplayName", "a\nb"],
    ["FifoTopic", "false"],
    ["TopicArn", "x"],
    ["constructor", "x"],
    ["SignatureVersion", "3"],
    ["TracingConfig", "On"],
    ["ContentBasedDeduplication", "true"],
    ["KmsMasterKeyId", "x".repeat(2049)],
    ["DeliveryPolicy", "nothing"],
    ["Policy", ""],
    ["Policy", "{}"],
    ["Policy", "nothing"],
  ];

  test.each(faults)("refuses %s %j on a standard topic", async (name, value) => {
    const topic = await desk.topic("orders");
    const before = await attributesOf(topic);
    expect(await desk.error("SetTopicAttributes", setAttribute(topic, name, value))).toMatch(
      /^InvalidParameter: Invalid parameter: /,
    );
    expect(await attributesOf(topic)).toEqual(before);
  });

  test("refuses a policy about another service, or that names nobody", async () => {
    const topic = await desk.topic("orders");
    const policy = (statement: object) =>
      setAttribute(
        topic,
        "Policy",
        JSON.stringify({
          Version: "2012-10-17",
          Statement: {
            Effect: "Allow",
            Principal: "*",
            Action: "sns:Publish",
            Resource: topic,
            ...statement,
          },
        }),
      );
    await desk.answer("SetTopicAttributes", policy({}));
    await desk.answer("SetTopicAttributes", policy({ Action: ["SNS:Publish", "sns:Subscribe"] }));
    const error = (statement: object) => desk.error("SetTopicAttributes", policy(statement));
    expect(await error({ Action: "sqs:SendMessage" })).toBe(
      "InvalidParameter: Invalid parameter: Policy statement action out of service scope!",
    );
    expect(await error({ Principal: { AWS: "arn:aws:iam::000000000000:user/nobody" } })).toBe(
      "InvalidParameter: Invalid parameter: Policy Error: PrincipalNotFound",
    );
    expect(await error({ Principal: undefined })).toMatch(
      /^InvalidParameter: Invalid parameter: Policy Error: /,
    );
  });
});

describe("a topic that is not there", () => {
  const named = { TopicArn: arnOf("nowhere") };
  const calls: [action: string, input: Readonly<Record<string, unknown>>, error: string][] = [
    ["GetTopicAttributes", named, "NotFound: Topic does not exist"],
    ["SetTopicAttributes", { ...named, AttributeName: "DisplayName" }, "NotFound: Topic does not exist"],
    [
      "Subscribe",
      { ...named, Protocol: "sqs", Endpoint: "arn:aws:sqs:us-east-1:000000000000:q" },
      "NotFound: Topic does not exist",
    ],
    ["ListSubscriptionsByTopic", named, "NotFound: Topic does not exist"],
    ["Publish", { ...named, Message: "x" }, "NotFound: Topic does not exist"],
    [
      "PublishBatch",
      { ...named, PublishBatchRequestEntries: [{ Id: "1", Message: "x" }] },
      "NotFound: Topic does not exist",
    ],
    [
      "AddPermission",
      { ...named, Label: "l", AWSAccountId: ["111111111111"], ActionName: ["Publish"] },
      "NotFound: Topic does not exist",
    ],
    ["RemovePermission", { ...named, Label: "l" }, "NotFound: Topic does not exist"],
    ["TagResource", { ResourceArn: named.TopicArn, Tags: [] }, "ResourceNotFound: Resource does not exist"],
    [
      "UntagResource",
      { ResourceArn: named.TopicArn, TagKeys: ["a"] },
      "ResourceNotFound: Resource does not exist",
    ],
    ["ListTagsForResource", { ResourceArn: named.TopicArn }, "ResourceNotFound: Resource does not exist"],
  ];

  test.each(calls)("is not found by %s", async (action, input, error) => {
    expect(await desk.error(action, input)).toBe(error);
  });

  test("is deleted all the same", async () => {
    await desk.answer("DeleteTopic", named);
    const topic = await desk.topic("orders");
    await desk.answer("DeleteTopic", { TopicArn: topic });
    await desk.answer("DeleteTopic", { TopicArn: topic });
    expect(await desk.error("GetTopicAttributes", { TopicArn: topic })).toBe(
      "NotFound: Topic does not exist",
    );
  });

  test("takes its subscriptions with it: one that is made again has none", async () => {
    const topic = await desk.topic("orders");
    const queue = await desk.queue("queue");
    await desk.subscribe(topic, queue);
    await desk.answer("DeleteTopic", { TopicArn: topic });
    await desk.topic("orders");
    await desk.answer("Publish", { TopicArn: topic, Message: "x" });
    expect(await desk.bodies(queue)).toEqual([]);
    expect(await desk.answer("ListSubscriptions", {})).toMatchObject({ Subscriptions: [] });
  });
});

describe("the ARN of a topic", () => {
  const arns: [arn: string, reason: string][] = [
    ["randomstring", "TopicArn Reason: An ARN must have at least 6 elements, not 1"],
    ["randomstring:1", "TopicArn Reason: An ARN must have at least 6 elements, not 2"],
    ["", "TopicArn Reason: An ARN must have at least 6 elements, not 1"],
    ["arn:aws:sns:us-west-2:000000000000:orders", "TopicArn"],
    ["arn:aws:sqs:us-east-1:000000000000:orders", "TopicArn"],
    ["arn:aws-cn:sns:us-east-1:000000000000:orders", "TopicArn"],
    ["arn:aws:sns:us-east-1:0:orders", "TopicArn"],
    ["arn:aws:sns:us-east-1:000000000000:orders:", "TopicArn"],
    ["arn:aws:sns:us-east-1:000000000000:or*", "TopicArn"],
  ];

  test.each(arns)("%j is none of this endpoint's", async (TopicArn, reason) => {
    await desk.topic("orders");
    for (const action of ["GetTopicAttributes", "DeleteTopic", "Publish"]) {
      expect(await desk.error(action, { TopicArn, Message: "x" })).toBe(
        `InvalidParameter: Invalid parameter: ${reason}`,
      );
    }
  });
});

describe("what SNS has against a message", () => {
  const attribute = (name: string, value: object) => ({ MessageAttributes: mapOf({ [name]: value }) });
  const text = (StringValue: string) => ({ DataType: "String", StringValue });
  const invalid = (message: string) => `ParameterValueInvalid: ${message}`;
  const table: [input: Readonly<Record<string, unknown>>, error: string][] = [
    [{ Message: "" }, "InvalidParameter: Invalid parameter: Empty message"],
    [{ Message: "x".repeat(262_145) }, "InvalidParameter: Invalid parameter: Message too long"],
    [
      { Message: "x".repeat(262_137), ...attribute("a", text("x")) },
      "InvalidParameter: Invalid parameter: Message too long",
    ],
    [{ Subject: "" }, "InvalidParameter: Invalid parameter: Subject"],
    [{ Subject: "x".repeat(100) }, "InvalidParameter: Invalid parameter: Subject"],
    [{ Subject: "a\nb" }, "InvalidParameter: Invalid parameter: Subject"],
    [{ Subject: "ä" }, "InvalidParameter: Invalid parameter: Subject"],
    [{ Subject: " a" }, "InvalidParameter: Invalid parameter: Subject"],
    [{ MessageStructure: "xml" }, "InvalidParameter: Invalid parameter: MessageStructure"],
    [
      { MessageStructure: "json" },
      "InvalidParameter: Invalid parameter: Message Structure - JSON message body failed to parse",
    ],
    [
      { MessageStructure: "json", Message: '{"sqs":"x"}' },
      "InvalidParameter: Invalid parameter: Message Structure - No default entry in JSON message body",
    ],
    [
      { MessageStructure: "json", Message: '{"default":{"a":1}}' },
      "InvalidParameter: Invalid parameter: Message Structure - No default entry in JSON message body",
    ],
    [
      { MessageStructure: "json", Message: '{"default":"x","sqs":""}' },
      "InvalidParameter: Invalid parameter: Empty message",
    ],
    [
      attribute("attr1", text("")),
      invalid(
        "The message attribute 'attr1' must contain non-empty message attribute value for message attribute type 'String'.",
      ),
    ],
    [
      attribute("attr1", { DataType: "Binary", BinaryValue: new Uint8Array() }),
      invalid(
        "The message attribute 'attr1' must contain non-empty message attribute value for message attribute type 'Binary'.",
      ),
    ],
    [
      attribute("attr1", { StringValue: "x" }),
      "ValidationError: 1 validation error detected: Value null at 'messageAttributes.attr1.member.dataType' failed to satisfy constraint: Member must not be null",
    ],
    [
      attribute("attr1", { DataType: "String", BinaryValue: Uint8Array.of(1) }),
      invalid("The message attribute 'attr1' with type 'String' must use field 'String'."),
    ],
    [
      attribute("attr1", { DataType: "Number", BinaryValue: Uint8Array.of(1) }),
      invalid("The message attribute 'attr1' with type 'Number' must use field 'String'."),
    ],
    [
      attribute("attr1", { DataType: "Binary", StringValue: "x" }),
      invalid("The message attribute 'attr1' with type 'Binary' must use field 'Binary'."),
    ],
    [
      attribute("attr1", { DataType: "Number", StringValue: "x" }),
      invalid("Could not cast message attribute 'attr1' value to number."),
    ],
    ...["Stringprefixed", "string", "Array", ""].map(
      (DataType): [Readonly<Record<string, unknown>>, string] => [
        attribute("attr1", { DataType, StringValue: "x" }),
        invalid(
          "The message attribute 'attr1' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.",
        ),
      ],
    ),
    [
      attribute("a".repeat(257), text("x")),
      invalid("Length of message attribute name must be less than 256 bytes."),
    ],
    [
      attribute("a^", text("x")),
      invalid(
        "Invalid non-alphanumeric character '#x5E' was found in the message attribute name. Can only include alphanumeric characters, hyphens, underscores, or dots.",
      ),
    ],
    [
      attribute(".a", text("x")),
      invalid("Invalid message attribute name starting with character '.' was found."),
    ],
    [
      attribute("a.", text("x")),
      invalid("Invalid message attribute name ending with character '.' was found."),
    ],
    [attribute("a..b", text("x")), invalid("Message attribute name can not have successive '.' character.")],
    [attribute("", text("x")), invalid("The message attribute name must not be empty.")],
  ];

  test.each(table)("%#: it is told", async (input, error) => {
    const topic = await desk.topic("orders");
    expect(await desk.error("Publish", { TopicArn: topic, Message: "x", ...input })).toBe(error);
  });

  const taken: Readonly<Record<string, unknown>>[] = [
    { Message: "x".repeat(262_144) },
    { Message: "x".repeat(262_136), ...attribute("a", text("x")) },
    { Subject: "x".repeat(99) },
    { Subject: "!" },
    attribute("a".repeat(256), text("x")),
    attribute("a.b-c_D9", { DataType: "String.custom", StringValue: "x" }),
    attribute("a", { DataType: "Number.int", StringValue: "1e3" }),
    { MessageStructure: "json", Message: '{"default":"a","default":"b"}' },
  ];

  test.each(taken)("%#: nothing", async (input) => {
    const topic = await desk.topic("orders");
    await desk.answer("Publish", { TopicArn: topic, Message: "x", ...input });
  });

  test("wants a topic, by either name, and sends no text messages to telephones", async () => {
    const topic = await desk.topic("orders");
    await desk.answer("Publish", { TargetArn: topic, Message: "x" });
    expect(await desk.error("Publish", { Message: "x" })).toBe(
      "InvalidParameter: Invalid parameter: TopicArn or TargetArn Reason: no value for required parameter",
    );
    expect(await desk.error("Publish", { PhoneNumber: "+15551234567", Message: "x" })).toBe(
      "InvalidParameter: Invalid parameter: PhoneNumber Reason: +15551234567 is not valid to publish to",
    );
  });
});

describe("lists", () => {
  type TopicPage = { Topics: readonly { TopicArn: string }[]; NextToken?: string };
  type SubscriptionPage = { Subscriptions: readonly { Endpoint: string }[]; NextToken?: string };

  async function fill(count: number) {
    const arns: string[] = [];
    for (let index = 0; index < count; index++)
      arns.push(await desk.topic(`t${String(index).padStart(3, "0")}`));
    return arns;
  }

  test("topics by the hundred, in order, and none twice", async () => {
    const arns = await fill(limits.snsListPage);
    const all = await desk.answer<TopicPage>("ListTopics", {});
    expect(all.Topics.map(({ TopicArn }) => TopicArn)).toEqual(arns);
    expect(all.NextToken).toBeUndefined();
    const last = await desk.topic("z");
    const first = await desk.answer<TopicPage>("ListTopics", {});
    expect(first.Topics.map(({ TopicArn }) => TopicArn)).toEqual(arns);
    const second = await desk.answer<TopicPage>("ListTopics", { NextToken: first.NextToken });
    expect(second).toEqual({ Topics: [{ TopicArn: last }], NextToken: undefined });
  });

  test("subscriptions by the hundred, of a topic and of an account", async () => {
    const topic = await desk.topic("orders");
    const endpoints: string[] = [];
    for (let index = 0; index <= limits.snsListPage; index++) {
      const queue = `arn:aws:sqs:us-east-1:000000000000:q${index}`;
      await desk.subscribe(topic, queue);
      endpoints.push(queue);
    }
    for (const [action, input] of [
      ["ListSubscriptionsByTopic", { TopicArn: topic }],
      ["ListSubscriptions", {}],
    ] as const) {
      const first = await desk.answer<SubscriptionPage>(action, input);
      expect(first.Subscriptions).toHaveLength(limits.snsListPage);
      const second = await desk.answer<SubscriptionPage>(action, { ...input, NextToken: first.NextToken });
      expect(second.NextToken).toBeUndefined();
      const listed = [...first.Subscriptions, ...second.Subscriptions].map(({ Endpoint }) => Endpoint);
      expect(listed.sort()).toEqual(endpoints.sort());
    }
  });

  test("go on after a name of 2048 characters and of no more", async () => {
    const tokenOf = (length: number) =>
      Buffer.from(`1/topics/000000000000/us-east-1/${"a".repeat(length)}`).toString("base64url");
    await desk.answer("ListTopics", { NextToken: tokenOf(2048) });
    expect(await desk.error("ListTopics", { NextToken: tokenOf(2049) })).toBe(
      "InvalidParameter: Invalid parameter: NextToken",
    );
  });

  test("do not go on with the token of another list", async () => {
    await fill(limits.snsListPage + 1);
    const { NextToken } = await desk.answer<TopicPage>("ListTopics", {});
    const refused = "InvalidParameter: Invalid parameter: NextToken";
    expect(await desk.error("ListSubscriptions", { NextToken })).toBe(refused);
    expect(await desk.error("ListTopics", { NextToken: "AAAA" })).toBe(refused);
    expect(await desk.error("ListTopics", { NextToken: `${NextToken}=` })).toBe(refused);
    desk.region = "us-west-2";
    expect(await desk.error("ListTopics", { NextToken })).toBe(refused);
    desk.region = "us-east-1";
    desk.caller = rootCaller("111111111111", "other");
    expect(await desk.error("ListTopics", { NextToken })).toBe(refused);
  });
});

describe("tags", () => {
  const tagged = (ResourceArn: string, tags: Readonly<Record<string, string>>) => ({
    ResourceArn,
    Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
  });
  const tagsOf = async (ResourceArn: string) =>
    (
      await desk.answer<{ Tags: readonly { Key: string; Value: string }[] }>("ListTagsForResource", {
        ResourceArn,
      })
    ).Tags;

  test("are added, overwritten and taken away", async () => {
    const topic = await desk.topic("orders");
    await desk.answer("TagResource", tagged(topic, { a: "1", b: "2" }));
    await desk.answer("TagResource", tagged(topic, { b: "3", c: "" }));
    await desk.answer("UntagResource", { ResourceArn: topic, TagKeys: ["a", "absent"] });
    expect(await tagsOf(topic)).toEqual([
      { Key: "b", Value: "3" },
      { Key: "c", Value: "" },
    ]);
  });

  test("are fifty at most, each key once", async () => {
    const topic = await desk.topic("orders");
    const many = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, "v"]));
    const tooMany = "TagLimitExceeded: Could not complete request: tag quota of per resource exceeded";
    expect(await desk.error("TagResource", tagged(topic, many(51)))).toBe(tooMany);
    await desk.answer("TagResource", tagged(topic, many(50)));
    expect(await desk.error("TagResource", tagged(topic, { more: "1" }))).toBe(tooMany);
    await desk.answer("TagResource", tagged(topic, { k0: "changed" }));
    const twice = { Key: "k", Value: "v" };
    expect(await desk.error("TagResource", { ResourceArn: topic, Tags: [twice, twice] })).toBe(
      "InvalidParameter: Invalid parameter: Duplicated keys are not allowed.",
    );
    expect(await desk.error("TagResource", tagged(topic, { "aws:x": "1" }))).toMatch(
      /^InvalidParameter: Invalid parameter: Tags Reason: /,
    );
  });
});
