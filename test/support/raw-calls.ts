import type { Key } from "./accounts.ts";
import { exchange, jsonExchange, signed } from "./raw-http.ts";

/** What an AWS JSON call came to. */
export interface RawAnswer {
  readonly status: number;
  /** The code of an error, as Query names it; empty for none. */
  readonly code: string;
  /** The text of an error, or the whole answer. */
  readonly message: string;
}

/** One call with headers of one's own: those that are not to be signed are added afterwards. */
export async function rawCall(
  serverUrl: string,
  key: Key,
  call: {
    readonly action: string;
    readonly input: object;
    readonly headers?: Readonly<Record<string, string>>;
    readonly region?: string;
  },
): Promise<RawAnswer> {
  const { action, input, headers = {}, region = "us-east-1" } = call;
  const wire = jsonExchange(action, input);
  const token = key.sessionToken === undefined ? {} : { "x-amz-security-token": key.sessionToken };
  const request = signed(serverUrl, { ...wire, headers: { ...wire.headers, ...token } }, { ...key, region });
  return answerOf(await exchange(serverUrl, { ...request, headers: { ...request.headers, ...headers } }));
}

/** @param answer in AWS JSON or XML */
export function answerOf(answer: Awaited<ReturnType<typeof exchange>>): RawAnswer {
  const { status, headers, body } = answer;
  if (status === 200) return { status, code: "", message: body };
  const [code = ""] = String(headers["x-amzn-query-error"] ?? /<Code>([^<]*)</.exec(body)?.[1] ?? "").split(
    ";",
  );
  const message = body.startsWith("{")
    ? String(JSON.parse(body).message)
    : (/<Message>([^<]*)</.exec(body)?.[1] ?? body);
  return { status, code, message };
}
