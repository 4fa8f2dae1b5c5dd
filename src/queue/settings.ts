/** How clients know a queue: the same name is another queue in another account or region. */
export interface QueueId {
  readonly account: string;
  readonly region: string;
  readonly name: string;
}

/** What the whole system knows of one queue. D1 owns it; the shard and the isolates hold copies by version. */
export interface QueueSettings extends QueueId {
  /** Fresh at every creation, so that a queue made again never meets its predecessor's messages. UUID. */
  readonly uid: string;
  /** Rises by one with every change of attributes; a shard refuses a caller with an older one. From 1. */
  readonly version: number;
  readonly createdAtSeconds: number;
  readonly modifiedAtSeconds: number;
  /** Signs this queue's receipt handles. 16 random bytes in base64url. */
  readonly handleKey: string;
  /** Which of its data keys new messages are sealed under, UUID. Absent until it has one: see `DataKeys.current`. */
  readonly dataKeyId?: string;
  readonly attributes: QueueAttributes;
  /** Absent for none. They are here because policies may ask for them. */
  readonly tags?: Readonly<Record<string, string>>;
}

/** The attributes that a client can set, in SQS's units. Absent optional ones were never set. */
export interface QueueAttributes {
  readonly delaySeconds: number;
  readonly maximumMessageBytes: number;
  readonly retentionSeconds: number;
  readonly waitSeconds: number;
  readonly visibilitySeconds: number;
  /** JSON exactly as the client wrote it; echoed to the character. */
  readonly policy?: string;
  /** The unique id of each user and role that the policy names by its ARN, as they were when it was set. */
  readonly policyIds?: Readonly<Record<string, string>>;
  readonly redrivePolicy?: string;
  readonly redriveAllowPolicy?: string;
  readonly kmsMasterKeyId?: string;
  readonly kmsDataKeyReuseSeconds?: number;
  readonly sqsManagedSse: boolean;
  /** Undefined for a standard queue. */
  readonly fifo?: FifoAttributes;
}

export interface FifoAttributes {
  readonly contentBasedDeduplication: boolean;
  readonly deduplicationScope: "queue" | "messageGroup";
  readonly throughputLimit: "perQueue" | "perMessageGroupId";
}
