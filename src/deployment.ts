import { type Credentials, createCredentials } from "./auth/credentials.ts";
import { type SessionKeys, sessionKeys } from "./auth/session-token.ts";
import { Catalog } from "./catalog/catalog.ts";
import { DataKeys } from "./catalog/data-keys.ts";
import { DeploymentSecret } from "./catalog/deployment-secrets.ts";
import { Identities } from "./catalog/identities/identities.ts";
import { KmsKeyStore } from "./catalog/kms/key-store.ts";
import { type Principals, principalsIn } from "./catalog/principals.ts";
import { SnsReceipts } from "./catalog/sns-receipts.ts";
import { Topics } from "./catalog/topics.ts";
import { type Blinding, createBlinding } from "./encryption/blinding.ts";
import { type Bodies, createBodies } from "./encryption/bodies.ts";
import { type RootKeys, rootKeys } from "./encryption/secrets.ts";
import { type Bindings, readSettings, type Settings } from "./env.ts";
import { err, ok, type Result } from "./lib/result.ts";
import { createExternalKms } from "./services/kms/external.ts";
import type { Kms } from "./services/kms/kms.ts";
import type { SnsEndpoint } from "./services/sns/http-endpoint.ts";
import { createSnsCertificates } from "./services/sns/inbound/certificates.ts";

/** What all requests of an isolate share. */
export interface Deployment {
  readonly settings: Settings;
  readonly credentials: Credentials;
  readonly identities: Identities;
  readonly principals: Principals;
  readonly sessionKeys: SessionKeys;
  readonly catalog: Catalog;
  readonly rootKeys: RootKeys;
  readonly dataKeys: DataKeys;
  readonly bodies: Bodies;
  readonly blinding: Blinding;
  readonly topics: Topics;
  readonly snsEndpoint: SnsEndpoint;
  readonly kms: Kms;
}

const deployments = new WeakMap<Bindings, Result<Deployment, string>>();

/** @returns what is wrong with the settings, for whoever operates this deployment */
export function deploymentOf(env: Bindings): Result<Deployment, string> {
  const known = deployments.get(env);
  if (known) return known;
  const made = makeDeployment(env);
  deployments.set(env, made);
  return made;
}

function makeDeployment(env: Bindings): Result<Deployment, string> {
  const settings = readSettings(env);
  if (!settings.ok) return err(settings.error);
  const keys = rootKeys(settings.value.rootKey, settings.value.previousRootKeys);
  const tokens = sessionKeys(keys);
  const principals = principalsIn(env.DB);
  const catalog = new Catalog(env.DB);
  const dataKeys = new DataKeys(env.DB, keys, { remember: (queue) => catalog.remember(queue) });
  const blindingSecret = new DeploymentSecret(env.DB, keys, "blinding");
  return ok({
    settings: settings.value,
    credentials: createCredentials(settings.value, principals, { rootKeys: keys, sessionKeys: tokens }),
    identities: new Identities(env.DB),
    principals,
    sessionKeys: tokens,
    catalog,
    rootKeys: keys,
    dataKeys,
    bodies: createBodies(dataKeys),
    blinding: createBlinding(() => blindingSecret.read()),
    topics: new Topics(env.DB),
    snsEndpoint: snsEndpointOf(env.DB),
    kms: {
      keys: new KmsKeyStore(env.DB, keys),
      external: settings.value.externalKms && createExternalKms(settings.value.externalKms),
    },
  });
}

/** Amazon's SNS is the one service that we fetch from. */
function snsEndpointOf(db: D1Database): SnsEndpoint {
  const fetcher: SnsEndpoint["fetcher"] = (url, init) => fetch(url, init);
  return { certificates: createSnsCertificates(fetcher), fetcher, receipts: new SnsReceipts(db) };
}
