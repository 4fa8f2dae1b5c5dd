import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunningServer } from "../../scripts/server.ts";
import { failureOf, faultOf, type Sqs, sdks } from "../support/sdks.ts";
import { startTestServer } from "../support/server.ts";

let server: RunningServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

describe.each(sdks)("queues through the $name SDK", (sdk) => {
  let sqs: Sqs;
  let queues = 0;
  beforeAll(() => {
    sqs = sdk.connect(server.url);
  });

  const freshName = () => `${sdk.name}-${++queues}`;

  async function createQueue(attributes: Record<string, string> = {}): Promise<string> {
    const { QueueUrl } = await sqs.createQueue({ QueueName: freshName(), Attributes: attributes });
    return QueueUrl ?? "";
  }

  const attributesOf = async (url: string, ...names: string[]) =>
    (await sqs.getQueueAttributes({ QueueUrl: url, AttributeNames: names as "All"[] })).Attributes;

  describe("CreateQueue", () => {
    it("answers with a URL on the host that was called", async () => {
      const name = freshName();
      expect((await sqs.createQueue({ QueueName: name })).QueueUrl).toBe(
        `${server.url}/000000000000/${name}`,
      );
    });

    it("finds the queue again when the attributes that it names are the same", async () => {
      const name = freshName();
      const first = await sqs.createQueue({ QueueName: name, Attributes: { DelaySeconds: "7" } });
      for (const attributes of [{}, { DelaySeconds: "7" }, { DelaySeconds: "7", VisibilityTimeout: "30" }]) {
        const again = await sqs.createQueue({ QueueName: name, Attributes: attributes });
        expect(again.QueueUrl).toBe(first.QueueUrl);
      }
    });

    it("refuses another value for an attribute of a queue that exists", async () => {
      const name = freshName();
      await sqs.createQueue({ QueueName: name });
      const attributes = { VisibilityTimeout: "30", DelaySeconds: "1" };
      expect(await faultOf(sqs.createQueue({ QueueName: name, Attributes: attributes }))).toEqual({
        code: "QueueAlreadyExists",
        status: 400,
        message: "A queue already exists with the same name and a different value for attribute DelaySeconds",
      });
    });

    it.each([
      ["81 characters", "a".repeat(81)],
      ["a dot", "a.b"],
      ["a space", "a b"],
      ["a letter beyond ASCII", "\u00fc"],
      ["the suffix of FIFO queues without their attribute", "a.fifo"],
    ])("refuses a name with %s", async (_, name) => {
      expect(await faultOf(sqs.createQueue({ QueueName: name }))).toEqual({
        code: "InvalidParameterValue",
        status: 400,
        message: "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length",
      });
    });

    it("takes a name of 80 characters", async () => {
      const name = `${sdk.name}_-`.padEnd(80, "9");
      expect((await sqs.createQueue({ QueueName: name })).QueueUrl).toMatch(new RegExp(`/${name}$`));
    });

    it("refuses an attribute that it does not know, and creates nothing", async () => {
      const name = freshName();
      const attributes: Record<string, string> = { Delay: "1" };
      expect(await faultOf(sqs.createQueue({ QueueName: name, Attributes: attributes }))).toEqual({
        code: "InvalidAttributeName",
        status: 400,
        message: "Unknown Attribute Delay.",
      });
      expect((await faultOf(sqs.getQueueUrl({ QueueName: name }))).code).toBe(nonExistent);
    });
  });

  describe("GetQueueUrl", () => {
    it("finds a queue, also when its owner is named", async () => {
      const url = await createQueue();
      const name = url.slice(url.lastIndexOf("/") + 1);
      expect((await sqs.getQueueUrl({ QueueName: name })).QueueUrl).toBe(url);
      const own = await sqs.getQueueUrl({ QueueName: name, QueueOwnerAWSAccountId: "000000000000" });
      expect(own.QueueUrl).toBe(url);
    });

    it("throws the SDK's own exception when there is no such queue", async () => {
      const call = sqs.getQueueUrl({ QueueName: "nowhere" });
      expect(await failureOf(call)).toBeInstanceOf(sdk.module.QueueDoesNotExist);
      expect(await faultOf(sqs.getQueueUrl({ QueueName: "nowhere" }))).toEqual({
        code: nonExistent,
        status: 400,
        message: "The specified queue does not exist or you do not have access to it.",
      });
    });

    it("does not tell whether another account has the queue", async () => {
      const url = await createQueue();
      const name = url.slice(url.lastIndexOf("/") + 1);
      const call = sqs.getQueueUrl({ QueueName: name, QueueOwnerAWSAccountId: "111111111111" });
      expect((await faultOf(call)).code).toBe(nonExistent);
    });
  });

  describe("ListQueues", () => {
    it("gives the queues of a prefix, which is taken by the letter", async () => {
      const urls: string[] = [];
      for (const name of ["List-b", "List-a", "List_a", "list-a"]) {
        const { QueueUrl = "" } = await sqs.createQueue({ QueueName: `${sdk.name}${name}` });
        urls.push(QueueUrl);
      }
      const [b, a] = urls;
      const list = async (prefix: string) => (await sqs.listQueues({ QueueNamePrefix: prefix })).QueueUrls;
      expect(await list(`${sdk.name}List-`)).toEqual([a, b]);
      expect(await list(`${sdk.name}List-b`)).toEqual([b]);
      expect(await list(`${sdk.name}List%`)).toBeUndefined();
    });

    it("pages through all queues once, and ends", async () => {
      const names = Array.from({ length: 7 }, (_, i) => `${sdk.name}Page${i}`);
      for (const name of names) await sqs.createQueue({ QueueName: name });
      const pages: number[] = [];
      const seen: string[] = [];
      const paginator = sdk.module.paginateListQueues(
        { client: sqs, pageSize: 3 },
        { QueueNamePrefix: `${sdk.name}Page` },
      );
      for await (const { QueueUrls = [] } of paginator) {
        pages.push(QueueUrls.length);
        seen.push(...QueueUrls);
      }
      expect(pages).toEqual([3, 3, 1]);
      expect(seen).toEqual(names.map((name) => `${server.url}/000000000000/${name}`));
    });

    it("gives no token when the last page is full, nor when no page size was asked for", async () => {
      for (const name of ["Full0", "Full1"]) await sqs.createQueue({ QueueName: `${sdk.name}${name}` });
      const prefix = { QueueNamePrefix: `${sdk.name}Full` };
      expect((await sqs.listQueues({ ...prefix, MaxResults: 2 })).NextToken).toBeUndefined();
      expect((await sqs.listQueues(prefix)).NextToken).toBeUndefined();
      expect((await sqs.listQueues({ ...prefix, MaxResults: 1 })).NextToken).toBeTypeOf("string");
    });

    it.each([0, 1001])("refuses pages of %i", async (size) => {
      expect(await faultOf(sqs.listQueues({ MaxResults: size }))).toEqual({
        code: "InvalidParameterValue",
        status: 400,
        message:
          "Value for parameter MaxResults is invalid. Reason: MaxResults must be an integer between 1 and 1000.",
      });
    });

    it("refuses a token that it did not give", async () => {
      expect(await faultOf(sqs.listQueues({ MaxResults: 1, NextToken: "made-up" }))).toEqual({
        code: "InvalidParameterValue",
        status: 400,
        message: "Invalid or expired next token.",
      });
    });
  });

  describe("GetQueueAttributes", () => {
    it("gives a plain queue's twelve for All", async () => {
      const beforeSeconds = Math.floor(Date.now() / 1000);
      const url = await createQueue();
      const name = url.slice(url.lastIndexOf("/") + 1);
      const attributes = await attributesOf(url, "All");
      expect(attributes).toEqual({
        ApproximateNumberOfMessages: "0",
        ApproximateNumberOfMessagesNotVisible: "0",
        ApproximateNumberOfMessagesDelayed: "0",
        CreatedTimestamp: expect.stringMatching(/^\d{10}$/),
        LastModifiedTimestamp: expect.stringMatching(/^\d{10}$/),
        DelaySeconds: "0",
        MaximumMessageSize: "1048576",
        MessageRetentionPeriod: "345600",
        QueueArn: `arn:aws:sqs:us-east-1:000000000000:${name}`,
        ReceiveMessageWaitTimeSeconds: "0",
        SqsManagedSseEnabled: "true",
        VisibilityTimeout: "30",
      });
      expect(Number(attributes?.["CreatedTimestamp"])).toBeGreaterThanOrEqual(beforeSeconds);
    });

    it("gives what was asked for and is set, and nothing when nothing was asked for", async () => {
      const url = await createQueue({ DelaySeconds: "3" });
      expect(await attributesOf(url, "DelaySeconds", "RedrivePolicy")).toEqual({ DelaySeconds: "3" });
      expect((await sqs.getQueueAttributes({ QueueUrl: url })).Attributes).toBeUndefined();
    });

    it("refuses a name that no queue has", async () => {
      const url = await createQueue();
      expect(await faultOf(attributesOf(url, "DelaySeconds", "delayseconds"))).toEqual({
        code: "InvalidAttributeName",
        status: 400,
        message: "Unknown Attribute delayseconds.",
      });
    });

    it("counts messages that wait, that are in flight, and that are delayed", async () => {
      const url = await createQueue();
      for (const body of ["a", "b", "c"]) await sqs.sendMessage({ QueueUrl: url, MessageBody: body });
      await sqs.sendMessage({ QueueUrl: url, MessageBody: "d", DelaySeconds: 900 });
      await sqs.receiveMessage({ QueueUrl: url, MaxNumberOfMessages: 2 });
      expect(
        await attributesOf(
          url,
          "ApproximateNumberOfMessages",
          "ApproximateNumberOfMessagesNotVisible",
          "ApproximateNumberOfMessagesDelayed",
        ),
      ).toEqual({
        ApproximateNumberOfMessages: "1",
        ApproximateNumberOfMessagesNotVisible: "2",
        ApproximateNumberOfMessagesDelayed: "1",
      });
    });
  });

  describe("SetQueueAttributes", () => {
    it("sets what the next call sees, retention included", async () => {
      const url = await createQueue();
      const wanted = {
        DelaySeconds: "900",
        MaximumMessageSize: "1024",
        MessageRetentionPeriod: "60",
        ReceiveMessageWaitTimeSeconds: "20",
        VisibilityTimeout: "43200",
        Policy: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"sqs:SendMessage","Resource":"arn:aws:sqs:us-east-1:000000000000:${url.slice(url.lastIndexOf("/") + 1)}"}]}`,
      };
      await sqs.setQueueAttributes({ QueueUrl: url, Attributes: wanted });
      expect(await attributesOf(url, ...Object.keys(wanted))).toEqual(wanted);
      await sqs.setQueueAttributes({ QueueUrl: url, Attributes: { Policy: "" } });
      expect(await attributesOf(url, "Policy")).toBeUndefined();
    });

    it("is effective for the next message", async () => {
      const url = await createQueue();
      await sqs.sendMessage({ QueueUrl: url, MessageBody: "x".repeat(1025) });
      await sqs.setQueueAttributes({ QueueUrl: url, Attributes: { MaximumMessageSize: "1024" } });
      await sqs.sendMessage({ QueueUrl: url, MessageBody: "x".repeat(1024) });
      const call = sqs.sendMessage({ QueueUrl: url, MessageBody: "x".repeat(1025) });
      expect(await faultOf(call)).toEqual({
        code: "InvalidParameterValue",
        status: 400,
        message: "One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes.",
      });
    });

    it.each([
      ["VisibilityTimeout", "43201"],
      ["DelaySeconds", "-1"],
      ["MessageRetentionPeriod", "59"],
      ["MaximumMessageSize", "1048577"],
      ["ReceiveMessageWaitTimeSeconds", "21"],
      ["SqsManagedSseEnabled", "maybe"],
    ])("changes nothing when %s is %s", async (name, value) => {
      const url = await createQueue();
      const before = await attributesOf(url, "All");
      const attributes = { DelaySeconds: "5", [name]: value };
      expect(await faultOf(sqs.setQueueAttributes({ QueueUrl: url, Attributes: attributes }))).toEqual({
        code: "InvalidAttributeValue",
        status: 400,
        message: `Invalid value for the parameter ${name}.`,
      });
      expect(await attributesOf(url, "All")).toEqual(before);
    });

    it("links a dead-letter queue that exists, and no other", async () => {
      const target = await createQueue();
      const source = await createQueue();
      const policy = (queue: string) =>
        JSON.stringify({
          deadLetterTargetArn: `arn:aws:sqs:us-east-1:000000000000:${queue}`,
          maxReceiveCount: 3,
        });
      const linked = policy(target.slice(target.lastIndexOf("/") + 1));
      await sqs.setQueueAttributes({ QueueUrl: source, Attributes: { RedrivePolicy: linked } });
      expect(await attributesOf(source, "RedrivePolicy")).toEqual({ RedrivePolicy: linked });
      const missing = policy("nowhere");
      const call = sqs.setQueueAttributes({ QueueUrl: source, Attributes: { RedrivePolicy: missing } });
      expect(await faultOf(call)).toEqual({
        code: "InvalidParameterValue",
        status: 400,
        message: `Value ${missing} for parameter RedrivePolicy is invalid. Reason: Dead letter target does not exist.`,
      });
    });
  });

  describe("tags", () => {
    it("are given at creation, added, overwritten and taken away", async () => {
      const { QueueUrl: url } = await sqs.createQueue({
        QueueName: freshName(),
        tags: { team: "orders", "cost center": "1 + 2 = 3/@" },
      });
      const tagsNow = async () => (await sqs.listQueueTags({ QueueUrl: url })).Tags;
      expect(await tagsNow()).toEqual({ team: "orders", "cost center": "1 + 2 = 3/@" });
      await sqs.tagQueue({ QueueUrl: url, Tags: { team: "Payments", empty: "" } });
      expect(await tagsNow()).toEqual({ team: "Payments", "cost center": "1 + 2 = 3/@", empty: "" });
      await sqs.untagQueue({ QueueUrl: url, TagKeys: ["team", "cost center", "empty", "never-there"] });
      expect(await tagsNow()).toBeUndefined();
    });

    it("are refused beyond 50, and none of them is added", async () => {
      const url = await createQueue();
      const tags = (count: number) =>
        Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, ""]));
      await sqs.tagQueue({ QueueUrl: url, Tags: tags(50) });
      const call = sqs.tagQueue({ QueueUrl: url, Tags: { k0: "new", k50: "" } });
      expect(await faultOf(call)).toEqual({
        code: "InvalidParameterValue",
        status: 400,
        message: `Too many tags added for queue ${url.slice(url.lastIndexOf("/") + 1)}.`,
      });
      expect((await sqs.listQueueTags({ QueueUrl: url })).Tags).toEqual(tags(50));
    });
  });

  describe("PurgeQueue", () => {
    it("takes waiting, delayed and leased messages, and what follows stays", async () => {
      const url = await createQueue();
      await sqs.sendMessage({ QueueUrl: url, MessageBody: "leased" });
      const { Messages = [] } = await sqs.receiveMessage({ QueueUrl: url });
      await sqs.sendMessage({ QueueUrl: url, MessageBody: "waiting" });
      await sqs.sendMessage({ QueueUrl: url, MessageBody: "delayed", DelaySeconds: 900 });
      await sqs.purgeQueue({ QueueUrl: url });
      await sqs.sendMessage({ QueueUrl: url, MessageBody: "after" });
      expect(
        await attributesOf(
          url,
          "ApproximateNumberOfMessages",
          "ApproximateNumberOfMessagesNotVisible",
          "ApproximateNumberOfMessagesDelayed",
        ),
      ).toEqual({
        ApproximateNumberOfMessages: "1",
        ApproximateNumberOfMessagesNotVisible: "0",
        ApproximateNumberOfMessagesDelayed: "0",
      });
      // Deleting what the purge took is no error, and takes nothing else.
      await sqs.deleteMessage({ QueueUrl: url, ReceiptHandle: Messages[0]?.ReceiptHandle });
      const left = await sqs.receiveMessage({ QueueUrl: url, MaxNumberOfMessages: 10 });
      expect(left.Messages?.map(({ Body }) => Body)).toEqual(["after"]);
    });
  });

  describe("DeleteQueue", () => {
    it("ends the queue: every action on it fails, and no list has it", async () => {
      const url = await createQueue();
      await sqs.sendMessage({ QueueUrl: url, MessageBody: "lost with it" });
      const { Messages = [] } = await sqs.receiveMessage({ QueueUrl: url });
      const handle = { QueueUrl: url, ReceiptHandle: Messages[0]?.ReceiptHandle };
      await sqs.deleteQueue({ QueueUrl: url });

      const entry = { Id: "1", ReceiptHandle: handle.ReceiptHandle };
      const calls: [string, () => Promise<unknown>][] = [
        ["DeleteQueue", () => sqs.deleteQueue({ QueueUrl: url })],
        ["PurgeQueue", () => sqs.purgeQueue({ QueueUrl: url })],
        ["GetQueueAttributes", () => attributesOf(url, "All")],
        [
          "SetQueueAttributes",
          () => sqs.setQueueAttributes({ QueueUrl: url, Attributes: { DelaySeconds: "1" } }),
        ],
        ["TagQueue", () => sqs.tagQueue({ QueueUrl: url, Tags: { a: "b" } })],
        ["UntagQueue", () => sqs.untagQueue({ QueueUrl: url, TagKeys: ["a"] })],
        ["ListQueueTags", () => sqs.listQueueTags({ QueueUrl: url })],
        ["SendMessage", () => sqs.sendMessage({ QueueUrl: url, MessageBody: "x" })],
        [
          "SendMessageBatch",
          () => sqs.sendMessageBatch({ QueueUrl: url, Entries: [{ Id: "1", MessageBody: "x" }] }),
        ],
        ["ReceiveMessage", () => sqs.receiveMessage({ QueueUrl: url })],
        ["DeleteMessage", () => sqs.deleteMessage(handle)],
        ["DeleteMessageBatch", () => sqs.deleteMessageBatch({ QueueUrl: url, Entries: [entry] })],
        ["ChangeMessageVisibility", () => sqs.changeMessageVisibility({ ...handle, VisibilityTimeout: 1 })],
        [
          "ChangeMessageVisibilityBatch",
          () =>
            sqs.changeMessageVisibilityBatch({
              QueueUrl: url,
              Entries: [{ ...entry, VisibilityTimeout: 1 }],
            }),
        ],
      ];
      const wording = sdk.name === "Query" ? " for this wsdl version." : ".";
      for (const [action, call] of calls) {
        expect({ action, ...(await faultOf(call())) }).toEqual({
          action,
          code: nonExistent,
          status: 400,
          message: `The specified queue does not exist${wording}`,
        });
      }
      const { QueueUrls = [] } = await sqs.listQueues({});
      expect(QueueUrls).not.toContain(url);
    });

    it("lets the name be used again at once, for a queue without the old one's messages", async () => {
      const name = freshName();
      const { QueueUrl: url } = await sqs.createQueue({ QueueName: name, tags: { old: "tag" } });
      await sqs.sendMessage({ QueueUrl: url, MessageBody: "old" });
      const { Messages = [] } = await sqs.receiveMessage({ QueueUrl: url });
      await sqs.deleteQueue({ QueueUrl: url });

      await sqs.createQueue({ QueueName: name, Attributes: { DelaySeconds: "0" } });
      await sqs.sendMessage({ QueueUrl: url, MessageBody: "new" });
      const fault = await faultOf(
        sqs.deleteMessage({ QueueUrl: url, ReceiptHandle: Messages[0]?.ReceiptHandle }),
      );
      expect(fault).toMatchObject({ code: "ReceiptHandleIsInvalid", status: 404 });
      const received = await sqs.receiveMessage({ QueueUrl: url, MaxNumberOfMessages: 10 });
      expect(received.Messages?.map(({ Body }) => Body)).toEqual(["new"]);
      expect((await sqs.listQueueTags({ QueueUrl: url })).Tags).toBeUndefined();
    });
  });

  it("a queue may be named by any URL that ends in its path, or by its bare name", async () => {
    const url = await createQueue();
    const name = url.slice(url.lastIndexOf("/") + 1);
    const elsewhere = [`https://sqs.us-east-1.amazonaws.com/000000000000/${name}`, `${url}/`, name];
    for (const [i, QueueUrl] of elsewhere.entries()) {
      // The SDK takes the origin of a QueueUrl for its endpoint unless told otherwise.
      await sdk
        .connect(server.url, { useQueueUrlAsEndpoint: false })
        .sendMessage({ QueueUrl, MessageBody: String(i) });
    }
    expect(await attributesOf(url, "ApproximateNumberOfMessages")).toEqual({
      ApproximateNumberOfMessages: "3",
    });
  });
});

