import { newSessionKey } from "../../auth/identity.ts";
import { type Session, sealSession } from "../../auth/session-token.ts";
import { required, string, structure, timestamp } from "../../shapes/shape.ts";
import type { RequestContext } from "../action.ts";

/** Temporary credentials, as every action answers them. */
export const credentials = structure({
  AccessKeyId: required(string),
  SecretAccessKey: required(string),
  SessionToken: required(string),
  Expiration: required(timestamp),
});

/** What a session is, beside what is drawn for it. */
export type NewSession = Omit<
  Session,
  "secretAccessKey" | "issuingKeyId" | "issuedAtSeconds" | "expiresAtSeconds"
>;

/** Makes temporary credentials. Nothing is stored: the token tells all there is to know of them. */
export function issueCredentials(
  { caller, nowMs, sessionKeys }: Pick<RequestContext, "caller" | "nowMs" | "sessionKeys">,
  session: NewSession,
  seconds: number,
) {
  const { accessKeyId, secretAccessKey } = newSessionKey();
  const issuedAtSeconds = Math.floor(nowMs / 1000);
  const expiresAtSeconds = issuedAtSeconds + seconds;
  const token = sealSession(sessionKeys, accessKeyId, {
    ...session,
    secretAccessKey,
    issuingKeyId: caller.session?.issuingKeyId ?? caller.accessKeyId,
    issuedAtSeconds,
    expiresAtSeconds,
  });
  return {
    AccessKeyId: accessKeyId,
    SecretAccessKey: secretAccessKey,
    SessionToken: token,
    Expiration: expiresAtSeconds * 1000,
  };
}
