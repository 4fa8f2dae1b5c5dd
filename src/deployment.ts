import { type Credentials, createCredentials } from "./auth/credentials.ts";
import { findAccessKey } from "./catalog/access-keys.ts";
import { Catalog } from "./catalog/catalog.ts";
import { rootKey } from "./encryption/secrets.ts";
import { type Bindings, readSettings, type Settings } from "./env.ts";
import { err, ok, type Result } from "./lib/result.ts";

/** What all requests of an isolate share. */
export interface Deployment {
  readonly settings: Settings;
  readonly credentials: Credentials;
  readonly catalog: Catalog;
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
  const accessKeys = { findAccessKey: (id: string) => findAccessKey(env.DB, id) };
  return ok({
    settings: settings.value,
    credentials: createCredentials(settings.value, accessKeys, rootKey(settings.value.rootKey)),
    catalog: new Catalog(env.DB),
  });
}
