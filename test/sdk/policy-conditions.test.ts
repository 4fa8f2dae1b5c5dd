import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunningServer } from "../../scripts/server.ts";
import { Accounts, type Key, nameOf, ours, policyOf, queueArn, theirs } from "../support/accounts.ts";
import { policyTo } from "../support/callers.ts";
import { rawCall } from "../support/raw-calls.ts";
import { faultOf } from "../support/sdks.ts";
import { startTestServer } from "../support/server.ts";

/** What conditions are told of a request: by whom, from where, how and about what. */

/** As an operator sets it whose own proxy tells the address. */
const IP_HEADER = "x-real-ip";

let server: RunningServer;
let accounts: Accounts;
/** May do nothing by policies of its own, and has a tag. */
let user: Key & { readonly name: string; readonly userId: string; readonly arn: string };

beforeAll(async () => {
  server = await startTestServer({ settings: { CLIENT_IP_HEADER: IP_HEADER } });
  accounts = await Accounts.on(server);
  user = await accounts.addUser({ tags: { team: "blue" } });
});
afterAll(() => server.stop());

const denied = { code: "AccessDenied", status: 403 };

/** A queue that everyone of whom the conditions hold may send to. */
async function queueWhere(Condition: object, Effect: "Allow" | "Deny" = "Allow"): Promise<string> {
  const statement = { Principal: "*", Action: "sqs:SendMessage", Resource: "*" };
  const open = { Effect: "Allow", ...statement };
  const conditional = { Effect, ...statement, Condition };
  return accounts.createQueue(undefined, {
    Policy: Effect === "Allow" ? policyOf(conditional) : policyOf(open, conditional),
  });
}

const sendRaw = async (QueueUrl: string, headers: Readonly<Record<string, string>> = {}, key: Key = user) => {
  const { status } = await rawCall(server.url, key, {
    action: "SendMessage",
    input: { QueueUrl, MessageBody: "x" },
    headers,
  });
  return status;
};

/** Each with requests that are let in, and with some that are not. */
interface Case {
  readonly where: string;
  readonly condition: object;
  readonly ins?: readonly Readonly<Record<string, string>>[];
  readonly outs?: readonly Readonly<Record<string, string>>[];
}

const from = (address: string) => ({ [IP_HEADER]: address });
const anything = [{}];
const recently = new Date(Date.now() - 60_000).toISOString();
const soon = new Date(Date.now() + 3_600_000).toISOString();
const epoch = (iso: string) => String(Math.floor(Date.parse(iso) / 1000));

