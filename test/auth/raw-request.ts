import type { SignableRequest } from "../../src/auth/canonical-request.ts";

/**
 * A request from its text, as AWS's vectors write it: lines end in `\n`, a line that begins with a space goes
 * on with the value before it. Repeated headers are joined the way Fetch joins them.
 *
 * @param replaced headers to use instead of those in the text; `null` leaves one out
 */
export function rawRequest(text: string, replaced: Record<string, string | null> = {}): SignableRequest {
  const [head = "", body = ""] = splitOnce(text, "\n\n");
  const [requestLine = "", ...lines] = head.replace(/\n\s+/g, " ").split("\n");
  const method = requestLine.slice(0, requestLine.indexOf(" "));
  const target = requestLine.slice(method.length + 1, requestLine.lastIndexOf(" HTTP/"));
  const [path = "", query = ""] = splitOnce(target, "?");
  const headers = new Headers();
  for (const line of lines) {
    const [name = "", value = ""] = splitOnce(line, ":");
    if (name !== "") headers.append(name, value);
  }
  for (const [name, value] of Object.entries(replaced)) {
    if (value === null) headers.delete(name);
    else headers.set(name, value);
  }
  return { method, path, query, headers, body: new TextEncoder().encode(body) };
}

function splitOnce(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + separator.length)];
}
