import { err, ok, type Result } from "../lib/result.ts";
import { type SqsError, sqsError } from "../queue/errors.ts";
import { limits } from "../queue/limits.ts";
import type { WireRequest } from "./protocol.ts";

/**
 * A request with its whole body, up to a bound that no request of SQS needs.
 *
 * @returns `RequestEntityTooLarge` once the bound is passed; what follows is not read.
 */
export async function readRequest(request: Request): Promise<Result<WireRequest, SqsError>> {
  const { method, headers } = request;
  const wire = { method, headers, ...partsOf(request.url) };
  const length = headers.get("content-length");
  if (request.body === null || length === "0") return ok({ ...wire, body: new Uint8Array() });
  if (length !== null) {
    // The runtime holds a body to the length that it announced.
    if (Number(length) > limits.requestBytes) return err(tooLarge);
    return ok({ ...wire, body: new Uint8Array(await request.arrayBuffer()) });
  }
  const body = await readBounded(request.body);
  return body ? ok({ ...wire, body }) : err(tooLarge);
}

/** The runtime gives an absolute URL in its normal form, and no fragment: a parser would find nothing more in it. */
function partsOf(url: string): Pick<WireRequest, "origin" | "path" | "query"> {
  const pathAt = url.indexOf("/", url.indexOf("://") + 3);
  const queryAt = url.indexOf("?", pathAt);
  return {
    origin: url.slice(0, pathAt),
    path: url.slice(pathAt, queryAt === -1 ? undefined : queryAt),
    query: queryAt === -1 ? "" : url.slice(queryAt + 1),
  };
}

async function readBounded(stream: ReadableStream<Uint8Array>): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.length;
    if (bytes > limits.requestBytes) return undefined;
    chunks.push(chunk);
  }
  const body = new Uint8Array(bytes);
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.length;
  }
  return body;
}

const tooLarge = sqsError(
  "RequestEntityTooLarge",
  `A request may have at most ${limits.requestBytes} bytes.`,
);
