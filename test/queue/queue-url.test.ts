import { describe, expect, it } from "vitest";
import { isAccountId, parseQueueUrl, queueUrl } from "../../src/queue/queue-url.ts";

const own = "999999999999";
const found = { account: "000000000000", name: "q" };

describe("a queue URL", () => {
  it("is the origin, the account and the name", () => {
    expect(queueUrl("http://localhost:8787", found)).toBe("http://localhost:8787/000000000000/q");
  });

  it.each([
    "http://localhost:8787/000000000000/q",
    "https://sqs.us-east-1.amazonaws.com/000000000000/q",
    "https://user:secret@elsewhere/some/prefix/000000000000/q",
    "http://localhost/000000000000/q/",
    "http://localhost/000000000000/q//",
    "http://localhost/000000000000/q?Action=SendMessage&Url=http://x/y",
    "http://localhost/000000000000/q#/x/y",
    "http://localhost/%30%300000000000/%71",
    "/000000000000/q",
    "000000000000/q",
    "//000000000000/q",
  ])("is believed in its last two segments: %s", (url) => {
    expect(parseQueueUrl(url, own)).toEqual(found);
  });

  it("may be a bare name in the caller's own account", () => {
    expect(parseQueueUrl("q", own)).toEqual({ account: own, name: "q" });
    expect(parseQueueUrl("jobs.fifo", own)).toEqual({ account: own, name: "jobs.fifo" });
  });

  it.each([
    "",
    "/",
    "http://whatever-incorrect-queue-address",
    "http://localhost/",
    "http://localhost/q",
    "http://000000000000/q",
    "http://localhost//q",
    "http://localhost/00000000000/q",
    "http://localhost/0000000000000/q",
    "http://localhost/00000000000a/q",
    "http://localhost/000000000000/",
    "http://localhost/000000000000/a b",
    "http://localhost/000000000000/a%2Fb",
    "http://localhost/000000000000/%",
    "http://localhost/000000000000/%ff",
    "http://localhost/%zz0000000000/q",
    `http://localhost/000000000000/${"q".repeat(81)}`,
    "not a name",
  ])("is no queue's: %j", (url) => {
    expect(parseQueueUrl(url, own)).toBeUndefined();
  });
});

it("an account id is twelve digits", () => {
  expect(isAccountId("012345678901")).toBe(true);
  for (const text of ["", "01234567890", "0123456789012", "01234567890x", "/12345678901", ":12345678901"]) {
    expect(isAccountId(text), text).toBe(false);
  }
});
