import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { limits } from "../../../src/queue/limits.ts";
import { type EndpointAnswer, type Posted, takeDelivery } from "../../../src/services/sns/http-endpoint.ts";
import * as amazon from "./inbound/sns-in-hand.ts";
import { openTo, SnsDesk } from "./sns-desk.ts";

let desk: SnsDesk;
let queue: string;
let log: unknown[][];

const subscribeUrl = `${amazon.host}/?Action=ConfirmSubscription&TopicArn=${amazon.topicArn}&Token=2336412f37f`;
const arn = "arn:aws:sqs:us-east-1:000000000000:inbox";

beforeEach(async () => {
  desk = new SnsDesk();
  desk.nowMs = amazon.nowMs;
  queue = await desk.queue("inbox", { Policy: openTo(arn, amazon.topicArn) });
  log = [];
  for (const level of ["info", "warn", "error"] as const) {
    vi.spyOn(console, level).mockImplementation((...line) => void log.push(line));
  }
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** What SNS and its certificates' hosts answer; by URL, what they answer instead. */
function web(instead: Readonly<Record<string, () => Response>> = {}) {
  const served = amazon.served({
    [amazon.certificateUrl]: amazon.leaf.pem,
    [amazon.issuerUrl]: amazon.authority.der,
    [subscribeUrl]: "<ConfirmSubscriptionResponse/>",
  });
  const fetcher: typeof served.fetcher = async (url, init) => {
    const response = await served.fetcher(url, init);
    return instead[url]?.() ?? response;
  };
  return { ...served, fetcher };
}

interface Delivering {
  readonly posted?: Partial<Posted>;
  readonly served?: ReturnType<typeof web>;
}

/** Posts a message of SNS to the endpoint. */
async function post(
  wire: amazon.Wire,
  { posted = {}, served = web() }: Delivering = {},
): Promise<EndpointAnswer> {
  return await takeDelivery(
    {
      headers: new Headers(),
      body: amazon.posted(wire),
      queue: { region: "us-east-1", account: "000000000000", name: "inbox" },
      raw: false,
      topicArn: undefined,
      ...posted,
    },
    desk.context({ traceHeader: "Root=forged" }),
    { certificates: amazon.certificatesOf(served), fetcher: served.fetcher, receipts: desk.receipts },
  );
}

const statusOf = async (wire: amazon.Wire, delivering?: Delivering) => (await post(wire, delivering)).status;

describe("a notification", () => {
  test("is stored in the envelope that SNS gives it, from SNS, under SNS's message id", async () => {
    expect(await post(amazon.notification())).toEqual({ status: 200, text: "" });
    const [arrived] = await desk.arrived(queue);
    expect(JSON.parse(arrived?.body ?? "")).toMatchObject({
      Type: "Notification",
      TopicArn: amazon.topicArn,
      Message: "Hello\nworld!",
      Signature: expect.any(String),
    });
    expect(arrived?.messageId).toBe(amazon.messageId);
    expect(arrived?.senderId).toBe("AIDAIT2UOQQY3AUEKVGXU");
    expect(arrived?.traceHeader).toBeUndefined();
  });

  test("is unwrapped with ?raw=true", async () => {
    const attributes = {
      MessageAttributes: {
        colour: { Type: "String", Value: "red" },
        bytes: { Type: "Binary", Value: "AgME" },
      },
    };
    expect(await statusOf(amazon.notification(attributes), { posted: { raw: true } })).toBe(200);
    const [arrived] = await desk.arrived(queue);
    expect(arrived?.body).toBe("Hello\nworld!");
    expect(arrived?.attributes).toEqual([
      { name: "colour", dataType: "String", value: "red" },
      { name: "bytes", dataType: "Binary", value: Uint8Array.of(2, 3, 4) },
    ]);
  });

  test("is stored once, however often SNS delivers it within the hour", async () => {
    expect(await statusOf(amazon.notification())).toBe(200);
    desk.nowMs += limits.batchMemoryMs;
    expect(await statusOf(amazon.notification())).toBe(200);
    desk.nowMs = amazon.nowMs + limits.snsMessageAgeMs;
    expect(await statusOf(amazon.notification())).toBe(200);
    expect(await desk.bodies(queue)).toHaveLength(1);
    const other = "32b80b92-fdea-4c2c-8f9d-bdfb0c7bf324";
    expect(await statusOf(amazon.notification({ MessageId: other }))).toBe(200);
    expect(await desk.bodies(queue)).toHaveLength(2);
  });

  test("for two queues is stored in both", async () => {
    const second = await desk.queue("second");
    expect(await statusOf(amazon.notification())).toBe(200);
    const posted = { queue: { region: "us-east-1", account: "000000000000", name: "second" } };
    expect(await statusOf(amazon.notification(), { posted })).toBe(200);
    expect(await desk.bodies(queue)).toHaveLength(1);
    expect(await desk.bodies(second)).toHaveLength(1);
  });

  test("is stored without D1's memory of it rather than lost", async () => {
    vi.spyOn(desk.receipts, "has").mockRejectedValue(new Error("D1 is away"));
    vi.spyOn(desk.receipts, "add").mockRejectedValue(new Error("D1 is away"));
    expect(await statusOf(amazon.notification())).toBe(200);
    expect(await desk.bodies(queue)).toHaveLength(1);
  });

  test("is to be repeated when the queue cannot be reached, and is stored then", async () => {
    desk.unreachable.add("inbox");
    await expect(post(amazon.notification())).rejects.toThrow("no shard");
    desk.unreachable.clear();
    expect(await statusOf(amazon.notification())).toBe(200);
    expect(await desk.bodies(queue)).toHaveLength(1);
  });

  test("is to be repeated when its certificate cannot be had", async () => {
    const served = web({ [amazon.certificateUrl]: () => new Response("", { status: 500 }) });
    expect(await post(amazon.notification(), { served })).toEqual({
      status: 503,
      text: "Service Unavailable",
    });
  });

  test("may go to a topic's own endpoint, where no other topic's is taken", async () => {
    expect(await statusOf(amazon.notification(), { posted: { topicArn: amazon.topicArn } })).toBe(200);
    const MessageId = "32b80b92-fdea-4c2c-8f9d-bdfb0c7bf324";
    const other = { posted: { topicArn: `${amazon.topicArn}2` } };
    expect(await statusOf(amazon.notification({ MessageId }), other)).toBe(403);
    expect(await desk.bodies(queue)).toHaveLength(1);
  });
});

describe("a delivery that is not taken", () => {
  const other = "arn:aws:sns:us-east-1:999999999999:orders";
  const refusals: [name: string, status: number, make: () => Promise<EndpointAnswer>][] = [
    [
      "of a topic that the queue's policy does not name",
      403,
      () => post(amazon.notification({ TopicArn: other, UnsubscribeURL: undefined })),
    ],
    [
      "with another message than was signed",
      403,
      () => post({ ...amazon.notification(), Message: "forged" }),
    ],
    [
      "from a topic other than was signed",
      403,
      () => post({ ...amazon.notification(), TopicArn: other, UnsubscribeURL: undefined }),
    ],
    ["without a signature", 400, () => post({ ...amazon.notification(), Signature: undefined })],
    ["that is no message of SNS", 400, () => post({ Type: "Other" })],
    [
      "that is raw, which SNS does not sign",
      400,
      () =>
        post(amazon.notification(), {
          posted: { headers: new Headers({ "x-amz-sns-rawdelivery": "true" }) },
        }),
    ],
    [
      "to a queue that is not there",
      404,
      () =>
        post(amazon.notification(), {
          posted: { queue: { region: "us-east-1", account: "000000000000", name: "nowhere" } },
        }),
    ],
    ...["../x", "a b", ""].map((name): [string, number, () => Promise<EndpointAnswer>] => [
      `to what no queue can be called: ${JSON.stringify(name)}`,
      404,
      () =>
        post(amazon.notification(), {
          posted: { queue: { region: "us-east-1", account: "000000000000", name } },
        }),
    ]),
    [
      "with more attributes than a raw message may have",
      400,
      () => {
        const names = Array.from({ length: 11 }, (_, index) => [`a${index}`, { Type: "String", Value: "x" }]);
        const MessageAttributes = Object.fromEntries(names);
        return post(amazon.notification({ MessageAttributes }), { posted: { raw: true } });
      },
    ],
    [
      "that the queue can never take",
      400,
      () => post(amazon.notification({ Message: "\u0001" }), { posted: { raw: true } }),
    ],
  ];

  test.each(refusals)("%s is answered with %i, stores nothing and opens nothing", async (_, status, make) => {
    expect((await make()).status).toBe(status);
    expect(await desk.bodies(queue)).toEqual([]);
  });

  test("says nothing of queues, policies or signatures to whoever posts", async () => {
    const texts = await Promise.all([
      post({ ...amazon.notification(), Message: "forged" }),
      post(amazon.notification({ TopicArn: other, UnsubscribeURL: undefined })),
      post(amazon.notification(), {
        posted: { queue: { region: "us-east-1", account: "000000000000", name: "nowhere" } },
      }),
    ]);
    expect(texts.map(({ text }) => text)).toEqual(["Forbidden", "Forbidden", "Not Found"]);
  });

  test("to a queue that is not there is told from others only behind a good signature", async () => {
    const posted = { queue: { region: "us-east-1", account: "000000000000", name: "nowhere" } };
    expect(await statusOf({ ...amazon.notification(), Message: "forged" }, { posted })).toBe(403);
  });

  test("leaves no message and no token in the log", async () => {
    await post({ ...amazon.notification(), Message: "forged-secret" });
    await post(amazon.notification({ Message: "sealed-secret", TopicArn: other, UnsubscribeURL: undefined }));
    await post(
      amazon.confirmation({
        Token: "tokensecret",
        SubscribeURL: subscribeUrl.replace("2336412f37f", "tokensecret"),
      }),
    );
    expect(log.length).toBeGreaterThan(0);
    expect(JSON.stringify(log)).not.toMatch(/secret/);
  });
});

describe("a SubscriptionConfirmation", () => {
  test("is confirmed for a topic that may send to the queue", async () => {
    const served = web();
    expect(await statusOf(amazon.confirmation(), { served })).toBe(200);
    expect(served.fetched).toContain(subscribeUrl);
    expect(served.inits.at(-1)).toMatchObject({ redirect: "manual", signal: expect.any(AbortSignal) });
    expect(await desk.bodies(queue)).toEqual([]);
  });

  const other = "arn:aws:sns:us-east-1:999999999999:orders";
  const SubscribeURL = `${amazon.host}/?Action=ConfirmSubscription&TopicArn=${other}&Token=2336412f37f`;

  test("of any other topic opens nothing", async () => {
    const served = web();
    expect(await statusOf(amazon.confirmation({ TopicArn: other, SubscribeURL }), { served })).toBe(403);
    expect(served.fetched).not.toContain(SubscribeURL);
  });

  test("for a queue that is not there opens nothing", async () => {
    const served = web();
    const posted = { queue: { region: "us-east-1", account: "000000000000", name: "nowhere" } };
    expect(await statusOf(amazon.confirmation(), { served, posted })).toBe(404);
    expect(served.fetched).not.toContain(subscribeUrl);
  });

  test("that leads elsewhere opens nothing", async () => {
    const served = web();
    const elsewhere = subscribeUrl.replace("sns.us-east-1.amazonaws.com", "example.com");
    expect(await statusOf(amazon.confirmation({ SubscribeURL: elsewhere }), { served })).toBe(403);
    expect(served.fetched).not.toContain(elsewhere);
  });

  test("is judged by the policy as it is now, not by a copy", async () => {
    const served = web();
    await desk.catalog.findQueue({ region: "us-east-1", account: "000000000000", name: "inbox" });
    await desk.d1.prepare("UPDATE queues SET attributes = json_remove(attributes, '$.policy')").run();
    expect(await statusOf(amazon.confirmation(), { served })).toBe(403);
    expect(served.fetched).not.toContain(subscribeUrl);
  });

  const answers: [status: number, told: number][] = [
    [200, 200],
    [301, 403],
    [400, 403],
    [404, 403],
    [429, 503],
    [500, 503],
    [503, 503],
  ];

  test.each(answers)("to which SNS answers %i is answered with %i", async (status, told) => {
    const headers = { location: "https://example.com/" };
    const served = web({ [subscribeUrl]: () => new Response(null, { status, headers }) });
    expect(await statusOf(amazon.confirmation(), { served })).toBe(told);
    expect(served.fetched).not.toContain("https://example.com/");
  });

  test("is to be repeated when SNS cannot be reached", async () => {
    const served = web({
      [subscribeUrl]: () => {
        throw new TypeError("network");
      },
    });
    expect(await statusOf(amazon.confirmation(), { served })).toBe(503);
  });
});

test("an UnsubscribeConfirmation is noted, and its link is left alone", async () => {
  const served = web();
  expect(await statusOf(amazon.confirmation({ Type: "UnsubscribeConfirmation" }), { served })).toBe(200);
  expect(served.fetched).not.toContain(subscribeUrl);
  expect(log.at(-1)).toEqual([
    "sns: a topic does not deliver to a queue any more",
    { queue, topic: amazon.topicArn, messageId: amazon.messageId },
  ]);
});

describe("receipts", () => {
  const delivery = (messageId: string) => ({ queueUid: "uid", messageId });

  test("are kept for as long as SNS may repeat a delivery, and forgotten as new ones come", async () => {
    for (let count = 0; count < 10; count++) await desk.receipts.add(delivery(`old-${count}`), 0);
    await desk.receipts.add(delivery("new"), limits.snsReceiptMs);
    expect(await desk.receipts.has(delivery("old-0"))).toBe(true);
    await desk.receipts.add(delivery("newer"), limits.snsReceiptMs + 1);
    const { results } = await desk.d1.prepare("SELECT message_id FROM sns_receipts").all();
    expect(results).toHaveLength(12 - limits.snsReceiptsErasedAtOnce);
    expect(await desk.receipts.has(delivery("new"))).toBe(true);
    expect(await desk.receipts.has({ queueUid: "other", messageId: "new" })).toBe(false);
  });
});
