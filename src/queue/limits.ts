/**
 * Every bound that there is, of all services, with the page or the reason it comes from.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-queues.html
 */
export const limits = {
  // A message, and a call about messages

  /** Message body and attributes, bytes of UTF-8. SQS raised it from 256 KiB in August 2025. */
  messageBytes: { min: 1024, max: 1_048_576, default: 1_048_576 },
  /** Sum over all entries of one batch; fixed, whatever MaximumMessageSize is. */
  batchBytes: 1_048_576,
  batchEntries: 10,
  batchEntryIdLength: 80,
  receiveMessages: { min: 1, max: 10, default: 1 },
  delaySeconds: { min: 0, max: 900, default: 0 },
  visibilitySeconds: { min: 0, max: 43_200, default: 30 },
  waitSeconds: { min: 0, max: 20, default: 0 },
  /** A lease may be extended to this long after its receive, milliseconds. */
  totalVisibilityMs: 43_200_000,
  messageAttributes: 10,
  messageAttributeNameLength: 256,
  messageAttributeTypeLength: 256,
  /**
   * AWSTraceHeader, bytes. SQS counts it towards no size and publishes no bound; a header of trace, parent
   * and sampling takes about 100. It must have one here, as ten of them share a record with a full batch.
   */
  traceHeaderBytes: 4096,
  receiptHandleLength: 1024,

  // A queue

  queueNameLength: 80,
  retentionSeconds: { min: 60, max: 1_209_600, default: 345_600 },
  kmsDataKeyReuseSeconds: { min: 60, max: 86_400, default: 300 },
  /** Received and neither deleted nor timed out. */
  inFlightMessages: 120_000,
  maxReceiveCount: { min: 1, max: 1000 },
  redriveAllowSources: 10,
  /** How long a queue whose dead-letter queue is gone waits before it looks for it again. */
  redrivePauseMs: 60_000,
  /** Source queues that are read at once, with their policies, before their dead letters go back: 10 kB each at most. */
  sourcesAtOnce: 100,
  /** Rows of an index that one receive looks at: what lies deeper waits for the next. */
  lookedAtPerReceive: 300,
  tags: 50,
  tagKeyLength: 128,
  tagValueLength: 256,
  /** Keys that one request takes away: twenty times what there can be, and with all of them a text that D1 still takes. */
  untaggedKeys: 1000,
  listPage: 1000,
  /** Characters of what a page of a list goes on after: the longest is an ARN. D1 fails for a text of 2 MB. */
  listKeyLength: 2048,
  /** SQS's wait between two purges, and between deleting a queue and creating it again (STRICT_SQS_TIMING). */
  strictWaitMs: 60_000,
  /**
   * How long a repeated send is answered from memory. The Worker retries for a few seconds at most; half a
   * minute leaves room, and the entries stay below a megabyte at a few thousand sends a second.
   */
  batchMemoryMs: 30_000,
  batchMemoryEntries: 20_000,
  /** Settings that one isolate remembers: about a kilobyte each, of the 128 MB that an isolate has. */
  cachedQueues: 10_000,
  /** SQS lets a change of attributes take a minute to be seen everywhere; a copy is trusted no longer. */
  cachedQueueMs: 60_000,

  // FIFO and fair queues

  /** MessageGroupId, MessageDeduplicationId, ReceiveRequestAttemptId. */
  fifoIdLength: 128,
  /** How long a FIFO queue knows a deduplication id, and a ReceiveRequestAttemptId, from its first use. */
  dedupMs: 300_000,
  /** Named receives that are remembered; only clients that lose answers name theirs. */
  receiveAttempts: 10_000,
  /** A tenant of a fair queue is noisy with more than this share of what is in flight, and at least so many. */
  noisyShare: 0.1,
  noisyInFlight: 30,
  /** "Recent" processing time is that of this period and the one before. */
  fairnessPeriodMs: 150_000,
  /** A tenant is quiet again when nothing of it was in flight for so long. */
  calmAfterMs: 300_000,

  // Move tasks

  /** Move tasks of one queue that are remembered, which is how many can be listed. */
  listedMoves: 10,
  moveMessagesPerSecond: { min: 1, max: 500 },
  /** A move task runs no longer than this, milliseconds. */
  moveMs: 129_600_000,
  activeMoves: 100,

  // Requests and their signatures

  /**
   * A request's body, bytes. 1 MiB of text takes three times that in a form and up to six in JSON escapes;
   * beyond it nothing can be valid.
   */
  requestBytes: 8_388_608,
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

  // Policies

  /** Of Policy by SQS's quota; RedrivePolicy and RedriveAllowPolicy are JSON stored as given, so they share it. */
  policyBytes: 8192,
  policyStatements: 20,
  /** Of one statement: SQS's own bounds, which keep a decision short. */
  policyActions: 7,
  policyPrincipals: 50,
  policyConditions: 10,
  /**
   * Characters of User-Agent and Referer that conditions are shown. A pattern of many `?` takes as many steps as it has
   * characters, for each of theirs: with 60 KB of such policies and 16 KB of header that was two seconds.
   */
  conditionHeaderLength: 1024,
  /** Text of the policies of one kind that an isolate keeps read, of which a character takes 30 bytes: 10 MB. */
  readPolicyCharacters: 320_000,
  /** Characters of a policy as it is sent, blanks counted: the bound of IAM's own model. */
  policyDocumentLength: 131_072,
  /** A policy is stored without its blanks if it is so many times as long with them. */
  policyBlanks: 4,

  // What an isolate remembers of identities

  /** Age at which one request looks its access key up again while the others go on with the answer at hand. */
  credentialRefreshMs: 50_000,
  /** Until a look-up has answered, the next one starts this much later: 50 + 5 s stay below the 60 promised. */
  credentialRetryMs: 5_000,
  /**
   * Age from which a copy of an identity or a KMS key answers nobody before it was looked up again. The one request that
   * looks up early may never get its answer, and whoever hangs up on purpose could keep a revoked key alive so.
   */
  trustedCopyMs: 60_000,
  /** How long an isolate remembers that a key is unknown; AWS was seen to do so for 5 s. */
  unknownKeyMs: 5_000,
  /** Access keys an isolate remembers, known and unknown: 1 kB each. The oldest make room. */
  credentials: 5000,
  unknownKeys: 1000,
  /**
   * Characters of the policies of what an isolate remembers so, of the keys, the roles and the session policies each.
   * Most have a kilobyte; one that has all that IAM allows has 72, and 5000 such would be three isolates full.
   */
  credentialCharacters: 8_000_000,
  /** Writes to identities that an isolate remembers while look-ups begun before them may be under way. */
  rememberedWrites: 1000,

  // STS and temporary credentials

  /** Lives of temporary credentials, STS's own: of an assumed role, the maximum being the role's; by a role or other session. */
  roleSessionSeconds: { min: 900, max: 43_200, default: 3600 },
  chainedSessionSeconds: 3600,
  /** Likewise of a user's; of an account's root. */
  userSessionSeconds: { min: 900, max: 129_600, default: 43_200 },
  rootSessionSeconds: 3600,
  sessionNameLength: { min: 2, max: 64 },
  externalIdLength: { min: 2, max: 1224 },
  roleArnLength: { min: 20, max: 2048 },
  sessionPolicyLength: 2048,
  sessionPolicyArns: 10,
  sessionTags: 50,
  /**
   * Session policy, policy ARNs and tags in a session token, bytes. AWS publishes no bound, only how much of it is
   * used up. Twice the longest policy is room for tags, and a token stays below the 8 KiB that proxies allow a header.
   */
  packedPolicyBytes: 4096,
  /** Characters of a session token: of any longer one we are not the author. */
  sessionTokenLength: 8192,
  /** Opened session tokens an isolate keeps, of 1 kB mostly and 15 at most each. To open one takes 60 µs. */
  openedTokens: 1000,

  // IAM

  /** Of an AWS account too. */
  accountNameLength: 50,
  /** IAM's quotas. @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
  usersPerAccount: 5000,
  rolesPerAccount: 1000,
  policiesPerAccount: 1500,
  /** Of a user, and of an account's root. */
  accessKeysPerUser: 2,
  /** Managed policies of one user or role. */
  attachedPolicies: 10,
  /** Characters of policies, blanks not counted: of all inline ones of a user or role together, of each other one. */
  inlinePolicyCharacters: { user: 2048, role: 10_240 },
  managedPolicyCharacters: 6144,
  trustPolicyCharacters: 2048,
  iamNameLength: 64,
  /** Of policies, inline and managed. */
  policyNameLength: 128,
  iamPathLength: 512,
  iamDescriptionLength: 1000,
  policyArnLength: { min: 20, max: 2048 },
  /** How often a change of tags is tried while others change them too: each round lets one through. */
  tagAttempts: 20,
  iamPage: { min: 1, max: 1000, default: 100 },
  /** MaxSessionDuration of a role, seconds. */
  maxSessionSeconds: { min: 3600, max: 43_200, default: 3600 },

  // Encryption at rest

  /** Opened data keys an isolate keeps, and of as many what it seals under: 0.5 kB each together. */
  dataKeys: 10_000,
  /** Keys of messages an isolate keeps to open others with, one per data key and isolate that sealed: 0.3 kB each. */
  messageKeys: 10_000,
  /** Messages sealed under one derived key. Random nonces of 96 bits then meet with a probability of 2^-57. */
  messagesPerSalt: 1_048_576,
  /** Data keys of KMS an isolate keeps opened, one per queue or blob and caller: 0.6 kB each. */
  kmsDataKeys: 10_000,
  /** Messages sealed under one data key of KMS, for the same reason; each isolate has its own. */
  messagesPerKmsDataKey: 1_048_576,
  /** How often an isolate looks for data keys of KMS whose time is over. */
  kmsSweepMs: 60_000,
  /** Accounts whose key for blinding ids an isolate keeps: 0.5 kB each. */
  blindedAccounts: 5000,
  /**
   * How long the data keys of a deleted queue are kept, seconds. Its dead letters and what move tasks took away
   * outlive it: each queue they come to may keep them for 14 days more. A year is 26 such queues, one after another.
   */
  retiredKeySeconds: 31_536_000,
  /** Secrets of one table that one run of the cron trigger seals anew; D1 allows a run 1000 statements in all. */
  resealedAtOnce: 100,
  /** Queues that one run gives a new data key, each with a call to its shard. */
  rotatedAtOnce: 50,
  /** Data keys of deleted queues that one run erases. */
  erasedKeysAtOnce: 500,

  // KMS

  /** KMS's own bound of a key id, alias or ARN. */
  kmsKeyIdLength: 2048,
  /** KMS keys of an account in a region. KMS allows 100,000; each CreateKey counts them, a row read for each. */
  kmsKeys: 10_000,
  /**
   * @see https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html
   */
  kmsAliasesPerKey: 50,
  kmsAliasNameLength: 256,
  /** Of a key policy. KMS's quota is 32 KB. */
  kmsPolicyBytes: 32_768,
  kmsDescriptionLength: 8192,
  kmsPlaintextBytes: 4096,
  kmsCiphertextBytes: 6144,
  /** What GenerateDataKey and GenerateRandom give at most. */
  kmsRandomBytes: 1024,
  /** Keys and values of an encryption context, bytes of UTF-8. KMS publishes no bound; its clients' is 8 KiB. */
  kmsContextBytes: 8192,
  kmsDeletionDays: { min: 7, max: 30, default: 30 },
  kmsRotationDays: { min: 90, max: 2560, default: 365 },
  /** RotateKeyOnDemand, in the life of a key. */
  kmsOnDemandRotations: 25,
  /** KMS keys an isolate remembers: a policy of up to 32 KB each, mostly 1 kB. */
  cachedKmsKeys: 500,
  cachedKmsAliases: 1000,
  /** As with access keys: 50 + 5 s stay below the 60 promised. */
  cachedKmsMs: 50_000,
  kmsRetryMs: 5_000,
  /** KMS keys that one run of the cron trigger erases, and rotates. */
  erasedKmsKeysAtOnce: 200,
  rotatedKmsKeysAtOnce: 100,
  /** How long a KMS elsewhere may take to answer: its SLA is in milliseconds, and a client waits. */
  externalKmsMs: 5_000,
  /** An answer of it, bytes: a data key takes 600. */
  externalKmsAnswerBytes: 65_536,

  // SNS

  /** Of a topic's name, with its `.fifo`. */
  snsTopicNameLength: 256,
  /** Of a published message with its attributes, bytes of UTF-8; of all messages of a batch as well. */
  snsMessageBytes: 262_144,
  /** SNS wants a subject to be shorter than 100 characters. */
  snsSubjectLength: 99,
  snsDisplayNameLength: 100,
  /** Of a topic attribute that is stored as given, such as the ARN of a role: KMS's own bound of a key's ARN. */
  snsAttributeLength: 2048,
  /** SNS's own bound of a topic's policy. */
  snsPolicyBytes: 30_720,
  /** Topics and subscriptions on a page, as SNS has them. */
  snsListPage: 100,
  /**
   * Queues that one topic delivers to. A Publish is answered when all of them have stored the message: 16 at a time
   * and 10 ms each make 1.3 s of it, and Cloudflare allows a request 10,000 calls.
   */
  snsSubscriptionsPerTopic: 2000,
  /** Queues that a message is on its way to at once: enough to hide each one's commit, and no flood on one isolate. */
  snsDeliveriesAtOnce: 16,
  /** How long a subscription to another account's queue can be confirmed: SNS's three days. */
  snsConfirmationTokenMs: 259_200_000,
  snsFilterPoliciesPerTopic: 200,
  /** SNS takes 256 KiB; 150 values of a hundred characters fit in this, and a topic's 200 in one answer of D1. */
  snsFilterPolicyBytes: 16_384,
  snsFilterKeys: 5,
  /** Of values in a filter policy, one of each key, each counted as often as its key is deep. */
  snsFilterCombinations: 150,
  /** Levels of a filter policy, and of the objects in a message that it looks into. SNS publishes no bound. */
  snsFilterDepth: 8,
  /** Elements of arrays that one key of a filter policy looks at in a message; with more, it does not match. */
  snsFilterElements: 10_000,

  // Deliveries from Amazon's SNS

  /**
   * How old a message of SNS may be: SNS retries an HTTP delivery for an hour at most, with the instant of its
   * publication. Older ones are replays.
   *
   * @see https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html
   */
  snsMessageAgeMs: 3_600_000,
  /** How far the instant of a message of SNS may be ahead of our clock: as a signature's may. */
  snsMessageAheadMs: 900_000,
  /** A delivery of SNS, bytes: 256 KiB of message, up to six times that in JSON escapes, and the fields around. */
  snsRequestBytes: 2_097_152,
  /**
   * How long a stored delivery of SNS is known: as long as `snsMessageAgeMs` and `snsMessageAheadMs` let it be
   * repeated.
   */
  snsReceiptMs: 4_500_000,
  /** Forgotten with each delivery that is noted: more than one, or the table would keep its greatest size. */
  snsReceiptsErasedAtOnce: 4,
  /** How long confirming a subscription at Amazon's SNS may take. SNS waits 15 s for our own answer. */
  snsConfirmationFetchMs: 8_000,
  /** A certificate file, bytes. SNS's holds one certificate of 2 kB; this is room for the chain as well. */
  snsCertificateBytes: 16_384,
  /** How long one such file may take: SNS waits 15 s for an answer, and a chain is three files at most. */
  snsCertificateFetchMs: 4_000,
  /** How long a checked certificate is used. SNS publishes no revocations: one that it withdraws is out in a day. */
  snsCertificateMs: 86_400_000,
  /** Checked certificates an isolate keeps: SNS has about two a region at a time, of 1 kB each. */
  snsCertificates: 100,
  /** CA certificates between SNS's and a root. Amazon's chains have one; a second is room for a cross-signature. */
  snsIntermediates: 2,
} as const;
