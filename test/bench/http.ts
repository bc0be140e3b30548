/** The HTTP stage: what it costs under this runtime to take a request's body and answer, with nothing in between. */
import type { Platform } from "../../src/platform.ts";
import { type InputName, inputNamed } from "./inputs.ts";
import { runLoad } from "./load-process.ts";
import { cpuNs, report } from "./measure.ts";

const senders = 8;
const warmupRequests = 400;
const requests = 1_500;

export async function measureHttp(input: string): Promise<void> {
  inputNamed(input);
  const { platform }: { platform: Platform } = await ("Bun" in globalThis
    ? import("../../src/runtime/bun.ts")
    : "Deno" in globalThis
      ? import("../../src/runtime/deno.ts")
      : import("../../src/runtime/node.ts"));
  const fetch = async (request: Request) => {
    await request.arrayBuffer();
    return new Response(null, { status: 204 });
  };
  const listener = await platform.serve({ hostname: "127.0.0.1", port: 0, fetch });
  const load = { url: `http://127.0.0.1:${listener.port}/receive`, input: input as InputName, senders };
  await runLoad({ ...load, requests: warmupRequests });
  const startNs = cpuNs();
  const { samples } = await runLoad({ ...load, requests });
  const ns = cpuNs() - startNs;
  await listener.close();
  report({
    ...{ figure: "stages", part: "HTTP server", input },
    values: { cpuNsPerSample: ns / samples, cpuNsPerRequest: ns / requests },
  });
}
