import { describe, expect, it } from "vitest";
import { limits } from "../../../../src/queue/limits.ts";
import { fetchFile } from "../../../../src/services/sns/inbound/fetch-file.ts";
import { certificateUrl, served } from "./sns-in-hand.ts";

const get = (body: BodyInit | null, init?: ResponseInit) =>
  fetchFile(async () => new Response(body, init), certificateUrl);
const bytes = (length: number) => new Uint8Array(length).fill(7);

it("a file is fetched with a limit on time, and no redirect is followed", async () => {
  const { fetcher, inits } = served({ [certificateUrl]: "text" });
  expect(await fetchFile(fetcher, certificateUrl)).toEqual({
    ok: true,
    value: new TextEncoder().encode("text"),
  });
  expect(inits).toEqual([{ redirect: "manual", signal: expect.any(AbortSignal) }]);
});

describe("a file's length", () => {
  const bound = limits.snsCertificateBytes;
  const tooLong = {
    ok: false,
    error: { kind: "NotAuthentic", message: "A certificate file must not be longer than 16384 bytes." },
  };

  it("may be the bound, and no more", async () => {
    expect(await get(bytes(bound))).toEqual({ ok: true, value: bytes(bound) });
    expect(await get(bytes(bound + 1))).toEqual(tooLong);
  });

  it("is bounded over all parts, and the rest is not read", async () => {
    let read = 0;
    let cancelled = false;
    const endless = new ReadableStream({
      pull(controller) {
        read += 1000;
        controller.enqueue(bytes(1000));
      },
      cancel() {
        cancelled = true;
      },
    });
    expect(await get(endless)).toEqual(tooLong);
    expect(cancelled).toBe(true);
    expect(read).toBeLessThan(bound + 3000);
  });

  it("may be nothing", async () => {
    expect(await get(null)).toEqual({
      ok: true,
      value: new Uint8Array(),
    });
  });
});

describe("an answer", () => {
  const answered = (status: number) =>
    get(status === 204 ? null : "x", { status, headers: { location: "https://evil.com/a.pem" } });

  it.each([204, 206, 301, 302, 303, 307, 308, 400, 403, 404])(
    "with status %i is no certificate",
    async (status) => {
      expect(await answered(status)).toEqual({
        ok: false,
        error: { kind: "NotAuthentic", message: `There is no certificate at its URL: status ${status}.` },
      });
    },
  );

  it.each([429, 500, 502, 503])("with status %i may be another a moment later", async (status) => {
    expect(await answered(status)).toEqual({
      ok: false,
      error: {
        kind: "CertificateUnavailable",
        message: `A certificate's host answered with status ${status}.`,
      },
    });
  });

  it("that breaks off may be whole a moment later", async () => {
    const cause = new Error("connection lost");
    const broken = new ReadableStream({
      start(controller) {
        controller.error(cause);
      },
    });
    expect(await get(broken)).toEqual({
      ok: false,
      error: { kind: "CertificateUnavailable", message: "A certificate could not be fetched.", cause },
    });
  });

  it("that never comes is one that may come a moment later", async () => {
    const cause = new DOMException("too slow", "TimeoutError");
    expect(await fetchFile(() => Promise.reject(cause), certificateUrl)).toEqual({
      ok: false,
      error: { kind: "CertificateUnavailable", message: "A certificate could not be fetched.", cause },
    });
  });
});
