import { beforeEach, describe, expect, it, vi } from "vitest";
import { createQueue } from "../../../src/services/sqs/create-queue.ts";
import { listQueues } from "../../../src/services/sqs/list-queues.ts";
import { baseUrl, QueueDesk } from "../../support/queue-desk.ts";

let desk: QueueDesk;
beforeEach(() => {
  desk = new QueueDesk();
});

const create = async (...names: string[]) => {
  for (const QueueName of names) await desk.perform(createQueue, { QueueName });
};
const list = async (input: Record<string, unknown> = {}) => {
  const answer = await desk.perform(listQueues, input);
  if (!answer.ok) return answer.error;
  const { QueueUrls, NextToken } = answer.value as { QueueUrls: string[]; NextToken?: string };
  return { names: QueueUrls.map((url) => url.replace(`${baseUrl}/${desk.account}/`, "")), token: NextToken };
};

const badToken = { kind: "InvalidParameterValue", message: "Invalid or expired next token." };

describe("ListQueues", () => {
  it("lists the caller's queues of the region, by name", async () => {
    await create("b", "a", "c");
    desk.region = "eu-west-1";
    await create("d");
    desk.account = "111111111111";
    desk.region = "us-east-1";
    await create("e");
    desk.account = "000000000000";
    expect(await list()).toEqual({ names: ["a", "b", "c"], token: undefined });
  });

  it("takes the prefix literally and case-sensitively", async () => {
    await create("a_1", "aB1", "ab1", "a1", "b");
    expect(await list({ QueueNamePrefix: "a_" })).toMatchObject({ names: ["a_1"] });
    expect(await list({ QueueNamePrefix: "aB" })).toMatchObject({ names: ["aB1"] });
    expect(await list({ QueueNamePrefix: "a" })).toMatchObject({ names: ["a1", "aB1", "a_1", "ab1"] });
    expect(await list({ QueueNamePrefix: "%" })).toMatchObject({ names: [] });
    expect(await list({ QueueNamePrefix: "ab1x" })).toMatchObject({ names: [] });
    expect(await list({ QueueNamePrefix: "" })).toMatchObject({ names: ["a1", "aB1", "a_1", "ab1", "b"] });
  });

  it("hands no longer prefix to the database than a name can have", async () => {
    const longest = "q".repeat(80);
    await create(longest);
    const asked = vi.spyOn(desk.catalog, "listQueues");
    expect(await list({ QueueNamePrefix: longest })).toMatchObject({ names: [longest] });
    expect(await list({ QueueNamePrefix: `${longest}q` })).toMatchObject({ names: [] });
    expect(await list({ QueueNamePrefix: "q".repeat(3_000_000) })).toMatchObject({ names: [] });
    expect(asked.mock.lastCall?.[0].prefix).toHaveLength(81);
  });

  it("pages when a page size is given", async () => {
    await create("x1", "x2", "x3", "x4", "y");
    const input = { QueueNamePrefix: "x", MaxResults: 2 };
    const first = await list(input);
    expect(first).toEqual({ names: ["x1", "x2"], token: expect.stringMatching(/^[\w-]+$/) });
    const NextToken = "token" in first ? first.token : undefined;
    expect(await list({ ...input, NextToken })).toEqual({ names: ["x3", "x4"], token: undefined });
    expect(await list({ QueueNamePrefix: "x", NextToken })).toEqual({
      names: ["x3", "x4"],
      token: undefined,
    });
  });

  it("takes a token only where it was given", async () => {
    await create("a", "b");
    const first = await list({ MaxResults: 1 });
    const NextToken = "token" in first ? first.token : undefined;
    expect(await list({ NextToken })).toEqual({ names: ["b"], token: undefined });
    desk.region = "eu-west-1";
    expect(await list({ NextToken })).toEqual(badToken);
    desk.region = "us-east-1";
    desk.account = "111111111111";
    expect(await list({ NextToken })).toEqual(badToken);
  });

  it.each(["", "x", "!", "MQ", "MS8wMDAwMDAwMDAwMDAvdXMtZWFzdC0xLw"])(
    "refuses the token %j",
    async (NextToken) => {
      expect(await list({ NextToken })).toEqual(badToken);
    },
  );

  it.each([0, 1001, -1])("refuses a page of %d", async (MaxResults) => {
    expect(await list({ MaxResults })).toEqual({
      kind: "InvalidParameterValue",
      message:
        "Value for parameter MaxResults is invalid. Reason: MaxResults must be an integer between 1 and 1000.",
    });
  });

  it("shows a thousand at most, and only a client that asked for pages gets a token", async () => {
    await desk.d1
      .prepare(
        `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1001)
         INSERT INTO queues SELECT i, '000000000000', 'us-east-1', 'q' || i, 1, 'k', 1, 1, '{}', '{}', NULL FROM n`,
      )
      .run();
    const all = await list();
    expect(all).toMatchObject({ names: { length: 1000 }, token: undefined });
    const page = await list({ MaxResults: 1000 });
    expect(page).toMatchObject({ names: { length: 1000 }, token: expect.any(String) });
  });
});