const cases: readonly Case[] = [
  {
    where: "an address",
    condition: { IpAddress: { "aws:SourceIp": ["10.0.0.0/8", "2001:db8::/32"] } },
    ins: [from("10.255.0.1"), from("2001:db8::1"), from("::ffff:10.1.2.3")],
    outs: [
      ...[{}, from("11.0.0.1"), from(""), from("10.0.0.1, 11.0.0.1"), from("010.0.0.1"), from("10.0.0.0/8")],
      { "x-forwarded-for": "10.0.0.1" },
      { "cf-connecting-ip": "10.0.0.1" },
      { forwarded: "for=10.0.0.1" },
    ],
  },
  { where: "no secure transport", condition: { Bool: { "aws:SecureTransport": "false" } }, ins: anything },
  {
    where: "secure transport, which nobody can claim",
    condition: { Bool: { "aws:SecureTransport": "true" } },
    outs: [
      {},
      { "x-forwarded-proto": "https" },
      { forwarded: "proto=https" },
      { "cf-visitor": '{"scheme":"https"}' },
    ],
  },
  {
    where: "after an instant",
    condition: { DateGreaterThan: { "aws:CurrentTime": recently } },
    ins: anything,
  },
  { where: "after one to come", condition: { DateGreaterThan: { "aws:CurrentTime": soon } }, outs: anything },
  {
    where: "before an instant",
    condition: { DateLessThan: { "aws:CurrentTime": recently } },
    outs: anything,
  },
  { where: "before one to come", condition: { DateLessThan: { "aws:CurrentTime": soon } }, ins: anything },
  {
    where: "between two instants in seconds",
    condition: {
      NumericGreaterThan: { "aws:EpochTime": epoch(recently) },
      NumericLessThan: { "AWS:EPOCHTIME": epoch(soon) },
    },
    ins: anything,
  },
  {
    where: "a program",
    condition: { StringLike: { "aws:UserAgent": "reports/*" } },
    ins: [{ "user-agent": "reports/1.0 (x)" }],
    outs: [{}, { "user-agent": "Reports/1.0" }, { "user-agent": "x reports/1.0" }],
  },
  {
    where: "a page",
    condition: { StringEquals: { "aws:Referer": "https://example.com/" } },
    ins: [{ referer: "https://example.com/" }],
    outs: [{}, { referer: "https://example.com" }],
  },
  {
    where: "its region",
    condition: { StringEquals: { "aws:RequestedRegion": "us-east-1" } },
    ins: anything,
  },
  {
    where: "another region",
    condition: { StringEquals: { "aws:RequestedRegion": "eu-west-1" } },
    outs: anything,
  },
  {
    where: "the user's tag",
    condition: { StringEquals: { "aws:PrincipalTag/Team": "blue" } },
    ins: anything,
  },
  { where: "another tag", condition: { StringEquals: { "aws:PrincipalTag/team": "red" } }, outs: anything },
  {
    where: "the user's ARN",
    condition: { ArnLike: { "aws:PrincipalArn": `arn:aws:iam::${ours}:user/user-*` } },
    ins: anything,
  },
  {
    where: "another kind of ARN",
    condition: { ArnLike: { "aws:PrincipalArn": `arn:aws:iam::${ours}:role/*` } },
    outs: anything,
  },
  { where: "the account", condition: { StringEquals: { "aws:PrincipalAccount": ours } }, ins: anything },
  {
    where: "another account",
    condition: { StringEquals: { "aws:PrincipalAccount": theirs } },
    outs: anything,
  },
  { where: "a user", condition: { StringEquals: { "aws:PrincipalType": "User" } }, ins: anything },
  { where: "a long-lived key", condition: { Null: { "aws:TokenIssueTime": "true" } }, ins: anything },
  { where: "a session", condition: { Null: { "aws:TokenIssueTime": "false" } }, outs: anything },
  // Only a service says for whom it speaks.
  {
    where: "a topic, which no user is",
    condition: { ArnLike: { "aws:SourceArn": "arn:aws:sns:*:*:*" } },
    outs: [
      {},
      { "aws-sourcearn": `arn:aws:sns:us-east-1:${ours}:t` },
      { "x-amz-source-arn": "arn:aws:sns:a:b:c" },
    ],
  },
  {
    where: "a service's account, which no user has",
    condition: { StringEquals: { "aws:SourceAccount": ours } },
    outs: [{}, { "x-amz-source-account": ours }],
  },
  {
    where: "a service, which no user is",
    condition: { Bool: { "aws:PrincipalIsAWSService": "true" } },
    outs: anything,
  },
  // What is no condition key has no value, whatever JavaScript knows by that name.
  ...["constructor", "__proto__", "hasOwnProperty", "aws:constructor", "aws:PrincipalTag/__proto__"].map(
    (key): Case => ({
      where: `a key ${key} that there is not`,
      condition: JSON.parse(`{"StringLike":{"${key}":"*"}}`) as object,
      outs: anything,
    }),
  ),
  ...["constructor", "__proto__"].map(
    (key): Case => ({
      where: `a variable ${key} that there is not`,
      condition: { StringLike: { "aws:PrincipalType": `\${${key}}*` } },
      outs: anything,
    }),
  ),
];

describe("a statement holds for", () => {
  it.each(cases)("$where", async ({ condition, ins = [], outs = [] }) => {
    const url = await queueWhere(condition);
    for (const headers of ins) expect(await sendRaw(url, headers), JSON.stringify(headers)).toBe(200);
    for (const headers of outs) expect(await sendRaw(url, headers), JSON.stringify(headers)).toBe(403);
  });
});

