import type { AliasId } from "../../catalog/kms/aliases.ts";

/** Where keys live, and where a name without an ARN is looked up. */
export interface Home {
  readonly account: string;
  readonly region: string;
}

/** How clients name a key: by its id or an alias, each alone or in an ARN. */
export type KeyRef =
  | ({ readonly kind: "key"; readonly keyId: string } & Home)
  | ({ readonly kind: "alias" } & AliasId);

export function keyArn({ account, region, keyId }: Home & { readonly keyId: string }): string {
  return `arn:aws:kms:${region}:${account}:key/${keyId}`;
}

export function aliasArn({ account, region, name }: AliasId): string {
  return `arn:aws:kms:${region}:${account}:${name}`;
}

/** As it is shown to somebody who may not know what stands behind it. */
export function arnOf(ref: KeyRef): string {
  return ref.kind === "key" ? keyArn(ref) : aliasArn(ref);
}
