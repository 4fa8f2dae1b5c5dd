import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { RunningServer } from "../../scripts/server.ts";
import { Accounts, type Key, ours, policyOf, theirs } from "../support/accounts.ts";
import { policyTo } from "../support/callers.ts";
import { answerOf, rawCall } from "../support/raw-calls.ts";
import { type Exchange, exchange, formExchange, jsonExchange, signed } from "../support/raw-http.ts";
import { faultOf } from "../support/sdks.ts";
import { startTestServer } from "../support/server.ts";
import { openVictim, type Victim } from "../support/victim.ts";

/*
 * What nobody writes by accident: names that look like others, more than there may be, what JavaScript or HTTP take for
 * something else. It comes from who may do everything, and is refused all the same; after each the queue that it was
 * about is what it was.
 */

let server: RunningServer;
let accounts: Accounts;
let victim: Victim;
let before: unknown;

beforeAll(async () => {
  server = await startTestServer();
  accounts = await Accounts.on(server);
  victim = await openVictim(accounts);
  before = await victim.everything();
});
afterAll(() => server.stop());
afterEach(async () => {
  expect(await victim.everything()).toEqual(before);
});

const region = "us-east-1";
const ask = async (wire: Exchange) => answerOf(await exchange(server.url, wire));
const signedBy = (key: Key, wire: Exchange) => signed(server.url, wire, { ...key, region });
const version = { Version: "2012-11-05" };

describe("names in other letters", () => {
  const asAdmin = (action: string, input: object) => rawCall(server.url, accounts.admin, { action, input });
  const noQueue = { status: 400, code: "AWS.SimpleQueueService.NonExistentQueue" };
  const unknown = (action: string) => ({
    status: 404,
    code: "UnknownOperation",
    message: `The action ${action} is not valid for this endpoint.`,
  });

  it.each(["purgequeue", "PURGEQUEUE", "PurgeQueue ", " PurgeQueue", "constructor", "__proto__", "toString"])(
    "are no action: '%s'",
    async (action) => {
      const wire = jsonExchange(action, { QueueUrl: victim.url });
      const target = wire.headers["x-amz-target"] ?? "";
      // HTTP knows no blanks around a header.
      if (target.trim() === target) {
        expect(await ask(signedBy(accounts.admin, wire))).toEqual(unknown(action));
      }
      const form = formExchange({ ...version, Action: action, QueueUrl: victim.url });
      expect(await ask(signedBy(accounts.admin, form))).toEqual({
        status: 400,
        code: "InvalidAction",
        message: `The action ${action} is not valid for this endpoint.`,
      });
    },
  );

  it.each([
    "amazonsqs.PurgeQueue",
    "AmazonSQSPurgeQueue",
    "AmazonSQS.",
    "PurgeQueue",
    "AmazonSQS..PurgeQueue",
  ])("are no target: %s", async (target) => {
    const wire = jsonExchange("PurgeQueue", { QueueUrl: victim.url });
    const headers = { ...wire.headers, "x-amz-target": target };
    expect(await ask(signedBy(accounts.admin, { ...wire, headers }))).toMatchObject({
      status: 404,
      code: "UnknownOperation",
    });
  });

  it.each([
    "Victim",
    "victim ",
    "victim\u0000",
    "ｖictim",
    "vіctim",
    "victim\u200b",
    "/０００００００００００0/victim",
    "/00000000000/victim",
    "/0000000000000/victim",
    "/ 00000000000/victim",
    "/000000000000/victim/..",
    "/000000000000/victim%2Fx",
    "/000000000000%2Fvictim",
    "/000000000000/%2e%2e/victim",
    "/000000000000/vic%2574im",
    "\\000000000000\\victim",
    "/000000000000/victim;x",
  ])("are no queue: '%s'", async (QueueUrl) => {
    expect(await asAdmin("PurgeQueue", { QueueUrl })).toMatchObject(noQueue);
  });

  it("are no account of a queue's owner", async () => {
    for (const account of ["０００００００００００0", " 00000000000", "00000000000", "constructor"]) {
      const input = { QueueName: "victim", QueueOwnerAWSAccountId: account };
      expect(await asAdmin("GetQueueUrl", input), account).toMatchObject(noQueue);
    }
  });
});

