import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import type { RunningServer } from "../../scripts/server.ts";
import { addUser, type TestUser } from "../support/access-keys.ts";
import { exchange, getExchange, jsonExchange, presigned, rootSigner, signed } from "../support/raw-http.ts";
import { faultOf, type Sqs, sdks } from "../support/sdks.ts";
import { startTestServer } from "../support/server.ts";

let server: RunningServer;
/** Of account 111111111111. */
let foreigner: TestUser;
/** Of the root account. */
let colleague: TestUser;

beforeAll(async () => {
  server = await startTestServer();
  foreigner = await addUser(server, { account: "111111111111", userName: "foreigner" });
  colleague = await addUser(server, { account: "000000000000", userName: "colleague" });
});
afterAll(() => server.stop());
afterEach(() => {
  vi.useRealTimers();
});

const mismatch =
  "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.";

describe.each(sdks)("callers through the $name SDK", (sdk) => {
  let root: Sqs;
  let queues = 0;
  beforeAll(() => {
    root = sdk.connect(server.url);
  });

  const freshName = () => `${sdk.name}-${++queues}`;
  const as = (user: TestUser) => sdk.connect(server.url, { credentials: user });

  async function createQueue(sqs: Sqs, name = freshName()): Promise<string> {
    const { QueueUrl = "" } = await sqs.createQueue({ QueueName: name });
    return QueueUrl;
  }

  const bodiesIn = async (sqs: Sqs, url: string) => {
    const { Messages = [] } = await sqs.receiveMessage({ QueueUrl: url, MaxNumberOfMessages: 10 });
    return Messages.map(({ Body }) => Body);
  };

  describe("another account", () => {
    it("has queues of its own under the same names", async () => {
      const name = freshName();
      const ours = await createQueue(root, name);
      const theirs = await createQueue(as(foreigner), name);
      expect(theirs).toBe(`${server.url}/111111111111/${name}`);
      await root.sendMessage({ QueueUrl: ours, MessageBody: "ours" });
      await as(foreigner).sendMessage({ QueueUrl: theirs, MessageBody: "theirs" });
      // A bare name is the caller's own queue.
      expect(await bodiesIn(as(foreigner), name)).toEqual(["theirs"]);
      expect(await bodiesIn(root, ours)).toEqual(["ours"]);
      const { QueueUrls } = await as(foreigner).listQueues({ QueueNamePrefix: name });
      expect(QueueUrls).toEqual([theirs]);
    });

    it("is denied every action on a queue of ours, and changes nothing", async () => {
      const url = await createQueue(root);
      const arn = `arn:aws:sqs:us-east-1:000000000000:${url.slice(url.lastIndexOf("/") + 1)}`;
      await root.sendMessage({ QueueUrl: url, MessageBody: "ours" });
      const attributesNow = () => root.getQueueAttributes({ QueueUrl: url, AttributeNames: ["All"] });
      const { Attributes: before } = await attributesNow();
      const theirs = as(foreigner);
      const handle = { Id: "1", ReceiptHandle: "x" };
      const calls: [string, () => Promise<unknown>][] = [
        ["deletequeue", () => theirs.deleteQueue({ QueueUrl: url })],
        ["purgequeue", () => theirs.purgeQueue({ QueueUrl: url })],
        ["getqueueattributes", () => theirs.getQueueAttributes({ QueueUrl: url, AttributeNames: ["All"] })],
        [
          "setqueueattributes",
          () => theirs.setQueueAttributes({ QueueUrl: url, Attributes: { DelaySeconds: "1" } }),
        ],
        ["tagqueue", () => theirs.tagQueue({ QueueUrl: url, Tags: { a: "b" } })],
        ["untagqueue", () => theirs.untagQueue({ QueueUrl: url, TagKeys: ["a"] })],
        ["listqueuetags", () => theirs.listQueueTags({ QueueUrl: url })],
        ["sendmessage", () => theirs.sendMessage({ QueueUrl: url, MessageBody: "x" })],
        [
          "sendmessage",
          () => theirs.sendMessageBatch({ QueueUrl: url, Entries: [{ Id: "1", MessageBody: "x" }] }),
        ],
        ["receivemessage", () => theirs.receiveMessage({ QueueUrl: url })],
        ["deletemessage", () => theirs.deleteMessage({ QueueUrl: url, ReceiptHandle: "x" })],
        ["deletemessage", () => theirs.deleteMessageBatch({ QueueUrl: url, Entries: [handle] })],
        [
          "changemessagevisibility",
          () => theirs.changeMessageVisibility({ QueueUrl: url, ReceiptHandle: "x", VisibilityTimeout: 0 }),
        ],
        [
          "changemessagevisibility",
          () =>
            theirs.changeMessageVisibilityBatch({
              QueueUrl: url,
              Entries: [{ ...handle, VisibilityTimeout: 0 }],
            }),
        ],
      ];
      for (const [action, call] of calls) {
        expect(await faultOf(call())).toEqual({
          code: "AccessDenied",
          status: 403,
          message: `User: arn:aws:iam::111111111111:user/foreigner is not authorized to perform: sqs:${action} on resource: ${arn} because no resource-based policy allows the sqs:${action} action`,
        });
      }
      expect((await attributesNow()).Attributes).toEqual(before);
      expect((await root.listQueueTags({ QueueUrl: url })).Tags).toBeUndefined();
    });
  });

  it("another user of the account shares its queues, and is seen as the sender", async () => {
    const url = await createQueue(root);
    await as(colleague).sendMessage({ QueueUrl: url, MessageBody: "x" });
    const { Messages } = await root.receiveMessage({ QueueUrl: url, AttributeNames: ["All"] });
    expect(Messages?.[0]?.Attributes?.SenderId).toBe(colleague.userId);
  });

  describe("another region", () => {
    it("has queues of its own under the same names", async () => {
      const name = freshName();
      const here = await createQueue(root, name);
      const seoul = sdk.connect(server.url, { region: "ap-northeast-2" });
      expect((await faultOf(seoul.getQueueUrl({ QueueName: name }))).code).toBe(
        "AWS.SimpleQueueService.NonExistentQueue",
      );
      const there = await createQueue(seoul, name);
      await root.sendMessage({ QueueUrl: here, MessageBody: "here" });
      await seoul.sendMessage({ QueueUrl: there, MessageBody: "there" });
      expect(await bodiesIn(seoul, there)).toEqual(["there"]);
      expect(await bodiesIn(root, here)).toEqual(["here"]);
      const attributes = await seoul.getQueueAttributes({ QueueUrl: there, AttributeNames: ["QueueArn"] });
      expect(attributes.Attributes).toEqual({ QueueArn: `arn:aws:sqs:ap-northeast-2:000000000000:${name}` });
      await seoul.deleteQueue({ QueueUrl: there });
      expect((await root.getQueueUrl({ QueueName: name })).QueueUrl).toBe(here);
    });
  });

  describe("a caller is refused", () => {
    it("without a signature", async () => {
      const anonymous = sdk.connect(server.url, { signer: { sign: async (request) => request } });
      expect(await faultOf(anonymous.listQueues({}))).toEqual({
        code: "MissingAuthenticationToken",
        status: 403,
        message: "Request is missing Authentication Token",
      });
    });

    it("with a wrong secret", async () => {
      const wrong = { ...colleague, secretAccessKey: "wrong" };
      for (const sqs of [as(wrong), as({ ...wrong, accessKeyId: rootSigner.accessKeyId })]) {
        expect(await faultOf(sqs.listQueues({}))).toEqual({
          code: "SignatureDoesNotMatch",
          status: 403,
          message: mismatch,
        });
      }
    });

    it("with a key that does not exist, is inactive, or comes with a session token", async () => {
      const inactive = await addUser(server, {
        account: "111111111111",
        userName: "former",
        status: "Inactive",
      });
      const unknown = { ...colleague, accessKeyId: "AKIAUNKNOWNUNKNOWNUN" };
      const temporary = { ...colleague, sessionToken: "made-up" };
      for (const credentials of [inactive, unknown, temporary]) {
        expect(await faultOf(sdk.connect(server.url, { credentials }).listQueues({}))).toEqual({
          code: "InvalidClientTokenId",
          status: 403,
          message: "The security token included in the request is invalid.",
        });
      }
    });

    it("with a clock that is wrong by more than a quarter of an hour, either way", async () => {
      const off = (minutes: number) =>
        sdk.connect(server.url, { systemClockOffset: minutes * 60_000 }).listQueues({});
      await off(14);
      await off(-14);
      expect(await faultOf(off(16))).toEqual({
        code: "SignatureDoesNotMatch",
        status: 403,
        message: expect.stringMatching(
          /^Signature not yet current: \d{8}T\d{6}Z is still later than \d{8}T\d{6}Z \(\d{8}T\d{6}Z \+ 15 min\.\)$/,
        ),
      });
      expect(await faultOf(off(-16))).toEqual({
        code: "SignatureDoesNotMatch",
        status: 403,
        message: expect.stringMatching(
          /^Signature expired: \d{8}T\d{6}Z is now earlier than \d{8}T\d{6}Z \(\d{8}T\d{6}Z - 15 min\.\)$/,
        ),
      });
    });
  });

  it("a client whose clock is wrong corrects it by our Date header", async () => {
    // This whole process believes it; the server, a process of its own, knows better.
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 3_600_000 });
    const sqs = sdk.connect(server.url);
    expect((await faultOf(sqs.listQueues({}))).code).toBe("SignatureDoesNotMatch");
    await sqs.listQueues({});
  });
});

