import { describe, expect, it } from "vitest";
import { limits } from "../../../../src/queue/limits.ts";
import { createSnsCertificates } from "../../../../src/services/sns/inbound/certificates.ts";
import { amazonRsa2048M01, snsOfAfSouth1 } from "./amazon-certificates.ts";
import { ecKey, type Identity, issue, rsaKey, validFromMs, validToMs } from "./pki.ts";
import {
  authority,
  certificatesOf,
  certificateUrl,
  issuerUrl,
  leaf,
  nowMs,
  root,
  served,
  topicArn,
  topicOf,
} from "./sns-in-hand.ts";

const refused = (message: string) => ({ ok: false, error: { kind: "NotAuthentic", message } });
const noRoot = refused("The certificate does not lead to a root of Amazon.");
const wrongName = refused("The certificate is not one of the SNS of the topic's region.");
const notValidNow = refused("The certificate has expired or is not yet valid.");
const unreadable = refused("The certificate cannot be read.");

/** What most certificates here are made from; they share a key, as making one takes long. */
const named = { commonName: "sns.amazonaws.com", dnsNames: ["sns.amazonaws.com"], key: leaf.key };
const snsLeaf = { ...named, issuer: authority };

/** What becomes of a file at the certificate's URL, and which files were fetched. */
async function check(
  file: string | Uint8Array,
  options: { issuers?: Record<string, string | Uint8Array>; atMs?: number; arn?: string; url?: string } = {},
) {
  const { issuers = {}, atMs = nowMs, arn = topicArn, url = certificateUrl } = options;
  const files = served({ [url]: file, ...issuers });
  const key = await certificatesOf(files).keyFor(url, topicOf(arn), atMs);
  return { key, fetched: files.fetched };
}

const keyOf = async (...check_: Parameters<typeof check>) => (await check(...check_)).key;
const chainOf = (...identities: readonly Identity[]) => identities.map(({ pem }) => pem).join("");