describe("too much of something", () => {
  const asAdmin = (action: string, input: object) => rawCall(server.url, accounts.admin, { action, input });
  it("is a body over 8 MiB, signed or not, announced or not", async () => {
    const chunked = { "transfer-encoding": "chunked" };
    const wire = jsonExchange("PurgeQueue", " ".repeat(8_388_609));
    for (const sent of [wire, signedBy(accounts.admin, wire)]) {
      expect(await ask({ ...sent, headers: { ...sent.headers, ...chunked } })).toEqual({
        status: 413,
        code: "RequestEntityTooLarge",
        message: "A request may have at most 8388608 bytes.",
      });
    }
    const announced = { ...wire.headers, "content-length": "8388609" };
    expect(await ask({ ...wire, headers: announced, body: "{" })).toMatchObject({ status: 413 });
    const fits = signedBy(accounts.admin, jsonExchange("PurgeQueue", " ".repeat(8_388_608)));
    expect(await ask(fits)).toMatchObject({ status: 400, code: "MalformedInput" });
  });

  it("is a form of more than 10,000 parameters", async () => {
    const wire = formExchange({ ...version, Action: "PurgeQueue", QueueUrl: victim.url });
    const body = `${"a&".repeat(10_001)}${wire.body}`;
    expect(await ask(signedBy(accounts.admin, { ...wire, body }))).toEqual({
      status: 404,
      code: "MalformedQueryString",
      message: "The query string contains a syntax error.",
    });
  });

  it("is a form parameter of too many parts, which is none", async () => {
    const parameters = { ...version, Action: "PurgeQueue", [`${"a.".repeat(50_000)}b`]: "1" };
    const answer = await ask(signedBy(accounts.admin, formExchange(parameters)));
    expect(answer).toMatchObject({ status: 400, code: "MissingParameter" });
  });

  it("is JSON that is deeper than anything can be", async () => {
    for (const deep of ["[", '{"QueueUrl":']) {
      const answer = await ask(signedBy(accounts.admin, jsonExchange("PurgeQueue", deep.repeat(500_000))));
      expect(answer).toMatchObject({ status: 400, code: "MalformedInput" });
    }
    const closed = `{"QueueUrl":${"[".repeat(200_000)}${"]".repeat(200_000)}}`;
    expect(await ask(signedBy(accounts.admin, jsonExchange("PurgeQueue", closed)))).toMatchObject({
      status: 400,
      code: "MalformedInput",
    });
  });

  it("is a queue URL, a handle or a credential of a megabyte", async () => {
    const long = "x".repeat(1_000_000);
    expect(await asAdmin("PurgeQueue", { QueueUrl: long })).toMatchObject({
      code: "AWS.SimpleQueueService.NonExistentQueue",
    });
    const input = { QueueUrl: victim.url, ReceiptHandle: long };
    expect(await asAdmin("DeleteMessage", input)).toMatchObject({ code: "ReceiptHandleIsInvalid" });
    const wire = signedBy(accounts.admin, jsonExchange("PurgeQueue", { QueueUrl: victim.url }));
    const authorization = `AWS4-HMAC-SHA256 Credential=${"A".repeat(30_000)}/20261122/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=0`;
    const answer = await ask({ ...wire, headers: { ...wire.headers, authorization } });
    expect([400, 403, 431]).toContain(answer.status);
  });

  it("is a 51st tag, and a tag of 129 or 257 characters", async () => {
    const tags = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, "v"]));
    const refused = [tags(51), tags(50), { ["k".repeat(129)]: "v" }, { k: "v".repeat(257) }];
    for (const Tags of refused) {
      expect(await asAdmin("TagQueue", { QueueUrl: victim.url, Tags })).toMatchObject({
        status: 400,
        code: "InvalidParameterValue",
      });
    }
  });

  it("is a pattern that takes long to match, which is decided all the same", async () => {
    const patterns = ["*a".repeat(900), `*${"?a".repeat(900)}b`, `${"a?".repeat(900)}*b`, "?*".repeat(900)];
    for (const pattern of patterns) {
      const Condition = { StringLike: { "aws:UserAgent": [`${pattern}!`] } };
      const user = await accounts.addUser({ policy: policyTo("Allow", "sqs:*", { Condition }) });
      const answer = await rawCall(server.url, user, {
        action: "PurgeQueue",
        input: { QueueUrl: victim.url },
        headers: { "user-agent": "a".repeat(8000) },
      });
      expect(answer).toMatchObject({ status: 403, code: "AccessDenied" });
    }
    const Resource = `${"*?".repeat(4000)}x`;
    const Policy = policyOf({ Effect: "Allow", Principal: "*", Action: "sqs:*", Resource });
    expect(
      await asAdmin("SetQueueAttributes", { QueueUrl: victim.url, Attributes: { Policy } }),
    ).toMatchObject({
      code: "InvalidAttributeValue",
    });
  });
});

