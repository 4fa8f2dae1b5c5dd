/**
 * The vocabulary that actions are declared in. A shape says what a value is; how it looks on the wire is a
 * trait of the shape, read by each protocol. No action ever asks which protocol it is served by.
 */
export type Shape =
  | StringShape
  | IntegerShape
  | BooleanShape
  | TimestampShape
  | BlobShape
  | ListShape
  | MapShape
  | StructureShape;

export interface StringShape {
  readonly type: "string";
}
export interface IntegerShape {
  readonly type: "integer";
}
export interface BooleanShape {
  readonly type: "boolean";
}
/** Milliseconds since 1970; ISO 8601 in Query, seconds in JSON. */
export interface TimestampShape {
  readonly type: "timestamp";
}
/** Bytes; base64 in both protocols. */
export interface BlobShape {
  readonly type: "blob";
}

export interface ListShape<M extends Shape = Shape> {
  readonly type: "list";
  readonly member: M;
  /** Name of an element in Query: `AttributeName` for `AttributeName.1`, and in XML answers. */
  readonly queryName: string;
  /** Its elements stand within an element of the member's own name: `Tags.member.1`. SQS flattens all its lists. */
  readonly wrapped: boolean;
  /** An empty list is left out of JSON answers unless the model requires the key. */
  readonly keepEmpty: boolean;
}

export interface MapShape<V extends Shape = Shape> {
  readonly type: "map";
  readonly value: V;
  readonly queryName: string;
  /** Names of the two parts: `Attribute.1.Name`, `Attribute.1.Value`. */
  readonly queryKey: string;
  readonly queryValue: string;
  /** As with lists: `Attributes.entry.1.key`. */
  readonly wrapped: boolean;
  /** How SQS names a required map that has no entries; `Attribute.Name` (queryName.queryKey) if not given. */
  readonly missingName?: string;
}

export interface Member<S extends Shape = Shape, R extends boolean = boolean> {
  readonly shape: S;
  readonly required: R;
  /** Other spellings that clients send and SQS takes, in either protocol. */
  readonly aliases: readonly string[];
}

export type Members = { readonly [name: string]: Member };

export interface StructureShape<M extends Members = Members> {
  readonly type: "structure";
  readonly members: M;
  /** The members in their order of declaration, which is their order on the wire. */
  readonly fields: readonly (readonly [name: string, member: Member])[];
}

export const string: StringShape = { type: "string" };
export const integer: IntegerShape = { type: "integer" };
export const boolean: BooleanShape = { type: "boolean" };
export const timestamp: TimestampShape = { type: "timestamp" };
export const blob: BlobShape = { type: "blob" };

export function list<M extends Shape>(
  member: M,
  traits: { queryName: string; keepEmpty?: boolean },
): ListShape<M> {
  const { queryName, keepEmpty = false } = traits;
  return { type: "list", member, queryName, keepEmpty, wrapped: false };
}

/** A list as the services beside SQS write it: not flattened, its elements called `member`, there though empty. */
export function members<M extends Shape>(member: M): ListShape<M> {
  return { type: "list", member, queryName: "member", keepEmpty: true, wrapped: true };
}

export function map<V extends Shape>(
  value: V,
  traits: { queryName: string; queryKey: string; queryValue: string; missingName?: string },
): MapShape<V> {
  return { type: "map", value, ...traits, wrapped: false };
}

/** A map as SNS writes it: `Attributes.entry.1.key` and `Attributes.entry.1.value`, unless its parts have other names. */
export function entries<V extends Shape>(value: V, queryKey = "key", queryValue = "value"): MapShape<V> {
  return { type: "map", value, queryName: "entry", queryKey, queryValue, wrapped: true };
}

export function structure<M extends Members>(members: M): StructureShape<M> {
  return { type: "structure", members, fields: Object.entries(members) };
}

/**
 * A member whose absence is SQS's MissingParameter. So is a required map without entries; but a required list
 * that is absent is handed over empty, because SQS has an own error for every empty list (EmptyBatchRequest, …).
 */
export function required<S extends Shape>(shape: S, ...aliases: string[]): Member<S, true> {
  return { shape, required: true, aliases };
}

/** A member that may be absent. The Query protocol cannot write an empty list or map: those count as absent. */
export function optional<S extends Shape>(shape: S, ...aliases: string[]): Member<S, false> {
  return { shape, required: false, aliases };
}

/** The value that a shape describes. Maps keep the order of the request. */
export type Infer<S> = S extends StringShape
  ? string
  : S extends IntegerShape | TimestampShape
    ? number
    : S extends BooleanShape
      ? boolean
      : S extends BlobShape
        ? Uint8Array
        : S extends ListShape<infer M>
          ? readonly Infer<M>[]
          : S extends MapShape<infer V>
            ? ReadonlyMap<string, Infer<V>>
            : S extends StructureShape<infer M>
              ? InferMembers<M>
              : never;

type InferMembers<M extends Members> = {
  readonly [K in keyof M as M[K]["required"] extends true ? K : never]: Infer<M[K]["shape"]>;
} & {
  readonly [K in keyof M as M[K]["required"] extends true ? never : K]?: Infer<M[K]["shape"]> | undefined;
};