describe("with STRICT_SQS_TIMING", () => {
  let strict: RunningServer;
  beforeAll(async () => {
    strict = await startTestServer({ settings: { STRICT_SQS_TIMING: "1" } });
  });
  afterAll(() => strict.stop());

  describe.each(sdks)("through the $name SDK", (sdk) => {
    it("a second purge within a minute is refused, and takes nothing", async () => {
      const sqs = sdk.connect(strict.url);
      const QueueName = `${sdk.name}-purged`;
      const { QueueUrl } = await sqs.createQueue({ QueueName });
      await sqs.purgeQueue({ QueueUrl });
      await sqs.sendMessage({ QueueUrl, MessageBody: "stays" });
      expect(await failureOf(sqs.purgeQueue({ QueueUrl }))).toBeInstanceOf(sdk.module.PurgeQueueInProgress);
      expect(await faultOf(sqs.purgeQueue({ QueueUrl }))).toEqual({
        code: "AWS.SimpleQueueService.PurgeQueueInProgress",
        status: 403,
        message: `Only one PurgeQueue operation on ${QueueName} is allowed every 60 seconds.`,
      });
      const { Messages } = await sqs.receiveMessage({ QueueUrl });
      expect(Messages?.[0]?.Body).toBe("stays");
    });

    it("a name is not free again within a minute of its queue's end", async () => {
      const sqs = sdk.connect(strict.url);
      const QueueName = `${sdk.name}-deleted`;
      const { QueueUrl } = await sqs.createQueue({ QueueName });
      await sqs.deleteQueue({ QueueUrl });
      expect(await failureOf(sqs.createQueue({ QueueName }))).toBeInstanceOf(sdk.module.QueueDeletedRecently);
    });
  });
});

const nonExistent = "AWS.SimpleQueueService.NonExistentQueue";
