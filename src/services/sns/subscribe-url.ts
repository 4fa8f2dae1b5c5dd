import { limits } from "../../queue/limits.ts";
import type { Fetcher } from "./inbound/fetch-file.ts";

/**
 * Opens the link by which Amazon's SNS lets a subscription be confirmed. A redirect is not followed, for where it leads
 * was not checked, and of the answer no more than its status is looked at.
 *
 * @param url as `confirmationUrl` has checked it
 */
export async function openConfirmationUrl(
  fetcher: Fetcher,
  url: string,
): Promise<"confirmed" | "refused" | "unreachable"> {
  try {
    const response = await fetcher(url, {
      redirect: "manual",
      signal: AbortSignal.timeout(limits.snsConfirmationFetchMs),
    });
    await response.body?.cancel();
    if (response.status === 200) return "confirmed";
    return response.status === 429 || response.status >= 500 ? "unreachable" : "refused";
  } catch (cause) {
    console.warn("sns: a subscription could not be confirmed", cause);
    return "unreachable";
  }
}
