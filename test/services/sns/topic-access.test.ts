import { beforeEach, describe, expect, test } from "vitest";
import { type Caller, rootCaller } from "../../../src/auth/caller.ts";
import { policyTo, userCaller } from "../../support/callers.ts";
import { SnsDesk } from "./sns-desk.ts";

let desk: SnsDesk;
let topic: string;

beforeEach(async () => {
  desk = new SnsDesk();
  topic = await desk.topic("orders");
});

const account = "000000000000";
const policiesOf = (policy: object) => userCaller(account, "any", policy).policies;
const stranger = rootCaller("111111111111", "other");

const setPolicy = async (...statements: readonly object[]) => {
  const AttributeValue = JSON.stringify({
    Version: "2012-10-17",
    Statement: statements.map((statement) => ({
      Effect: "Allow",
      Principal: "*",
      Action: "sns:Publish",
      Resource: topic,
      ...statement,
    })),
  });
  await desk.answer("SetTopicAttributes", { TopicArn: topic, AttributeName: "Policy", AttributeValue });
};

/** Whether the caller may publish; the text of a refusal otherwise. */
const publishAs = async (caller: Caller): Promise<string> => {
  const result = await desk.perform("Publish", { TopicArn: topic, Message: "x" }, { caller });
  if (result.ok) return "allowed";
  expect(result.error).toMatchObject({ kind: "ServiceError", code: "AuthorizationError", status: 403 });
  return result.error.message;
};

const refusal = (who: string, action: string, resource: string, policies: string) =>
  `User: ${who} is not authorized to perform: SNS:${action} on resource: ${resource} ` +
  `because no ${policies} policy allows the SNS:${action} action`;

describe("a topic with SNS's default policy", () => {
  test("may be used by its account, by users whose own policies allow it, and by nobody of another", async () => {
    expect(await publishAs(rootCaller(account, "test"))).toBe("allowed");
    expect(await publishAs(userCaller(account, "able", policyTo("Allow", "sns:Publish")))).toBe("allowed");
    const unable = userCaller(account, "unable");
    expect(await publishAs(unable)).toBe(refusal(unable.arn, "Publish", topic, "identity-based"));
    expect(await publishAs(stranger)).toBe(refusal(stranger.arn, "Publish", topic, "resource-based"));
    expect(await publishAs(userCaller("111111111111", "able", policyTo("Allow", "sns:*")))).toContain(
      "no resource-based policy",
    );
  });

  test("is tagged and untagged only by who is allowed to: it does not speak of that", async () => {
    const input = { ResourceArn: topic, Tags: [{ Key: "a", Value: "b" }] };
    const caller = userCaller(account, "anyone");
    expect(await desk.error("TagResource", input, { caller })).toBe(
      `AuthorizationError: ${refusal(caller.arn, "TagResource", topic, "identity-based")}`,
    );
    await desk.answer("TagResource", input, {
      caller: userCaller(account, "able", policyTo("Allow", "sns:TagResource")),
    });
  });

  test("is not for a session that is limited to less", async () => {
    const able = userCaller(account, "able", policyTo("Allow", "*"));
    const limited = {
      ...able,
      kind: "role",
      sessionPolicies: policiesOf(policyTo("Allow", "sqs:*")),
    } as const;
    expect(await publishAs({ ...limited, sessionPolicies: able.policies })).toBe("allowed");
    expect(await publishAs(limited)).toContain("because no session policy allows");
  });

  test("is not for one whose own policies deny it", async () => {
    const denied = userCaller(account, "denied", policyTo("Deny", "sns:Publish"));
    expect(await publishAs(denied)).toContain("with an explicit deny in an identity-based policy");
  });
});

