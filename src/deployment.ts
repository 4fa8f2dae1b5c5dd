import { type Credentials, createCredentials } from "./auth/credentials.ts";
import { sessionKeys } from "./auth/session-token.ts";
import { Catalog } from "./catalog/catalog.ts";
import { DataKeys } from "./catalog/data-keys.ts";
import { DeploymentSecret } from "./catalog/deployment-secrets.ts";
import { Identities } from "./catalog/identities/identities.ts";
import { KmsKeyStore } from "./catalog/kms/key-store.ts";
import { principalsIn } from "./catalog/principals.ts";
import { SnsReceipts } from "./catalog/sns-receipts.ts";
import { Topics } from "./catalog/topics.ts";
import { createBlinding } from "./encryption/blinding.ts";
import { createBodies } from "./encryption/bodies.ts";
import { type RootKeys, rootKeys, sealSecret } from "./encryption/secrets.ts";
import { type Bindings, readSettings, type Settings } from "./env.ts";
import { err, ok, type Result } from "./lib/result.ts";
import type { IsolateContext } from "./services/action.ts";
import { createExternalKms } from "./services/kms/external.ts";
import type { SnsEndpoint } from "./services/sns/http-endpoint.ts";
import { createSnsCertificates } from "./services/sns/inbound/certificates.ts";

/** What an isolate has: for actions, and for the app alone. */
export interface Deployment extends IsolateContext {
  readonly settings: Settings;
  readonly credentials: Credentials;
  readonly rootKeys: RootKeys;
  readonly snsEndpoint: SnsEndpoint;
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
  const credentials = createCredentials(settings.value, principals, { rootKeys: keys, sessionKeys: tokens });
  const catalog = new Catalog(env.DB);
  const dataKeys = new DataKeys(env.DB, keys, { remember: (queue) => catalog.remember(queue) });
  const blindingSecret = new DeploymentSecret(env.DB, keys, "blinding");
  return ok({
    ...{ settings: settings.value, credentials, rootKeys: keys, snsEndpoint: snsEndpointOf(env.DB) },
    rootAccount: settings.value.rootAccountId,
    strictTiming: settings.value.strictTiming,
    ...{ catalog, dataKeys, principals, sessionKeys: tokens },
    identities: new Identities(env.DB),
    sealSecret: (secret) => sealSecret(keys, secret),
    forgetIdentity: (account) => credentials.forgetAccount(account),
    bodies: createBodies(dataKeys),
    blinding: createBlinding(() => blindingSecret.read()),
    topics: new Topics(env.DB),
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
