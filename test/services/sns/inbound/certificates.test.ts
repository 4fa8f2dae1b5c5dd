import { expect, it } from "vitest";
import { limits } from "../../../../src/queue/limits.ts";
import { issue, validToMs } from "./pki.ts";
import {
  authority,
  certificatesOf,
  certificateUrl,
  host,
  issuerUrl,
  leaf,
  nowMs,
  root,
  served,
  topicArn,
  topicOf,
  usualFiles,
} from "./sns-in-hand.ts";

const topic = topicOf(topicArn);
const notValidNow = {
  ok: false,
  error: { kind: "NotAuthentic", message: "The certificate has expired or is not yet valid." },
};

it("a certificate is fetched once and then used for a day", async () => {
  const files = usualFiles();
  const certificates = certificatesOf(files);
  const keyAt = (atMs: number) => certificates.keyFor(certificateUrl, topic, atMs);
  const first = await keyAt(nowMs);
  expect(first).toMatchObject({ ok: true });
  expect(await keyAt(nowMs + limits.snsCertificateMs - 1)).toEqual(first);
  expect(files.fetched).toEqual([certificateUrl, issuerUrl]);

  expect(await keyAt(nowMs + limits.snsCertificateMs)).toMatchObject({ ok: true });
  expect(files.fetched).toEqual([certificateUrl, issuerUrl, certificateUrl, issuerUrl]);
});

it.each([
  ["it", { leafEndsMs: nowMs + 5000, authorityEndsMs: validToMs }],
  ["its authority's", { leafEndsMs: validToMs, authorityEndsMs: nowMs + 5000 }],
])(
  "a certificate that was checked is not used once %s has expired",
  async (_, { leafEndsMs, authorityEndsMs }) => {
    const brief = issue({ commonName: "Brief", issuer: root, ca: true, notAfterMs: authorityEndsMs });
    const ending = issue({
      commonName: "sns.amazonaws.com",
      issuer: brief,
      notAfterMs: leafEndsMs,
    });
    const files = served({ [certificateUrl]: ending.pem + brief.pem });
    const certificates = certificatesOf(files);
    const keyAt = (atMs: number) => certificates.keyFor(certificateUrl, topic, atMs);
    expect(await keyAt(nowMs)).toMatchObject({ ok: true });
    expect(await keyAt(nowMs + 5000)).toMatchObject({ ok: true });
    expect(files.fetched).toHaveLength(1);
    expect(await keyAt(nowMs + 5001)).toMatchObject({ ok: false, error: { kind: "NotAuthentic" } });
    expect(files.fetched).toHaveLength(2);
  },
);

it("a certificate that was checked is not used for an instant before it is valid", async () => {
  const files = served({
    [certificateUrl]:
      issue({ commonName: "sns.amazonaws.com", issuer: authority, notBeforeMs: nowMs }).pem + authority.pem,
  });
  const certificates = certificatesOf(files);
  expect(await certificates.keyFor(certificateUrl, topic, nowMs)).toMatchObject({ ok: true });
  expect(await certificates.keyFor(certificateUrl, topic, nowMs - 1)).toEqual(notValidNow);
});

it("a certificate that failed is fetched again when it is asked for again", async () => {
  const answers = [new Response("busy", { status: 503 }), new Response(leaf.pem + authority.pem)];
  const certificates = certificatesOf({ fetcher: async () => answers.shift() ?? new Response("none left") });
  expect(await certificates.keyFor(certificateUrl, topic, nowMs)).toMatchObject({
    ok: false,
    error: { kind: "CertificateUnavailable" },
  });
  expect(await certificates.keyFor(certificateUrl, topic, nowMs)).toMatchObject({ ok: true });
});

it("a certificate that was checked for one region is not one for another", async () => {
  const files = usualFiles();
  const certificates = certificatesOf(files);
  expect(await certificates.keyFor(certificateUrl, topic, nowMs)).toMatchObject({ ok: true });
  const elsewhere = topicOf("arn:aws:sns:us-west-2:123456789012:orders");
  expect(await certificates.keyFor(certificateUrl, elsewhere, nowMs)).toMatchObject({
    ok: false,
    error: { kind: "NotAuthentic" },
  });
});

it("no more certificates are kept than the bound says: the one fetched first makes room", async () => {
  const urls = Array.from({ length: limits.snsCertificates + 1 }, (_, index) => `${host}/c${index}.pem`);
  const files = served(Object.fromEntries(urls.map((url) => [url, leaf.pem + authority.pem])));
  const certificates = certificatesOf(files);
  const [first = "", second = ""] = urls;
  for (const url of urls) await certificates.keyFor(url, topic, nowMs);
  expect(files.fetched).toEqual(urls);

  await certificates.keyFor(second, topic, nowMs);
  expect(files.fetched).toEqual(urls);
  await certificates.keyFor(first, topic, nowMs);
  expect(files.fetched).toEqual([...urls, first]);
});
