import { randomBytes } from "node:crypto";
import { newAccountId } from "./account-id.ts";
import { UserError } from "./user-error.ts";

/** What every deployment needs; `src/env.ts` refuses to serve without. */
export const secretNames = [
  "ROOT_ACCOUNT_ID",
  "ROOT_ACCESS_KEY_ID",
  "ROOT_SECRET_ACCESS_KEY",
  "ROOT_KEY",
] as const;

export type SecretName = (typeof secretNames)[number];

/** 32 bytes in base64: the last character has two bits that must be 0. */
export const rootKeyForm = /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/;

export interface NewSecrets {
  readonly values: Partial<Record<SecretName, string>>;
  /** Those that were not in the environment. */
  readonly generated: readonly SecretName[];
}

/**
 * Values for the secrets that a deployment lacks: the environment's, else random ones.
 *
 * @throws UserError when a value of the environment has the wrong form.
 */
export function newSecrets(missing: readonly SecretName[], env: NodeJS.ProcessEnv): NewSecrets {
  const values: Partial<Record<SecretName, string>> = {};
  const generated: SecretName[] = [];
  for (const name of missing) {
    const given = env[name];
    if (given && !forms[name].form.test(given)) throw new UserError(`${name} must be ${forms[name].says}.`);
    if (!given) generated.push(name);
    values[name] = given || forms[name].generate();
  }
  return { values, generated };
}

/** The forms that `src/env.ts` checks, so that a bad value fails here and not in production. */
const forms: Record<SecretName, { form: RegExp; says: string; generate: () => string }> = {
  ROOT_ACCOUNT_ID: {
    form: /^\d{12}$/,
    says: "12 digits",
    generate: newAccountId,
  },
  ROOT_ACCESS_KEY_ID: {
    form: /^\w{1,128}$/,
    says: "1 to 128 letters, digits or _",
    generate: () => `ROOT${randomBytes(8).toString("hex").toUpperCase()}`,
  },
  ROOT_SECRET_ACCESS_KEY: {
    form: /^\S{1,128}$/,
    says: "1 to 128 characters without spaces",
    generate: () => randomBytes(30).toString("base64url"),
  },
  ROOT_KEY: {
    form: rootKeyForm,
    says: "32 bytes in base64",
    generate: () => randomBytes(32).toString("base64"),
  },
};
