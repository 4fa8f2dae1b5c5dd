import { X509Certificate } from "node:crypto";
import { rootCertificates } from "node:tls";
import { expect, it } from "vitest";
import { amazonRoots } from "../../../../src/services/sns/inbound/amazon-roots.ts";

const fingerprintOf = (pem: string) =>
  new X509Certificate(pem).fingerprint256.replaceAll(":", "").toLowerCase();

it("the pinned roots are the five of Amazon Trust Services", () => {
  expect(amazonRoots.map(({ name }) => name)).toEqual([
    "Amazon Root CA 1",
    "Amazon Root CA 2",
    "Amazon Root CA 3",
    "Amazon Root CA 4",
    "Starfield Services Root Certificate Authority - G2",
  ]);
});

it.each(amazonRoots)("$name is the one that Node trusts", ({ name, sha256, pem }) => {
  const trusted = rootCertificates.filter((other) =>
    new X509Certificate(other).subject.endsWith(`\nCN=${name}`),
  );
  expect(trusted.map(fingerprintOf)).toEqual([sha256]);
  expect(fingerprintOf(pem)).toBe(sha256);
});