describe("names that JavaScript knows", () => {
  const raw = (action: string, body: string) => ask(signedBy(accounts.admin, jsonExchange(action, body)));
  const missing = (name: string) => ({
    status: 400,
    code: "MissingParameter",
    message: `The request must contain the parameter ${name}.`,
  });

  it("are no members of a request", async () => {
    const url = JSON.stringify({ QueueUrl: victim.url });
    expect(await raw("PurgeQueue", `{"__proto__":${url}}`)).toEqual(missing("QueueUrl"));
    expect(await raw("PurgeQueue", `{"constructor":{"prototype":${url}}}`)).toEqual(missing("QueueUrl"));
    const form = formExchange({ ...version, Action: "PurgeQueue", "__proto__.QueueUrl": victim.url });
    expect(await ask(signedBy(accounts.admin, form))).toEqual(missing("QueueUrl"));
    // And are none of any that comes after.
    expect(await raw("PurgeQueue", "{}")).toEqual(missing("QueueUrl"));
  });

  it.each(["__proto__", "constructor", "toString", "hasOwnProperty"])(
    "are no attribute: %s",
    async (name) => {
      const unknown = { status: 400, code: "InvalidAttributeName", message: `Unknown Attribute ${name}.` };
      const set = `{"QueueUrl":"victim","Attributes":{"${name}":"1"}}`;
      expect(await raw("SetQueueAttributes", set)).toEqual(unknown);
      const create = `{"QueueName":"${name}","Attributes":{"${name}":"1"}}`;
      expect(await raw("CreateQueue", create)).toEqual(unknown);
      const get = `{"QueueUrl":"victim","AttributeNames":["${name}"]}`;
      expect(await raw("GetQueueAttributes", get)).toEqual(unknown);
      const receive = `{"QueueUrl":"victim","MessageSystemAttributeNames":["${name}"]}`;
      expect(await raw("ReceiveMessage", receive)).toEqual(unknown);
      const form = { ...version, Action: "SetQueueAttributes", QueueUrl: victim.url };
      const wire = formExchange({ ...form, "Attribute.1.Name": name, "Attribute.1.Value": "1" });
      expect(await ask(signedBy(accounts.admin, wire))).toEqual(unknown);
    },
  );

  it("are tags and attributes of a message like any others", async () => {
    const QueueUrl = await accounts.createQueue();
    const tags = JSON.parse('{"__proto__":"a","constructor":"b"}') as Record<string, string>;
    await accounts.sqs().tagQueue({ QueueUrl, Tags: tags });
    const listed = await raw("ListQueueTags", JSON.stringify({ QueueUrl }));
    expect(listed.message).toBe('{"Tags":{"__proto__":"a","constructor":"b"}}');
    const attribute = '{"DataType":"String","StringValue":"x"}';
    const message = `{"QueueUrl":"${QueueUrl}","MessageBody":"b","MessageAttributes":{"__proto__":${attribute}}}`;
    expect(await raw("SendMessage", message)).toMatchObject({ status: 200 });
    const received = await raw(
      "ReceiveMessage",
      JSON.stringify({ QueueUrl, MessageAttributeNames: ["All"] }),
    );
    expect(received.message).toContain('"MessageAttributes":{"__proto__":{"StringValue":"x"');
  });
});

