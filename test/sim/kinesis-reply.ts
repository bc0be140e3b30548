/** What a simulated Kinesis says, and what can go wrong on the way. */

export const callFaults = [
  "kinesis hangs",
  "reset before",
  "reset after",
  "5xx before",
  "5xx after",
  "malformed answer",
  "answer breaks off",
  "throttled whole",
  "entries fail",
  "slow answer",
] as const;
export type CallFault = (typeof callFaults)[number];

export interface Reply {
  readonly status: number;
  readonly body: string;
}

/** An error as the service words it. */
export function error(status: number, type: string, message: string): Reply {
  return { status, body: JSON.stringify({ __type: type, message }) };
}

/** The reply as it comes in, whole or not. */
export function respond({ status, body }: Reply, fault: CallFault | undefined, nowMs: number): Response {
  const headers = { "Content-Type": "application/x-amz-json-1.1", Date: new Date(nowMs).toUTCString() };
  if (fault === "malformed answer") return new Response(`${body.slice(0, -1)},`, { status, headers });
  if (fault !== "answer breaks off") return new Response(body, { status, headers });
  let isFirst = true;
  const broken = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (isFirst) controller.enqueue(new TextEncoder().encode(body.slice(0, body.length / 2)));
      else controller.error(new Error("terminated: ECONNRESET"));
      isFirst = false;
    },
  });
  return new Response(broken, { status, headers });
}
