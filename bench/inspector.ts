import { createServer } from "node:net";

/** A frame of V8's CPU profile, and what it called. */
export interface ProfileNode {
  readonly id: number;
  readonly callFrame: {
    readonly functionName: string;
    readonly url: string;
    readonly lineNumber: number;
    readonly columnNumber: number;
  };
  readonly children?: readonly number[];
}

/** V8's CPU profile, as `.cpuprofile` files have it. Times in microseconds. */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  readonly startTime: number;
  readonly endTime: number;
  /** The node on top at each sample. */
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** Profiles the Worker behind an inspector port while `work` runs. */
export async function profileWhile(inspectorPort: number, work: () => Promise<void>): Promise<CpuProfile> {
  const listed = await fetch(`http://127.0.0.1:${inspectorPort}/json`);
  const [target] = (await listed.json()) as { readonly webSocketDebuggerUrl: string }[];
  if (!target) throw new Error("the runtime shows nothing to profile");
  const session = await openSession(target.webSocketDebuggerUrl);
  try {
    await session.ask("Profiler.enable");
    await session.ask("Profiler.setSamplingInterval", { interval: 200 });
    await session.ask("Profiler.start");
    await work();
    const { profile } = (await session.ask("Profiler.stop")) as { profile: CpuProfile };
    return profile;
  } finally {
    session.close();
  }
}

/** Miniflare takes a number only, not "any". */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      const port = typeof address === "object" && address ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}

/** A session of the Chrome DevTools protocol. */
function openSession(url: string) {
  const socket = new WebSocket(url);
  const asked = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>();
  let lastId = 0;
  socket.addEventListener("message", ({ data }) => {
    const { id, result, error } = JSON.parse(String(data)) as DevToolsMessage;
    const waiting = id === undefined ? undefined : asked.get(id);
    if (error) waiting?.reject(new Error(error.message));
    else waiting?.resolve(result);
  });
  const session = {
    ask(method: string, params: object = {}): Promise<unknown> {
      const id = ++lastId;
      return new Promise((resolve, reject) => {
        asked.set(id, { resolve, reject });
        socket.send(JSON.stringify({ id, method, params }));
      });
    },
    close: () => socket.close(),
  };
  return new Promise<typeof session>((resolve, reject) => {
    socket.addEventListener("open", () => resolve(session));
    socket.addEventListener("error", () => reject(new Error(`no profiler answers at ${url}`)));
  });
}

interface DevToolsMessage {
  readonly id?: number;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}