describe("what is said of a message by its sender", () => {
  it.each([
    "SenderId",
    "SentTimestamp",
    "ApproximateReceiveCount",
    "SequenceNumber",
    "DeadLetterQueueSourceArn",
    "__proto__",
  ])("is not its %s", async (name) => {
    const system = JSON.parse(`{"${name}":{"DataType":"String","StringValue":"1"}}`) as object;
    const input = { QueueUrl: victim.url, MessageBody: "x" };
    const fault = {
      code: "InvalidParameterValue",
      message: `Message system attribute name '${name}' is invalid.`,
    };
    const alone = { ...input, MessageSystemAttributes: system };
    expect(await rawCall(server.url, accounts.admin, { action: "SendMessage", input: alone })).toEqual({
      ...fault,
      status: 400,
    });
    const Entries = [{ Id: "1", MessageBody: "x", MessageSystemAttributes: system }];
    const batch = await rawCall(server.url, accounts.admin, {
      action: "SendMessageBatch",
      input: { QueueUrl: victim.url, Entries },
    });
    expect(JSON.parse(batch.message)).toEqual({
      Failed: [{ Id: "1", SenderFault: true, Code: fault.code, Message: fault.message }],
    });
  });
});

describe("breaks in a line", () => {
  const broken = "a\r\nx-injected: 1\r\n\r\n<b>&";

  it.each<[action: string, input: object]>([
    ["CreateQueue", { QueueName: broken }],
    ["GetQueueUrl", { QueueName: broken }],
    ["PurgeQueue", { QueueUrl: `/${ours}/${broken}` }],
    [
      "AddPermission",
      { QueueUrl: "victim", Label: broken, AWSAccountIds: [theirs], Actions: ["SendMessage"] },
    ],
    ["RemovePermission", { QueueUrl: "victim", Label: broken }],
    ["TagQueue", { QueueUrl: "victim", Tags: { [broken]: "x" } }],
    ["TagQueue", { QueueUrl: "victim", Tags: { x: broken } }],
    ["SetQueueAttributes", { QueueUrl: "victim", Attributes: { [broken]: "1" } }],
    ["DeleteMessage", { QueueUrl: "victim", ReceiptHandle: broken }],
    ["StartMessageMoveTask", { SourceArn: `arn:aws:sqs:us-east-1:${ours}:${broken}` }],
    ["CancelMessageMoveTask", { TaskHandle: broken }],
  ])("end up in no header: %s %j", async (action, input) => {
    const wire = signedBy(accounts.admin, jsonExchange(action, input));
    const answer = await exchange(server.url, wire);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
    expect(answer.headers["x-injected"]).toBeUndefined();
    expect(JSON.stringify(answer.headers)).not.toContain("injected");
  });

  it("and angle brackets end up in no element of an answer", async () => {
    const wire = formExchange({ ...version, Action: broken });
    const answer = await exchange(server.url, signedBy(accounts.admin, wire));
    expect(answer.body).toContain("<Code>InvalidAction</Code>");
    expect(answer.body).toContain("&lt;b&gt;&amp;");
    expect(answer.body).not.toContain("<b>");
  });
});

it("nothing of what was tried made a queue", async () => {
  const { QueueUrls = [] } = await accounts.sqs().listQueues({});
  const known = /\/(?:victim|queue-\d+|replay\.fifo)$/;
  expect(QueueUrls.filter((url) => !known.test(url))).toEqual([]);
  expect(await faultOf(accounts.sqs().getQueueUrl({ QueueName: "constructor" }))).toMatchObject({
    code: "AWS.SimpleQueueService.NonExistentQueue",
  });
});
