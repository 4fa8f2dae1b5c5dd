import { ok, type Result } from "../../../lib/result.ts";
import { limits } from "../../../queue/limits.ts";
import { certificateUnavailable, notAuthentic, type SnsRefusal } from "./refusal.ts";

/** What is used of `fetch`. */
export type Fetcher = (url: string, init: FetchInit) => Promise<Response>;

export interface FetchInit {
  readonly redirect: "manual";
  readonly signal: AbortSignal;
}

/**
 * GETs a small file. A redirect is not followed: where it leads was not checked, and neither SNS nor Amazon Trust
 * Services sends any.
 *
 * @returns `CertificateUnavailable` for what may be otherwise a moment later.
 */
export async function fetchFile(fetcher: Fetcher, url: string): Promise<Result<Uint8Array, SnsRefusal>> {
  try {
    const response = await fetcher(url, {
      redirect: "manual",
      signal: AbortSignal.timeout(limits.snsCertificateFetchMs),
    });
    if (response.status === 200) return await readBounded(response);
    await response.body?.cancel();
    return response.status === 429 || response.status >= 500
      ? certificateUnavailable(`A certificate's host answered with status ${response.status}.`)
      : notAuthentic(`There is no certificate at its URL: status ${response.status}.`);
  } catch (error) {
    return certificateUnavailable("A certificate could not be fetched.", error);
  }
}

async function readBounded(response: Response): Promise<Result<Uint8Array, SnsRefusal>> {
  const file = new Uint8Array(limits.snsCertificateBytes);
  let length = 0;
  const reader = response.body?.getReader();
  for (;;) {
    const next = await reader?.read();
    if (next === undefined || next.done) return ok(file.slice(0, length));
    const chunk: Uint8Array = next.value;
    if (length + chunk.length > file.length) {
      await reader?.cancel();
      return notAuthentic(`A certificate file must not be longer than ${file.length} bytes.`);
    }
    file.set(chunk, length);
    length += chunk.length;
  }
}
