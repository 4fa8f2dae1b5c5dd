import type { KeyObject, X509Certificate } from "node:crypto";
import { ok, type Result } from "../../../lib/result.ts";
import { limits } from "../../../queue/limits.ts";
import { readCertificates } from "./certificate-file.ts";
import { notAuthentic, type SnsRefusal } from "./refusal.ts";

/** When every certificate of a chain is valid, both ends included. */
export interface Validity {
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

export interface CheckedChain extends Validity {
  /** Of the certificate at the chain's end: RSA, 2048 bits or more. */
  readonly key: KeyObject;
}

export interface ChainCheck {
  /** One of which the certificate must be issued to. */
  readonly names: readonly string[];
  readonly roots: readonly X509Certificate[];
  readonly nowMs: number;
  /** GETs a CA certificate from where a certificate says that its issuer's is. */
  fetchIssuer(url: string): Promise<Result<Uint8Array, SnsRefusal>>;
}

/**
 * Follows the first certificate of a file to a root. The others of the file may be its issuers, in any order. An
 * issuer that is not among them is fetched, from Amazon Trust Services and nowhere else: SNS's files hold one
 * certificate, and Amazon changes the authority that signs it every now and then.
 *
 * The path lengths and name constraints of CA certificates are not looked at, as the runtime does not show them. A
 * chain ends in a root of Amazon, which gives CA certificates to nobody else.
 *
 * @see https://datatracker.ietf.org/doc/html/rfc5280#section-6.1
 */
export async function checkChain(
  file: Uint8Array,
  check: ChainCheck,
): Promise<Result<CheckedChain, SnsRefusal>> {
  const [leaf, ...others] = readCertificates(file);
  if (leaf === undefined) return notAuthentic("The certificate cannot be read.");
  const fault = leafFault(leaf, check);
  if (fault !== undefined) return notAuthentic(fault);

  const chain = [leaf];
  let last = leaf;
  for (let above = 0; above <= limits.snsIntermediates; above++) {
    const root = issuerOf(last, check.roots, check.nowMs);
    if (root !== undefined) return ok({ key: leaf.publicKey, ...commonValidity([...chain, root]) });

    let issuer = issuerOf(last, others, check.nowMs);
    if (issuer === undefined && above < limits.snsIntermediates) {
      const url = issuerUrl(last);
      if (url === undefined) break;
      const fetched = await check.fetchIssuer(url);
      if (!fetched.ok) return fetched;
      issuer = issuerOf(last, readCertificates(fetched.value), check.nowMs);
    }
    if (issuer === undefined) break;
    chain.push(issuer);
    last = issuer;
  }
  return notAuthentic("The certificate does not lead to a root of Amazon.");
}

export function isValidAt({ notBeforeMs, notAfterMs }: Validity, nowMs: number): boolean {
  return nowMs >= notBeforeMs && nowMs <= notAfterMs;
}

const RSA_BITS = 2048;

function leafFault(leaf: X509Certificate, { names, nowMs }: ChainCheck): string | undefined {
  if (leaf.ca) return "The certificate is that of an authority.";
  // A wildcard would say that it is for any service. SNS uses none.
  if (!names.some((name) => leaf.checkHost(name, { wildcards: false }) !== undefined)) {
    return "The certificate is not one of the SNS of the topic's region.";
  }
  const { asymmetricKeyType, asymmetricKeyDetails } = leaf.publicKey;
  if (asymmetricKeyType !== "rsa" || (asymmetricKeyDetails?.modulusLength ?? 0) < RSA_BITS) {
    return `The certificate's key is not one of RSA with ${RSA_BITS} bits or more.`;
  }
  return isValidAt(validityOf(leaf), nowMs) ? undefined : "The certificate has expired or is not yet valid.";
}

/**
 * The one that signed `certificate`. `checkIssued` compares the names, the key identifiers and what the issuer's key
 * may be used for; only `verify` looks at the signature.
 */
function issuerOf(
  certificate: X509Certificate,
  candidates: readonly X509Certificate[],
  nowMs: number,
): X509Certificate | undefined {
  return candidates.find(
    (candidate) =>
      candidate.ca &&
      isValidAt(validityOf(candidate), nowMs) &&
      certificate.checkIssued(candidate) &&
      certificate.verify(candidate.publicKey),
  );
}

const ISSUER = /^CA Issuers - URI:(https?:\/\/(?:[a-z0-9-]+\.)+amazontrust\.com\/[\w/-]+(?:\.\w+)?)$/m;

/** Plain HTTP is usual for these and does no harm: what comes must have signed `certificate`. */
function issuerUrl(certificate: X509Certificate): string | undefined {
  return ISSUER.exec(certificate.infoAccess ?? "")?.[1];
}

/** A date that cannot be read is NaN, at which nothing is valid. */
function validityOf(certificate: X509Certificate): Validity {
  return { notBeforeMs: Date.parse(certificate.validFrom), notAfterMs: Date.parse(certificate.validTo) };
}

function commonValidity(chain: readonly X509Certificate[]): Validity {
  const all = chain.map(validityOf);
  return {
    notBeforeMs: Math.max(...all.map(({ notBeforeMs }) => notBeforeMs)),
    notAfterMs: Math.min(...all.map(({ notAfterMs }) => notAfterMs)),
  };
}