describe("a denial holds", () => {
  it("from everywhere but its addresses, and from nowhere known", async () => {
    const url = await queueWhere({ NotIpAddress: { "aws:SourceIp": "10.0.0.0/8" } }, "Deny");
    expect(await sendRaw(url, from("10.0.0.1"))).toBe(200);
    for (const address of ["11.0.0.1", "::1", "unknown", "10.0.0.1, 10.0.0.2"]) {
      expect(await sendRaw(url, from(address)), address).toBe(403);
    }
    expect(await sendRaw(url)).toBe(403);
  });

  it("over what is not secure", async () => {
    const url = await queueWhere({ Bool: { "aws:SecureTransport": "false" } }, "Deny");
    expect(await sendRaw(url, { "x-forwarded-proto": "https" })).toBe(403);
  });
});

describe("a caller's own facts", () => {
  it("are those of now: a tag counts from the next request on", async () => {
    const url = await queueWhere({ StringEquals: { "aws:PrincipalTag/level": "7" } });
    const iam = accounts.iam();
    for (let round = 0; round < 2; round++) {
      expect(await sendRaw(url)).toBe(403);
      await iam.tagUser({ UserName: user.name, Tags: [{ Key: "level", Value: "7" }] });
      expect(await sendRaw(url)).toBe(200);
      await iam.untagUser({ UserName: user.name, TagKeys: ["level"] });
    }
    expect(await sendRaw(url)).toBe(403);
  });

  it("name a user by name and id, and a session by its role", async () => {
    const role = await accounts.addRole();
    const session = await accounts.assume(role);
    const named = await queueWhere({ StringEquals: { "aws:username": user.name } });
    const byId = await queueWhere({ StringEquals: { "aws:userid": user.userId } });
    const ofRole = await queueWhere({ ArnEquals: { "aws:PrincipalArn": role.arn } });
    const ofSession = await queueWhere({
      ArnEquals: { "aws:PrincipalArn": `arn:aws:sts::${ours}:assumed-role/${role.name}/one` },
    });
    const statuses = async (url: string) => [await sendRaw(url), await sendRaw(url, {}, session)];
    expect(await statuses(named)).toEqual([200, 403]);
    expect(await statuses(byId)).toEqual([200, 403]);
    expect(await statuses(ofRole)).toEqual([403, 200]);
    expect(await statuses(ofSession)).toEqual([403, 403]);
  });
});

describe("a queue's tags", () => {
  it("count from the next request on, in the queue's policy and in a user's", async () => {
    const Condition = { StringEquals: { "aws:ResourceTag/env": "test" } };
    const ofQueue = await queueWhere(Condition);
    const plain = await accounts.createQueue();
    const tester = await accounts.addUser({ policy: policyTo("Allow", "sqs:SendMessage", { Condition }) });
    const sqs = accounts.sqs();
    const statuses = async () => [await sendRaw(ofQueue), await sendRaw(plain, {}, tester)];
    for (let round = 0; round < 2; round++) {
      expect(await statuses()).toEqual([403, 403]);
      for (const QueueUrl of [ofQueue, plain]) await sqs.tagQueue({ QueueUrl, Tags: { Env: "test" } });
      expect(await statuses()).toEqual([200, 200]);
      for (const QueueUrl of [ofQueue, plain]) await sqs.tagQueue({ QueueUrl, Tags: { Env: "live" } });
      expect(await statuses()).toEqual([403, 403]);
      for (const QueueUrl of [ofQueue, plain]) await sqs.untagQueue({ QueueUrl, TagKeys: ["Env"] });
    }
  });
});