describe("a topic with a policy of its own", () => {
  test("is for those of its account alone whose own policies allow it, or whom it names", async () => {
    await desk.d1
      .prepare("INSERT INTO users VALUES (?1, 'named', 'AIDANAMEDXXXXXXXXXXXX', '/', 0, '{}')")
      .bind(account)
      .run();
    await setPolicy({ Principal: { AWS: `arn:aws:iam::${account}:user/named` } });
    expect(await publishAs(userCaller(account, "anyone"))).toContain("no identity-based policy");
    expect(await publishAs(userCaller(account, "able", policyTo("Allow", "sns:Publish")))).toBe("allowed");
    const named = { ...userCaller(account, "named"), userId: "AIDANAMEDXXXXXXXXXXXX" };
    expect(await publishAs(named)).toBe("allowed");
    // Deleted and made again under the same name, it is another one.
    expect(await publishAs({ ...named, userId: "AIDAANOTHERXXXXXXXXXX" })).toContain(
      "no identity-based policy",
    );
  });

  test("is for another account when both sides allow it", async () => {
    await setPolicy({ Principal: { AWS: "111111111111" } });
    expect(await publishAs(stranger)).toBe("allowed");
    expect(await publishAs(userCaller("111111111111", "unable"))).toContain("no identity-based policy");
    expect(await publishAs(userCaller("111111111111", "able", policyTo("Allow", "sns:Publish")))).toBe(
      "allowed",
    );
    expect(await publishAs(rootCaller("222222222222", "third"))).toContain("no resource-based policy");
  });

  test("denies what it denies to its own account's root, too", async () => {
    await setPolicy({}, { Effect: "Deny", Principal: { AWS: `arn:aws:iam::${account}:root` } });
    expect(await publishAs(rootCaller(account, "test"))).toContain(
      "with an explicit deny in a resource-based policy",
    );
  });

  test("may ask for a protocol and an endpoint of its subscribers", async () => {
    await setPolicy({
      Action: "sns:Subscribe",
      Condition: { StringEquals: { "sns:Protocol": "sqs" }, StringLike: { "sns:Endpoint": "*:allowed-*" } },
    });
    const caller = stranger;
    const subscribe = (name: string) => ({
      TopicArn: topic,
      Protocol: "sqs",
      Endpoint: `arn:aws:sqs:us-east-1:111111111111:${name}`,
    });
    await desk.answer("Subscribe", subscribe("allowed-1"), { caller });
    expect(await desk.error("Subscribe", subscribe("other"), { caller })).toContain("AuthorizationError");
  });

  test("may ask for tags of the topic", async () => {
    await desk.answer("TagResource", { ResourceArn: topic, Tags: [{ Key: "team", Value: "a" }] });
    await setPolicy({ Condition: { StringEquals: { "aws:ResourceTag/team": "a" } } });
    expect(await publishAs(stranger)).toBe("allowed");
    await desk.answer("TagResource", { ResourceArn: topic, Tags: [{ Key: "team", Value: "b" }] });
    expect(await publishAs(stranger)).toContain("no resource-based policy");
  });
});

describe("what does not exist", () => {
  test("looks to strangers like what they may not use", async () => {
    for (const TopicArn of [topic, `arn:aws:sns:us-east-1:${account}:nowhere`]) {
      for (const [action, name] of [
        ["Publish", "Publish"],
        ["GetTopicAttributes", "GetTopicAttributes"],
        ["DeleteTopic", "DeleteTopic"],
        ["ListSubscriptionsByTopic", "ListSubscriptionsByTopic"],
      ] as const) {
        expect(await desk.error(action, { TopicArn, Message: "x" }, { caller: stranger })).toBe(
          `AuthorizationError: ${refusal(stranger.arn, name, TopicArn, "resource-based")}`,
        );
      }
    }
    expect(await desk.answer("GetTopicAttributes", { TopicArn: topic })).toBeTruthy();
  });
});

describe("a subscription", () => {
  const set = (SubscriptionArn: string) => ({
    SubscriptionArn,
    AttributeName: "RawMessageDelivery",
    AttributeValue: "true",
  });

  test("is its owner's and the topic owner's, and nobody else's", async () => {
    await setPolicy({ Action: "sns:Subscribe" });
    const { SubscriptionArn } = await desk.answer<{ SubscriptionArn: string }>(
      "Subscribe",
      { TopicArn: topic, Protocol: "sqs", Endpoint: "arn:aws:sqs:us-east-1:111111111111:q" },
      { caller: stranger },
    );
    const third = rootCaller("222222222222", "third");
    for (const [action, input] of [
      ["GetSubscriptionAttributes", { SubscriptionArn }],
      ["SetSubscriptionAttributes", set(SubscriptionArn)],
      ["Unsubscribe", { SubscriptionArn }],
    ] as const) {
      expect(await desk.error(action, input, { caller: third })).toBe(
        `AuthorizationError: ${refusal(third.arn, action, SubscriptionArn, "resource-based")}`,
      );
    }
    await desk.answer("SetSubscriptionAttributes", set(SubscriptionArn), { caller: stranger });
    await desk.answer("GetSubscriptionAttributes", { SubscriptionArn });
    const listed = (caller: Caller) => desk.answer("ListSubscriptions", {}, { caller });
    expect(await listed(stranger)).toMatchObject({ Subscriptions: [{ SubscriptionArn }] });
    expect(await listed(third)).toMatchObject({ Subscriptions: [] });
    await desk.answer("Unsubscribe", { SubscriptionArn });
    expect(await listed(stranger)).toMatchObject({ Subscriptions: [] });
  });

  test("is not changed by a user without the permission", async () => {
    const SubscriptionArn = await desk.subscribe(topic, "arn:aws:sqs:us-east-1:000000000000:q");
    const caller = userCaller(account, "anyone");
    expect(await desk.error("SetSubscriptionAttributes", set(SubscriptionArn), { caller })).toContain(
      "no identity-based policy",
    );
    expect(await desk.error("Unsubscribe", { SubscriptionArn }, { caller })).toContain(
      "no identity-based policy",
    );
  });
});

