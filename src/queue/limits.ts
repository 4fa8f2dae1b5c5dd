/**
 * Every bound of a queue and its messages, with the page or the reason it comes from.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-queues.html
 */
export const limits = {
  /** Message body and attributes, bytes of UTF-8. SQS raised it from 256 KiB in August 2025. */
  messageBytes: { min: 1024, max: 1_048_576, default: 1_048_576 },
  /** Sum over all entries of one batch; fixed, whatever MaximumMessageSize is. */
  batchBytes: 1_048_576,
  /**
   * A request's body, bytes. 1 MiB of text takes three times that in a form and up to six in JSON escapes;
   * beyond it nothing can be valid.
   */
  requestBytes: 8_388_608,
  batchEntries: 10,
  batchEntryIdLength: 80,
  receiveMessages: { min: 1, max: 10, default: 1 },
  delaySeconds: { min: 0, max: 900, default: 0 },
  visibilitySeconds: { min: 0, max: 43_200, default: 30 },
  waitSeconds: { min: 0, max: 20, default: 0 },
  retentionSeconds: { min: 60, max: 1_209_600, default: 345_600 },
  kmsDataKeyReuseSeconds: { min: 60, max: 86_400, default: 300 },
  /** A lease may be extended to this long after its receive, milliseconds. */
  totalVisibilityMs: 43_200_000,
  /** Received and neither deleted nor timed out. */
  inFlightMessages: 120_000,
  messageAttributes: 10,
  messageAttributeNameLength: 256,
  messageAttributeTypeLength: 256,
  /**
   * AWSTraceHeader, bytes. SQS counts it towards no size and publishes no bound; a header of trace, parent
   * and sampling takes about 100. It must have one here, as ten of them share a record with a full batch.
   */
  traceHeaderBytes: 4096,
  /** MessageGroupId, MessageDeduplicationId, ReceiveRequestAttemptId. */
  fifoIdLength: 128,
  /** How long a FIFO queue knows a deduplication id, and a ReceiveRequestAttemptId, from its first use. */
  dedupMs: 300_000,
  /** Named receives that are remembered; only clients that lose answers name theirs. */
  receiveAttempts: 10_000,
  /** How long a queue whose dead-letter queue is gone waits before it looks for it again. */
  redrivePauseMs: 60_000,
  /** A tenant of a fair queue is noisy with more than this share of what is in flight, and at least so many. */
  noisyShare: 0.1,
  noisyInFlight: 30,
  /** "Recent" processing time is that of this period and the one before. */
  fairnessPeriodMs: 150_000,
  /** A tenant is quiet again when nothing of it was in flight for so long. */
  calmAfterMs: 300_000,
  /** Rows of an index that one receive looks at: what lies deeper waits for the next. */
  lookedAtPerReceive: 300,
  /** Move tasks of one queue that are remembered, which is how many can be listed. */
  listedMoves: 10,
  moveMessagesPerSecond: { min: 1, max: 500 },
  /** A move task runs no longer than this, milliseconds. */
  moveMs: 129_600_000,
  activeMoves: 100,
  queueNameLength: 80,
  /** Of Policy by SQS's quota; RedrivePolicy and RedriveAllowPolicy are JSON stored as given, so they share it. */
  policyBytes: 8192,
  policyStatements: 20,
  /** KMS's own bound of a key id, alias or ARN. */
  kmsKeyIdLength: 2048,
  tags: 50,
  tagKeyLength: 128,
  tagValueLength: 256,
  listPage: 1000,
  receiptHandleLength: 1024,
  maxReceiveCount: { min: 1, max: 1000 },
  redriveAllowSources: 10,
  /** Settings that one isolate remembers: about a kilobyte each, of the 128 MB that an isolate has. */
  cachedQueues: 10_000,
  /** SQS lets a change of attributes take a minute to be seen everywhere; a copy is trusted no longer. */
  cachedQueueMs: 60_000,
  /** SQS's wait between two purges, and between deleting a queue and creating it again (STRICT_SQS_TIMING). */
  strictWaitMs: 60_000,
  /**
   * How long a repeated send is answered from memory. The Worker retries for a few seconds at most; half a
   * minute leaves room, and the entries stay below a megabyte at a few thousand sends a second.
   */
  batchMemoryMs: 30_000,
  batchMemoryEntries: 20_000,
  /**
   * Parameters of one form. The largest valid request (ten messages with ten attributes each) has about 500;
   * the rest is room for requests that are to get SQS's own error, such as a batch of a thousand entries.
   */
  formParameters: 10_000,
  /**
   * Parts of a form parameter's name. The deepest has 7:
   * `SendMessageBatchRequestEntry.1.MessageAttribute.1.Value.StringListValue.1`.
   */
  formNameParts: 8,
  /** How far a signature's date may be from our clock, either way: SigV4's 15 minutes. */
  clockSkewMs: 900_000,
  /** X-Amz-Expires of a presigned URL: SigV4's week. */
  presignedSeconds: { min: 1, max: 604_800 },
  /** Derived signing keys an isolate keeps, one per access key, day, region and service: 0.5 kB each. */
  signingKeys: 2000,
  /** Age at which one request looks its access key up again while the others go on with the answer at hand. */
  credentialRefreshMs: 50_000,
  /** Until a look-up has answered, the next one starts this much later: 50 + 5 s stay below the 60 promised. */
  credentialRetryMs: 5_000,
  /** How long an isolate remembers that a key is unknown; AWS was seen to do so for 5 s. */
  unknownKeyMs: 5_000,
  /** Access keys an isolate remembers, known and unknown: 1 kB each. The oldest make room. */
  credentials: 5000,
  unknownKeys: 1000,
} as const;
