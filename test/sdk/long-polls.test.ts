import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { RunningServer } from "../../scripts/server.ts";
import { exchange, jsonExchange, signed } from "../support/raw-http.ts";
import { failureOf, faultOf, type Sqs, sdks } from "../support/sdks.ts";
import { startTestServer } from "../support/server.ts";

let server: RunningServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

describe.each(sdks)("long polls through the $name SDK", (sdk) => {
  let sqs: Sqs;
  let url: string;
  let queues = 0;

  beforeEach(async () => {
    sqs = sdk.connect(server.url);
    const { QueueUrl = "" } = await sqs.createQueue({ QueueName: `${sdk.name}-${++queues}` });
    url = QueueUrl;
  });

  const send = (body: string, more: object = {}) =>
    sqs.sendMessage({ QueueUrl: url, MessageBody: body, ...more });

  const receive = async (more: object = {}) =>
    (await sqs.receiveMessage({ QueueUrl: url, AttributeNames: ["All"], ...more })).Messages ?? [];

  /** A poll that the server has had time to see: another request was served after it. */
  async function beginPoll() {
    const answer = receive({ WaitTimeSeconds: 20 });
    // Whoever awaits it hears of a failure; until then it is not an unhandled one.
    answer.catch(() => undefined);
    await sqs.getQueueAttributes({ QueueUrl: url, AttributeNames: ["ApproximateNumberOfMessages"] });
    return { answer };
  }

  /** What `waiting` gives, and how long after now it came. */
  async function timed<T>(waiting: Promise<T>): Promise<{ value: T; afterMs: number }> {
    const fromMs = performance.now();
    const value = await waiting;
    return { value, afterMs: performance.now() - fromMs };
  }

  it("with messages there answers at once with those", async () => {
    await send("a");
    await send("b");
    const { value, afterMs } = await timed(receive({ WaitTimeSeconds: 20, MaxNumberOfMessages: 10 }));
    expect(value.map(({ Body }) => Body)).toEqual(["a", "b"]);
    expect(afterMs).toBeLessThan(1000);
  });

  it("without messages answers with nothing when its time is over", async () => {
    const { value, afterMs } = await timed(receive({ WaitTimeSeconds: 1 }));
    expect(value).toEqual([]);
    expect(afterMs).toBeGreaterThanOrEqual(999);
    expect(afterMs).toBeLessThan(4000);
  });

  it("is answered by a later send within a second", async () => {
    const poll = await beginPoll();
    await send("news");
    const { value, afterMs } = await timed(poll.answer);
    expect(value.map(({ Body }) => Body)).toEqual(["news"]);
    expect(afterMs).toBeLessThan(1000);
  });

  it("waits as long as its queue says, unless it says 0 itself", async () => {
    await sqs.setQueueAttributes({ QueueUrl: url, Attributes: { ReceiveMessageWaitTimeSeconds: "20" } });
    const short = await timed(receive({ WaitTimeSeconds: 0 }));
    expect(short.value).toEqual([]);
    expect(short.afterMs).toBeLessThan(1000);
    const polling = receive();
    await send("news");
    expect((await polling).map(({ Body }) => Body)).toEqual(["news"]);
  });

  it("is answered when the delay of a message is over, sent before the poll or during it", async () => {
    const before = await timed(
      send("before", { DelaySeconds: 1 }).then(() => receive({ WaitTimeSeconds: 20 })),
    );
    expect(before.value.map(({ Body }) => Body)).toEqual(["before"]);
    expect(before.afterMs).toBeGreaterThanOrEqual(999);
    expect(before.afterMs).toBeLessThan(3000);

    const poll = await beginPoll();
    const during = await timed(send("during", { DelaySeconds: 1 }).then(() => poll.answer));
    expect(during.value.map(({ Body }) => Body)).toEqual(["during"]);
    expect(during.afterMs).toBeGreaterThanOrEqual(999);
    expect(during.afterMs).toBeLessThan(3000);
  });

  it("is answered when a visibility timeout runs out", async () => {
    await send("again");
    const lease = receive({ VisibilityTimeout: 1 });
    const { value, afterMs } = await timed(lease.then(() => receive({ WaitTimeSeconds: 20 })));
    expect(value.map(({ Attributes }) => Attributes?.ApproximateReceiveCount)).toEqual(["2"]);
    expect(afterMs).toBeGreaterThanOrEqual(900);
    expect(afterMs).toBeLessThan(3000);
  });

  it("is answered when another consumer gives its message back", async () => {
    await send("again");
    const [leased] = await receive({ VisibilityTimeout: 43_200 });
    const poll = await beginPoll();
    await sqs.changeMessageVisibility({
      QueueUrl: url,
      ReceiptHandle: leased?.ReceiptHandle,
      VisibilityTimeout: 0,
    });
    const { value, afterMs } = await timed(poll.answer);
    expect(value.map(({ Attributes }) => Attributes?.ApproximateReceiveCount)).toEqual(["2"]);
    expect(afterMs).toBeLessThan(1000);
  });

  it("several at once get a message each", async () => {
    const polls = await Promise.all([beginPoll(), beginPoll(), beginPoll()]);
    await sqs.sendMessageBatch({
      QueueUrl: url,
      Entries: ["a", "b", "c"].map((body) => ({ Id: body, MessageBody: body })),
    });
    const { value, afterMs } = await timed(Promise.all(polls.map(({ answer }) => answer)));
    expect(
      value
        .flat()
        .map(({ Body }) => Body)
        .sort(),
    ).toEqual(["a", "b", "c"]);
    expect(afterMs).toBeLessThan(1000);
  });

  it("ends with an error when its queue is deleted", async () => {
    const poll = await beginPoll();
    await sqs.deleteQueue({ QueueUrl: url });
    const { value, afterMs } = await timed(faultOf(poll.answer));
    expect(value.code).toBe("AWS.SimpleQueueService.NonExistentQueue");
    expect(afterMs).toBeLessThan(1000);
  });
});

// The local runtime notices a connection that is reset, not one that is merely closed: HTTP lets a client
// close its half and still read. In production the edge tells it of either.
it("a long poll leases nothing for a client that has gone", async () => {
  const [sdk] = sdks;
  if (sdk === undefined) throw new Error("there are two SDKs");
  const sqs = sdk.connect(server.url);
  const { QueueUrl } = await sqs.createQueue({ QueueName: "hung-up" });
  for (let round = 0; round < 10; round++) {
    const hangUp = new AbortController();
    const poll = signed(server.url, jsonExchange("ReceiveMessage", { QueueUrl, WaitTimeSeconds: 20 }));
    const failure = failureOf(exchange(server.url, poll, { signal: hangUp.signal }));
    await sqs.getQueueAttributes({ QueueUrl, AttributeNames: ["ApproximateNumberOfMessages"] });
    hangUp.abort();
    expect((await failure).message).toMatch(/ECONNRESET|socket hang up/);

    await sqs.sendMessage({ QueueUrl, MessageBody: "for somebody else" });
    const fromMs = performance.now();
    const { Messages = [] } = await sqs.receiveMessage({
      QueueUrl,
      WaitTimeSeconds: 5,
      MessageSystemAttributeNames: ["ApproximateReceiveCount"],
    });
    expect(Messages.map(({ Attributes }) => Attributes)).toEqual([{ ApproximateReceiveCount: "1" }]);
    expect(performance.now() - fromMs).toBeLessThan(1000);
    await sqs.deleteMessage({ QueueUrl, ReceiptHandle: Messages[0]?.ReceiptHandle });
  }
});