describe("a presigned URL", () => {
  const get = (parameters: Record<string, string>, path?: string) =>
    getExchange({ Version: "2012-11-05", ...parameters }, path);
  const answerTo = (wire: ReturnType<typeof get>) => exchange(server.url, wire);
  const hourMs = 3_600_000;

  it("sends, receives and deletes for whoever has it", async () => {
    const created = await answerTo(
      presigned(server.url, get({ Action: "CreateQueue", QueueName: "presigned" }), 60),
    );
    expect(created.status).toBe(200);
    const path = "/000000000000/presigned";
    const sent = await answerTo(
      presigned(server.url, get({ Action: "SendMessage", MessageBody: "a b+c&d=é\r\n" }, path), 60),
    );
    expect(sent.status).toBe(200);
    const received = await answerTo(presigned(server.url, get({ Action: "ReceiveMessage" }, path), 60));
    expect(received.body).toContain("<Body>a b+c&amp;d=é&#xD;\n</Body>");
    const handle = /<ReceiptHandle>([^<]+)</.exec(received.body)?.[1] ?? "";
    const deleted = await answerTo(
      presigned(server.url, get({ Action: "DeleteMessage", ReceiptHandle: handle }, path), 60),
    );
    expect(deleted.status).toBe(200);
  });

  it("is good for as long as it says, and no longer", async () => {
    const signedAgo = (ms: number, expiresSeconds: number) =>
      answerTo(
        presigned(server.url, get({ Action: "ListQueues" }), expiresSeconds, {
          ...rootSigner,
          atMs: Date.now() - ms,
        }),
      );
    expect((await signedAgo(hourMs, 3_660)).status).toBe(200);
    const late = await signedAgo(hourMs, 3_540);
    expect(late.status).toBe(400);
    expect(late.body).toContain("<Code>RequestExpired</Code>");
  });

  it("does not stand for another action, queue or key", async () => {
    const { path, ...wire } = presigned(server.url, get({ Action: "ListQueues" }), 60);
    const changes = [
      path.replace("ListQueues", "DeleteQueue"),
      path.replace("/?", "/000000000000/presigned?"),
      path.replace("Version", "Versiom"),
    ];
    for (const changed of changes) {
      expect(changed).not.toBe(path);
      const answer = await answerTo({ ...wire, path: changed });
      expect(answer.status).toBe(403);
      expect(answer.body).toContain("<Code>SignatureDoesNotMatch</Code>");
    }
  });
});

it("a signature covers the body and every signed header", async () => {
  const wire = signed(server.url, jsonExchange("ListQueues", { MaxResults: 1 }));
  expect((await exchange(server.url, wire)).status).toBe(200);
  const changes = [
    { ...wire, body: JSON.stringify({ MaxResults: 2 }) },
    { ...wire, headers: { ...wire.headers, "x-amz-target": "AmazonSQS.CreateQueue" } },
    { ...wire, headers: { ...wire.headers, "x-amzn-query-mode": "false" } },
  ];
  for (const changed of changes) {
    const answer = await exchange(server.url, changed);
    expect({ status: answer.status, code: answer.headers["x-amzn-query-error"] }).toEqual({
      status: 403,
      code: "SignatureDoesNotMatch;Sender",
    });
  }
});