describe("a chain", () => {
  it("may come with the certificate", async () => {
    const { key, fetched } = await check(chainOf(leaf, authority));
    expect(key).toMatchObject({ ok: true, value: { type: "public", asymmetricKeyType: "rsa" } });
    expect(fetched).toEqual([certificateUrl]);
  });

  it("may come with its root, in any order, beside others", async () => {
    const other = issue({ commonName: "Other", ca: true });
    const second = issue({ commonName: "Second", issuer: authority, ca: true });
    const deep = issue({ ...snsLeaf, issuer: second });
    expect(await keyOf(chainOf(deep, root, other, authority, second))).toMatchObject({ ok: true });
  });

  it("must begin with SNS's own certificate", async () => {
    expect(await keyOf(chainOf(authority, leaf))).toEqual(
      refused("The certificate is that of an authority."),
    );
  });

  it.each([
    ["DER", authority.der],
    ["PEM", authority.pem],
  ])("may need the authority's certificate from Amazon Trust Services, in %s", async (_, issuer) => {
    const { key, fetched } = await check(leaf.pem, { issuers: { [issuerUrl]: issuer } });
    expect(key).toMatchObject({ ok: true });
    expect(fetched).toEqual([certificateUrl, issuerUrl]);
  });

  it("may be directly below a root", async () => {
    expect(await keyOf(issue({ ...snsLeaf, issuer: root }).pem)).toMatchObject({ ok: true });
  });

  it("may have two authorities below the root, given or fetched, and no more", async () => {
    const urlOf = (name: string) => `http://crt.${name}.amazontrust.com/${name}.cer`;
    const first = issue({ commonName: "First", issuer: root, ca: true });
    const second = issue({ commonName: "Second", issuer: first, ca: true, issuerUrl: urlOf("first") });
    const third = issue({ commonName: "Third", issuer: second, ca: true, issuerUrl: urlOf("second") });
    const issuers = {
      [urlOf("first")]: first.der,
      [urlOf("second")]: second.der,
      [urlOf("third")]: third.der,
    };
    const belowTwo = issue({ ...snsLeaf, issuer: second, issuerUrl: urlOf("second") });
    const belowThree = issue({ ...snsLeaf, issuer: third, issuerUrl: urlOf("third") });

    expect(limits.snsIntermediates).toBe(2);
    expect(await keyOf(belowTwo.pem, { issuers })).toMatchObject({ ok: true });
    expect(await keyOf(chainOf(belowTwo, second, first))).toMatchObject({ ok: true });
    expect(await check(belowThree.pem, { issuers })).toEqual({
      key: noRoot,
      fetched: [certificateUrl, urlOf("third"), urlOf("second")],
    });
    expect(await keyOf(chainOf(belowThree, third, second, first))).toEqual(noRoot);
  });

  it("may not end in a root that is not pinned", async () => {
    const otherRoot = issue({ commonName: "Test Root CA 1", ca: true });
    const otherAuthority = issue({ commonName: "Test RSA 2048 M01", issuer: otherRoot, ca: true });
    const otherLeaf = issue({ ...snsLeaf, issuer: otherAuthority, issuerUrl });
    expect(await keyOf(chainOf(otherLeaf, otherAuthority, otherRoot))).toEqual(noRoot);
    // The real authority has the right name but has not signed it.
    expect(await keyOf(otherLeaf.pem, { issuers: { [issuerUrl]: authority.der } })).toEqual(noRoot);
  });

  it("may not end in our root by default", async () => {
    const { fetcher } = served({ [certificateUrl]: chainOf(leaf, authority, root) });
    expect(await createSnsCertificates(fetcher).keyFor(certificateUrl, topicOf(topicArn), nowMs)).toEqual(
      noRoot,
    );
  });

  it("of Amazon itself is accepted, for its region and while it lasts", async () => {
    const urlIn = (region: string) => `https://sns.${region}.amazonaws.com/a.pem`;
    const issuers = { "http://crt.r2m01.amazontrust.com/r2m01.cer": amazonRsa2048M01 };
    const keyIn = (region: string, atMs: number) => {
      const { fetcher } = served({ [urlIn(region)]: snsOfAfSouth1, ...issuers });
      const topic = topicOf(`arn:aws:sns:${region}:123456789012:t`);
      return createSnsCertificates(fetcher).keyFor(urlIn(region), topic, atMs);
    };
    const lastMs = Date.parse("2027-02-07T23:59:59Z");
    expect(await keyIn("af-south-1", nowMs)).toMatchObject({ ok: true, value: { asymmetricKeyType: "rsa" } });
    expect(await keyIn("af-south-1", lastMs)).toMatchObject({ ok: true });
    expect(await keyIn("af-south-1", lastMs + 1000)).toEqual(notValidNow);
    expect(await keyIn("us-east-1", nowMs)).toEqual(wrongName);
  });

  it.each([
    ["one that is signed by itself", issue(named)],
    [
      "one that only says that the authority signed it",
      issue({ ...named, issuerName: authority.commonName }),
    ],
    ["one that only says that the root signed it", issue({ ...named, issuerName: root.commonName })],
  ])("may not be %s", async (_, identity) => {
    expect(await keyOf(identity.pem)).toEqual(noRoot);
    expect(await keyOf(chainOf(identity, authority))).toEqual(noRoot);
  });

  it.each([
    ["a certificate of SNS", leaf],
    [
      "an authority that may not sign certificates",
      issue({ commonName: "Idle", issuer: root, ca: true, signs: "data" }),
    ],
    [
      "a certificate that does not say what it may sign",
      issue({ commonName: "Vague", issuer: root, signs: "anything" }),
    ],
  ])("may not have %s for an authority", async (_, issuer) => {
    expect(await keyOf(chainOf(issue({ ...snsLeaf, issuer }), issuer, authority))).toEqual(noRoot);
  });

  it("may not have an authority of the right name with another key", async () => {
    const impostor = issue({ commonName: authority.commonName, issuer: root, ca: true });
    expect(await keyOf(chainOf(issue(snsLeaf), impostor))).toEqual(noRoot);
    expect(await keyOf(chainOf(issue(snsLeaf), impostor, authority))).toMatchObject({ ok: true });
  });

  it("may not have an authority of another name, though its key has signed", async () => {
    const misnamed = issue({ ...snsLeaf, issuerName: "Test RSA 2048 M02" });
    expect(await keyOf(chainOf(misnamed, authority))).toEqual(noRoot);
  });

  it("may not have an authority that is not valid now", async () => {
    const options = { commonName: "Brief", issuer: root, ca: true };
    const expired = issue({ ...options, notAfterMs: nowMs - 1000 });
    const early = issue({ ...options, notBeforeMs: nowMs + 1000 });
    const valid = issue({ ...options, notBeforeMs: nowMs, notAfterMs: nowMs });
    expect(await keyOf(chainOf(issue({ ...snsLeaf, issuer: expired }), expired))).toEqual(noRoot);
    expect(await keyOf(chainOf(issue({ ...snsLeaf, issuer: early }), early))).toEqual(noRoot);
    expect(await keyOf(chainOf(issue({ ...snsLeaf, issuer: valid }), valid))).toMatchObject({ ok: true });
  });

  it("may not have a root that is not valid now", async () => {
    const oldRoot = issue({ commonName: "Old", ca: true, notAfterMs: nowMs });
    const { fetcher } = served({ [certificateUrl]: issue({ ...snsLeaf, issuer: oldRoot }).pem });
    const keyAt = (atMs: number) =>
      createSnsCertificates(fetcher, [oldRoot]).keyFor(certificateUrl, topicOf(topicArn), atMs);
    expect(await keyAt(nowMs)).toMatchObject({ ok: true });
    expect(await keyAt(nowMs + 1000)).toEqual(noRoot);
  });
});

