import { err, ok, type Result } from "../../lib/result.ts";
import type { ServiceError } from "../../queue/errors.ts";
import { limits } from "../../queue/limits.ts";
import { check, hasLength, matches } from "./constraints.ts";
import { kmsError } from "./errors.ts";
import { isReservedAlias } from "./managed-key.ts";

/**
 * An alias that a client may make, change or delete.
 *
 * @returns `ValidationException`, `NotAuthorizedException` or `InvalidAliasNameException`
 */
export function checkAliasName(name: string): Result<void, ServiceError> {
  const valid = check(
    hasLength("aliasName", name, { min: 1, max: limits.kmsAliasNameLength }),
    matches("aliasName", name, /^[a-zA-Z0-9:/_-]+$/),
  );
  if (!valid.ok) return valid;
  if (!name.startsWith("alias/")) return err(withoutPrefix);
  if (isReservedAlias(name)) return err(kmsError("NotAuthorizedException", `${name} is reserved for AWS.`));
  return name === "alias/" || name.includes(":")
    ? err(kmsError("InvalidAliasNameException", `${name} contains invalid characters for an alias`))
    : ok(undefined);
}

const withoutPrefix = kmsError(
  "ValidationException",
  'Alias must start with the prefix "alias/". Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html',
);