describe("a request's tags", () => {
  const condition = (more: object = {}) => ({
    StringEquals: { "aws:RequestTag/team": ["blue", "red"] },
    "ForAllValues:StringEquals": { "aws:TagKeys": ["team", "cost"] },
    ...more,
  });

  it("decide over TagQueue and CreateQueue", async () => {
    const tagger = accounts.sqs(
      await accounts.addUser({
        policy: policyTo("Allow", ["sqs:TagQueue", "sqs:CreateQueue"], { Condition: condition() }),
      }),
    );
    const url = await accounts.createQueue();
    const tag = (Tags: Record<string, string>) => tagger.tagQueue({ QueueUrl: url, Tags });
    const create = (tags: Record<string, string>) =>
      tagger.createQueue({ QueueName: accounts.fresh("tagged"), tags });
    const wrong = [
      { team: "green" },
      { team: "blue", other: "x" },
      { cost: "1" },
      JSON.parse('{"team":"blue","__proto__":"x"}') as Record<string, string>,
    ];
    for (const tags of wrong) {
      expect(await faultOf(tag(tags)), JSON.stringify(tags)).toMatchObject(denied);
      expect(await faultOf(create(tags)), JSON.stringify(tags)).toMatchObject(denied);
    }
    expect((await accounts.sqs().listQueueTags({ QueueUrl: url })).Tags).toBeUndefined();
    const { QueueUrls } = await accounts.sqs().listQueues({ QueueNamePrefix: "tagged" });
    expect(QueueUrls).toBeUndefined();
    await tag({ team: "blue", cost: "1" });
    const { QueueUrl } = await create({ team: "red" });
    expect((await accounts.sqs().listQueueTags({ QueueUrl })).Tags).toEqual({ team: "red" });
  });

  it("of CreateQueue take the permission to tag as well", async () => {
    const creator = accounts.sqs(await accounts.addUser({ policy: policyTo("Allow", "sqs:CreateQueue") }));
    const QueueName = accounts.fresh("untagged");
    expect(await faultOf(creator.createQueue({ QueueName, tags: { a: "b" } }))).toEqual({
      ...denied,
      message: expect.stringContaining(
        `perform: sqs:tagqueue on resource: ${queueArn(QueueName)} because no identity-based`,
      ),
    });
    const { QueueUrl } = await creator.createQueue({ QueueName });
    expect((await accounts.sqs().listQueueTags({ QueueUrl })).Tags).toBeUndefined();
  });

  it("decide over UntagQueue by their keys", async () => {
    const Condition = { "ForAnyValue:StringEquals": { "aws:TagKeys": "kept" } };
    const untagger = accounts.sqs(
      await accounts.addUser({
        policy: {
          Version: "2012-10-17",
          Statement: [
            { Effect: "Allow", Action: "sqs:UntagQueue", Resource: "*" },
            { Effect: "Deny", Action: "sqs:UntagQueue", Resource: "*", Condition },
          ],
        },
      }),
    );
    const url = await accounts.createQueue();
    await accounts.sqs().tagQueue({ QueueUrl: url, Tags: { kept: "1", other: "2" } });
    const untag = (...TagKeys: string[]) => untagger.untagQueue({ QueueUrl: url, TagKeys });
    expect(await faultOf(untag("other", "kept"))).toMatchObject(denied);
    await untag("other");
    expect((await accounts.sqs().listQueueTags({ QueueUrl: url })).Tags).toEqual({ kept: "1" });
  });
});

it("a user's name in a resource gives everyone queues of their own", async () => {
  const own = policyTo("Allow", "sqs:*", { Resource: `arn:aws:sqs:*:${ours}:\${aws:username}-*` });
  const [alice, bob] = [await accounts.addUser({ policy: own }), await accounts.addUser({ policy: own })];
  const { QueueUrl = "" } = await accounts.sqs(alice).createQueue({ QueueName: `${alice.name}-jobs` });
  expect(nameOf(QueueUrl)).toBe(`${alice.name}-jobs`);
  expect(await sendRaw(QueueUrl, {}, alice)).toBe(200);
  expect(await sendRaw(QueueUrl, {}, bob)).toBe(403);
  const inHerName = accounts.sqs(bob).createQueue({ QueueName: `${alice.name}-more` });
  expect(await faultOf(inHerName)).toMatchObject(denied);
  // A session has no user name: what the policy says of it, it says of nobody.
  const session = await accounts.assume(await accounts.addRole({ policy: own }));
  expect(await sendRaw(QueueUrl, {}, session)).toBe(403);
});