describe("an authority's certificate", () => {
  it.each([
    "http://evil.com/test1.cer",
    "http://amazontrust.com.evil.com/test1.cer",
    "http://crt.test1.amazontrust.com.evil.com/test1.cer",
    "http://evilamazontrust.com/test1.cer",
    "http://evil-amazontrust.com/test1.cer",
    "http://amazontrust.com/test1.cer",
    "http://crt.test1.amazontrust.com@evil.com/test1.cer",
    "http://user@crt.test1.amazontrust.com/test1.cer",
    "http://crt.test1.amazontrust.com:8080/test1.cer",
    "http://crt.test1.amazontrust.com\\@evil.com/test1.cer",
    "http://evil.com/?http://crt.test1.amazontrust.com/test1.cer",
    "http://crt.test1.amazontrust.com/test1.cer?x=1",
    "http://crt.test1.amazontrust.com/test1.cer#x",
    "http://crt.test1.amazontrust.com/%2e%2e/test1.cer",
    "http://crt.test1.amazontrust.com/../test1.cer",
    "http://crt.test1.amazontrust.com/",
    "HTTP://crt.test1.amazontrust.com/test1.cer",
    "ftp://crt.test1.amazontrust.com/test1.cer",
    "ldap://crt.test1.amazontrust.com/test1.cer",
    "http://169.254.169.254/latest",
    "http://crt.test1.amazontrust.com/test1.cer\nhttp://evil.com/",
  ])("is not fetched from %j", async (url) => {
    const pointing = issue({ ...snsLeaf, issuerUrl: url });
    expect(await check(pointing.pem, { issuers: { [url]: authority.der } })).toEqual({
      key: noRoot,
      fetched: [certificateUrl],
    });
  });

  it("may be fetched over HTTPS as well", async () => {
    const url = "https://crt.test1.amazontrust.com/test1.cer";
    const { key, fetched } = await check(issue({ ...snsLeaf, issuerUrl: url }).pem, {
      issuers: { [url]: authority.der },
    });
    expect(key).toMatchObject({ ok: true });
    expect(fetched).toEqual([certificateUrl, url]);
  });

  it.each([
    ["another's", issue({ commonName: authority.commonName, issuer: root, ca: true }).der],
    ["SNS's own", leaf.der],
    ["no certificate", "<html></html>"],
    ["empty", ""],
  ])("is refused if it is %s", async (_, issuer) => {
    expect(await keyOf(leaf.pem, { issuers: { [issuerUrl]: issuer } })).toEqual(noRoot);
  });

  it("is refused if it is not there", async () => {
    expect(await keyOf(leaf.pem)).toEqual(refused("There is no certificate at its URL: status 404."));
  });
});