describe("the account", () => {
  test("creates and lists for those who may", async () => {
    const caller = userCaller(account, "anyone");
    const everything = `arn:aws:sns:us-east-1:${account}:*`;
    for (const action of ["ListTopics", "ListSubscriptions"]) {
      expect(await desk.error(action, {}, { caller })).toBe(
        `AuthorizationError: ${refusal(caller.arn, action, everything, "identity-based")}`,
      );
    }
    expect(await desk.error("CreateTopic", { Name: "mine" }, { caller })).toContain("SNS:CreateTopic");
    const able = userCaller(account, "able", policyTo("Allow", ["sns:CreateTopic", "sns:List*"]));
    await desk.answer("CreateTopic", { Name: "mine" }, { caller: able });
    await desk.answer("ListTopics", {}, { caller: able });
    const tagged = { Name: "tagged", Tags: [{ Key: "a", Value: "b" }] };
    expect(await desk.error("CreateTopic", tagged, { caller: able })).toContain("SNS:TagResource");
  });
});

describe("AddPermission and RemovePermission", () => {
  const add = (Label: string, ActionName = ["Publish"], AWSAccountId = ["111111111111"]) => ({
    TopicArn: topic,
    Label,
    AWSAccountId,
    ActionName,
  });
  const statements = async () => {
    const { Attributes } = await desk.answer<{ Attributes: ReadonlyMap<string, string> }>(
      "GetTopicAttributes",
      {
        TopicArn: topic,
      },
    );
    return JSON.parse(Attributes.get("Policy") ?? "").Statement as readonly { readonly Sid: string }[];
  };

  test("let another account publish, and no more, beside the default statement", async () => {
    await desk.answer("AddPermission", add("one"));
    await desk.answer(
      "AddPermission",
      add("two", ["Publish", "Subscribe"], ["222222222222", "333333333333"]),
    );
    expect((await statements()).slice(1)).toEqual([
      {
        Sid: "one",
        Effect: "Allow",
        Principal: { AWS: "arn:aws:iam::111111111111:root" },
        Action: "SNS:Publish",
        Resource: topic,
      },
      {
        Sid: "two",
        Effect: "Allow",
        Principal: { AWS: ["arn:aws:iam::222222222222:root", "arn:aws:iam::333333333333:root"] },
        Action: ["SNS:Publish", "SNS:Subscribe"],
        Resource: topic,
      },
    ]);
    expect(await publishAs(stranger)).toBe("allowed");
    await desk.answer("RemovePermission", { TopicArn: topic, Label: "one" });
    expect(await publishAs(stranger)).toContain("no resource-based policy");
    await desk.answer("RemovePermission", { TopicArn: topic, Label: "unknown" });
    expect((await statements()).map(({ Sid }) => Sid)).toEqual(["__default_statement_ID", "two"]);
  });

  test("lose no statement when several are added at once", async () => {
    await Promise.all(["a", "b", "c", "d"].map((label) => desk.answer("AddPermission", add(label))));
    expect((await statements()).map(({ Sid }) => Sid).sort()).toEqual([
      "__default_statement_ID",
      "a",
      "b",
      "c",
      "d",
    ]);
  });

  const faults: [input: object, error: string][] = [
    [{ Label: "" }, "Label"],
    [{ AWSAccountId: [] }, "AWSAccountId"],
    [{ AWSAccountId: ["*"] }, "AWSAccountId"],
    [{ ActionName: [] }, "ActionName"],
    [{ ActionName: ["CreateTopic"] }, "Policy statement action out of service scope!"],
    [{ ActionName: ["*"] }, "Policy statement action out of service scope!"],
    [{ Label: "__default_statement_ID" }, "Statement already exists"],
  ];

  test.each(faults)("%#: %j is refused", async (input, error) => {
    expect(await desk.error("AddPermission", { ...add("one"), ...input })).toBe(
      `InvalidParameter: Invalid parameter: ${error}`,
    );
  });

  test("a topic's last statement stays", async () => {
    expect(await desk.error("RemovePermission", { TopicArn: topic, Label: "__default_statement_ID" })).toBe(
      "InvalidParameter: Invalid parameter: Policy Error: A policy must have a statement",
    );
  });
});
