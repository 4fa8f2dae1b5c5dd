import { type KeyObject, X509Certificate } from "node:crypto";
import { setBounded } from "../../../auth/bounded-map.ts";
import { ok, type Result } from "../../../lib/result.ts";
import { limits } from "../../../queue/limits.ts";
import { amazonRoots, type PinnedRoot } from "./amazon-roots.ts";
import { type CheckedChain, checkChain, isValidAt } from "./certificate-chain.ts";
import { type Fetcher, fetchFile } from "./fetch-file.ts";
import { notAuthentic, type SnsRefusal } from "./refusal.ts";
import { isCertificateUrl } from "./sns-urls.ts";
import { signingNames, type TopicArn } from "./topic-arn.ts";

/** The certificates that SNS signs with, fetched where a message says and checked. One per isolate. */
export interface SnsCertificates {
  /** The public key of the certificate at `url`, if it is one of SNS in the topic's region. */
  keyFor(url: string, topic: TopicArn, nowMs: number): Promise<Result<KeyObject, SnsRefusal>>;
}

/** @param roots for tests, which cannot have Amazon sign for them. */
export function createSnsCertificates(
  fetcher: Fetcher,
  roots: readonly Pick<PinnedRoot, "pem">[] = amazonRoots,
): SnsCertificates {
  /** By URL. Only what passed every check gets in, so a stranger can neither fill it nor put anything into it. */
  const checked = new Map<string, CheckedChain & { readonly checkedAtMs: number }>();
  let parsedRoots: readonly X509Certificate[] | undefined;

  return {
    async keyFor(url, topic, nowMs) {
      if (!isCertificateUrl(url, topic)) {
        return notAuthentic("SigningCertURL is not a certificate of the SNS of the topic's region.");
      }
      const known = checked.get(url);
      if (known !== undefined) {
        if (isValidAt(known, nowMs) && nowMs - known.checkedAtMs < limits.snsCertificateMs)
          return ok(known.key);
        checked.delete(url);
      }
      parsedRoots ??= roots.map(({ pem }) => new X509Certificate(pem));
      const file = await fetchFile(fetcher, url);
      if (!file.ok) return file;
      const chain = await checkChain(file.value, {
        names: signingNames(topic),
        roots: parsedRoots,
        nowMs,
        fetchIssuer: (issuerUrl) => fetchFile(fetcher, issuerUrl),
      });
      if (!chain.ok) return chain;
      setBounded(checked, url, { ...chain.value, checkedAtMs: nowMs }, limits.snsCertificates);
      return ok(chain.value.key);
    },
  };
}