describe("SNS's certificate", () => {
  const issued = (options: Partial<Parameters<typeof issue>[0]>) =>
    chainOf(issue({ ...snsLeaf, ...options }), authority);

  it.each([
    ["sns.amazonaws.com"],
    ["sns.us-east-1.amazonaws.com"],
    ["sns-signing.us-east-1.amazonaws.com", "other.example"],
  ])("may be issued to %s", async (...dnsNames) => {
    expect(await keyOf(issued({ commonName: "any", dnsNames }))).toMatchObject({ ok: true });
  });

  it("may have its name as common name, if it has no others", async () => {
    expect(await keyOf(issued({ dnsNames: [] }))).toMatchObject({ ok: true });
    expect(await keyOf(issued({ dnsNames: ["evil.example"] }))).toEqual(wrongName);
  });

  it.each([
    "*.amazonaws.com",
    "*.us-east-1.amazonaws.com",
    "sns.us-west-2.amazonaws.com",
    "sns-signing.us-west-2.amazonaws.com",
    "sns.amazonaws.com.cn",
    "sns.amazonaws.com.evil.com",
    "evilsns.amazonaws.com",
    "s3.amazonaws.com",
    "sns.amazonaws.com\0.evil.com",
    "amazonaws.com",
    "example.com, DNS:sns.amazonaws.com",
  ])("may not be issued to %j", async (name) => {
    expect(await keyOf(issued({ commonName: "any", dnsNames: [name] }))).toEqual(wrongName);
    expect(await keyOf(issued({ commonName: name, dnsNames: [] }))).toEqual(wrongName);
  });

  it("may be that of GovCloud's or China's SNS for a topic there", async () => {
    const gov = {
      arn: "arn:aws-us-gov:sns:us-gov-east-1:123456789012:t",
      url: "https://sns.us-gov-east-1.amazonaws.com/a.pem",
    };
    const china = {
      arn: "arn:aws-cn:sns:cn-north-1:123456789012:t",
      url: "https://sns.cn-north-1.amazonaws.com.cn/a.pem",
    };
    const ofGov = issued({ dnsNames: ["sns-us-gov-west-1.amazonaws.com"] });
    const ofChina = issued({ dnsNames: ["sns-cn-north-1.amazonaws.com.cn"] });
    expect(await keyOf(ofGov, gov)).toMatchObject({ ok: true });
    expect(await keyOf(ofChina, china)).toMatchObject({ ok: true });
    expect(await keyOf(ofChina, gov)).toEqual(wrongName);
    expect(await keyOf(ofGov, china)).toEqual(wrongName);
    expect(await keyOf(chainOf(leaf, authority), gov)).toEqual(wrongName);
    expect(await keyOf(ofGov)).toEqual(wrongName);
  });

  it("is valid from its first second to its last", async () => {
    const file = chainOf(issue({ ...snsLeaf, notBeforeMs: nowMs, notAfterMs: nowMs + 60_000 }), authority);
    expect(await keyOf(file, { atMs: nowMs })).toMatchObject({ ok: true });
    expect(await keyOf(file, { atMs: nowMs + 60_000 })).toMatchObject({ ok: true });
    expect(await keyOf(file, { atMs: nowMs - 1 })).toEqual(notValidNow);
    expect(await keyOf(file, { atMs: nowMs + 60_001 })).toEqual(notValidNow);
    expect(validFromMs).toBeLessThan(nowMs);
    expect(validToMs).toBeGreaterThan(nowMs + 60_001);
  });

  it.each([
    ["RSA with 2048 bits", rsaKey(2048), true],
    ["RSA with 3072 bits", rsaKey(3072), true],
    ["RSA with 2040 bits", rsaKey(2040), false],
    ["RSA with 1024 bits", rsaKey(1024), false],
    ["an elliptic curve", ecKey(), false],
  ])("with a key of %s", async (_, key, accepted) => {
    expect(await keyOf(issued({ key }))).toEqual(
      accepted
        ? expect.objectContaining({ ok: true })
        : refused("The certificate's key is not one of RSA with 2048 bits or more."),
    );
  });

  it("may not be an authority's", async () => {
    expect(await keyOf(issued({ ca: true }))).toEqual(refused("The certificate is that of an authority."));
  });

  it.each([
    ["empty", ""],
    ["a page", "<html></html>"],
    ["not closed", leaf.pem.slice(0, -30)],
    ["no certificate inside", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"],
    ["of another kind", leaf.pem.replaceAll("CERTIFICATE", "PUBLIC KEY")],
    ["cut short", leaf.der.subarray(0, 400)],
    ["not text", Uint8Array.of(0xff, 0xfe, 0x00)],
    [
      "followed by one that is broken",
      `${leaf.pem}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`,
    ],
  ])("may not be in a file that is %s", async (_, file) => {
    expect(await keyOf(file)).toEqual(unreadable);
  });

  it("changed in any part is refused", async () => {
    const whole = Uint8Array.from(leaf.der);
    for (let at = 8; at < whole.length; at += 37) {
      const changed = whole.map((byte, index) => (index === at ? byte ^ 1 : byte));
      const key = await keyOf(changed, { issuers: { [issuerUrl]: authority.der } });
      expect([at, key.ok]).toEqual([at, false]);
    }
  });
});
