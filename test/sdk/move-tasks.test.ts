import type { StartMessageMoveTaskCommandInput } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { RunningServer } from "../../scripts/server.ts";
import { faultOf, type Sqs, sdks } from "../support/sdks.ts";
import { startTestServer } from "../support/server.ts";

let server: RunningServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

describe.each(sdks)("move tasks through the $name SDK", (sdk) => {
  let sqs: Sqs;
  let queues = 0;
  let dead: Queue;
  let jobs: Queue;

  interface Queue {
    readonly url: string;
    readonly arn: string;
  }

  async function create(attributes: Record<string, string> = {}): Promise<Queue> {
    const suffix = attributes["FifoQueue"] === undefined ? "" : ".fifo";
    const QueueName = `${sdk.name}-moves-${++queues}${suffix}`;
    const { QueueUrl: url = "" } = await sqs.createQueue({ QueueName, Attributes: attributes });
    return { url, arn: `arn:aws:sqs:us-east-1:000000000000:${QueueName}` };
  }

  const redriveTo = ({ arn }: Queue) => ({
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn: arn, maxReceiveCount: 1 }),
  });

  beforeEach(async () => {
    sqs = sdk.connect(server.url);
    dead = await create();
    jobs = await create(redriveTo(dead));
  });

  const receive = async ({ url }: Queue, more: object = {}) => {
    const input = { QueueUrl: url, MaxNumberOfMessages: 10, AttributeNames: ["All" as const] };
    return (await sqs.receiveMessage({ ...input, ...more })).Messages ?? [];
  };

  /** Everything a queue gets, waited for until there are so many. */
  async function drain(queue: Queue, count: number) {
    const all = [];
    while (all.length < count) {
      const messages = await receive(queue, { WaitTimeSeconds: 20 });
      if (messages.length === 0) break;
      all.push(...messages);
      for (const { ReceiptHandle } of messages) {
        await sqs.deleteMessage({ QueueUrl: queue.url, ReceiptHandle });
      }
    }
    return all;
  }

  const bodiesOf = (messages: readonly { Body?: string | undefined }[]) => messages.map(({ Body }) => Body);

  /** Asks until the answer is as it should be. */
  async function until<T>(ask: () => Promise<T>, isRight: (answer: T) => boolean): Promise<T> {
    for (const untilMs = Date.now() + 20_000; ; ) {
      const answer = await ask();
      if (isRight(answer)) return answer;
      if (Date.now() > untilMs) throw new Error(`it stays ${JSON.stringify(answer)}`);
    }
  }

  const countIn = async ({ url }: Queue) => {
    const AttributeNames = ["ApproximateNumberOfMessages" as const];
    const { Attributes } = await sqs.getQueueAttributes({ QueueUrl: url, AttributeNames });
    return Number(Attributes?.ApproximateNumberOfMessages);
  };

  /** Messages fail once in `queue`, and end in its dead-letter queue. */
  async function bury(queue: Queue, bodies: readonly string[], more: object = {}) {
    const before = await countIn(dead);
    for (const MessageBody of bodies) {
      await sqs.sendMessage({ QueueUrl: queue.url, MessageBody, ...more });
    }
    const failed = await receive(queue, { VisibilityTimeout: 0 });
    expect(bodiesOf(failed)).toEqual(bodies);
    expect(await receive(queue)).toEqual([]);
    await until(
      () => countIn(dead),
      (count) => count === before + bodies.length,
    );
    return failed;
  }

  const start = async (more: Partial<StartMessageMoveTaskCommandInput> = {}) =>
    (await sqs.startMessageMoveTask({ SourceArn: dead.arn, ...more })).TaskHandle;

  const tasks = async (MaxResults?: number) =>
    (await sqs.listMessageMoveTasks({ SourceArn: dead.arn, MaxResults })).Results ?? [];

  const endOfTask = () =>
    until(tasks, ([task]) => task?.Status !== "RUNNING" && task?.Status !== "CANCELLING");

  it("bring dead letters back to where they came from, as new messages", async () => {
    const other = await create(redriveTo(dead));
    const failed = await bury(jobs, ["a", "b", "c"]);
    await bury(other, ["d"]);
    expect(await tasks()).toEqual([]);
    const handle = await start();
    const back = await drain(jobs, 3);
    expect(bodiesOf(back)).toEqual(["a", "b", "c"]);
    for (const { MessageId, Attributes } of back) {
      expect(failed.map((each) => each.MessageId)).not.toContain(MessageId);
      expect(Attributes).toMatchObject({ ApproximateReceiveCount: "1", SenderId: "000000000000" });
      expect(Attributes).not.toHaveProperty("DeadLetterQueueSourceArn");
    }
    expect(bodiesOf(await drain(other, 1))).toEqual(["d"]);
    const [task] = await endOfTask();
    expect(task).toEqual({
      Status: "COMPLETED",
      SourceArn: dead.arn,
      ApproximateNumberOfMessagesMoved: 4,
      ApproximateNumberOfMessagesToMove: 4,
      StartedTimestamp: expect.any(Number),
    });
    expect(Math.abs((task?.StartedTimestamp ?? 0) - Date.now())).toBeLessThan(60_000);
    const { taskId, sourceArn } = JSON.parse(Buffer.from(handle ?? "", "base64").toString());
    expect(taskId).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(sourceArn).toBe(dead.arn);
  });

  it("bring them to a queue that is named", async () => {
    const named = await create();
    await bury(jobs, ["a", "b"]);
    await start({ DestinationArn: named.arn, MaxNumberOfMessagesPerSecond: 500 });
    expect(bodiesOf(await drain(named, 2))).toEqual(["a", "b"]);
    expect(await endOfTask()).toMatchObject([
      { Status: "COMPLETED", DestinationArn: named.arn, MaxNumberOfMessagesPerSecond: 500 },
    ]);
    expect(await countIn(jobs)).toBe(0);
  });

  it("keep the order of FIFO queues", async () => {
    dead = await create({ FifoQueue: "true", ContentBasedDeduplication: "true" });
    jobs = await create({ FifoQueue: "true", ContentBasedDeduplication: "true", ...redriveTo(dead) });
    await bury(jobs, ["a", "b", "c"], { MessageGroupId: "g1" });
    await start();
    const back = await drain(jobs, 3);
    expect(bodiesOf(back)).toEqual(["a", "b", "c"]);
    for (const { Attributes } of back) expect(Attributes?.MessageGroupId).toBe("g1");
    expect(await endOfTask()).toMatchObject([{ Status: "COMPLETED", ApproximateNumberOfMessagesMoved: 3 }]);
  });

  it("can be cancelled, one at a time, and what was moved stays moved", async () => {
    await bury(jobs, ["a", "b", "c", "d", "e"]);
    const TaskHandle = await start({ MaxNumberOfMessagesPerSecond: 1 });
    expect(await tasks()).toMatchObject([{ TaskHandle, Status: "RUNNING" }]);
    expect(await faultOf(start())).toEqual(
      invalid(
        "There is already a task running. Only one active task is allowed for a source queue arn at a given time.",
      ),
    );
    await drain(jobs, 1);
    const { ApproximateNumberOfMessagesMoved: moved = -1 } = await sqs.cancelMessageMoveTask({ TaskHandle });
    expect(moved).toBeGreaterThanOrEqual(0);
    const [task] = await endOfTask();
    expect(task).toMatchObject({ Status: "CANCELLED", ApproximateNumberOfMessagesToMove: 5 });
    expect(task).not.toHaveProperty("TaskHandle");
    const inAll = task?.ApproximateNumberOfMessagesMoved ?? 0;
    expect(inAll).toBeGreaterThanOrEqual(1);
    expect(inAll).toBeLessThan(5);
    expect(await countIn(dead)).toBe(5 - inAll);
    expect(await faultOf(sqs.cancelMessageMoveTask({ TaskHandle }))).toEqual(
      notFound("Task does not exist."),
    );

    await start();
    await endOfTask();
    expect(await tasks(10)).toMatchObject([{ Status: "COMPLETED" }, { Status: "CANCELLED" }]);
    expect(await countIn(dead)).toBe(0);
  });

  it("fail at what was sent to the dead-letter queue directly", async () => {
    await sqs.sendMessage({ QueueUrl: dead.url, MessageBody: "a" });
    await start();
    expect(await endOfTask()).toMatchObject([
      {
        Status: "FAILED",
        FailureReason: "CouldNotDetermineMessageSource",
        ApproximateNumberOfMessagesMoved: 0,
      },
    ]);
    expect(bodiesOf(await drain(dead, 1))).toEqual(["a"]);
  });

  it("fail when a message's queue is gone", async () => {
    await bury(jobs, ["a"]);
    // The dead-letter queue must be one still.
    await create(redriveTo(dead));
    await sqs.deleteQueue({ QueueUrl: jobs.url });
    await start();
    expect(await endOfTask()).toMatchObject([
      { Status: "FAILED", FailureReason: "AWS.SimpleQueueService.NonExistentQueue" },
    ]);
    expect(bodiesOf(await drain(dead, 1))).toEqual(["a"]);
  });

  it("are refused with SQS's own errors", async () => {
    const missing = `${dead.arn}-not`;
    const parameterMissing = (name: string) =>
      notFound(`The resource that you specified for the ${name} parameter doesn't exist.`);
    expect(await faultOf(start({ SourceArn: missing }))).toEqual(parameterMissing("SourceArn"));
    expect(await faultOf(start({ DestinationArn: missing }))).toEqual(parameterMissing("DestinationArn"));
    expect(await faultOf(sqs.listMessageMoveTasks({ SourceArn: missing }))).toEqual(
      parameterMissing("SourceArn"),
    );
    expect(await faultOf(start({ SourceArn: "dead" }))).toEqual(
      invalid(
        "You must use this format to specify the SourceArn: arn:<partition>:<service>:<region>:<account-id>:<resource-id>",
      ),
    );
    expect(await faultOf(start({ SourceArn: jobs.arn }))).toEqual(
      invalid("Source queue must be configured as a Dead Letter Queue."),
    );
    expect(await faultOf(start({ DestinationArn: dead.arn }))).toEqual(
      invalid("Source queue arn and destination queue arn cannot be the same."),
    );
    expect(await faultOf(start({ MaxNumberOfMessagesPerSecond: 501 }))).toEqual(
      invalid(
        "Value for parameter MaxNumberOfMessagesPerSecond is invalid. Reason: You must enter a number that's between 1 and 500.",
      ),
    );
    expect(await faultOf(sqs.cancelMessageMoveTask({ TaskHandle: "foobared" }))).toEqual(
      invalid("Value for parameter TaskHandle is invalid."),
    );
    expect(await faultOf(sqs.startMessageMoveTask({ SourceArn: undefined }))).toEqual({
      code: "MissingParameter",
      status: 400,
      message: "The request must contain the parameter SourceArn.",
    });
  });
});

const invalid = (message: string) => ({ code: "InvalidParameterValue", status: 400, message });
const notFound = (message: string) => ({ code: "ResourceNotFoundException", status: 404, message });
