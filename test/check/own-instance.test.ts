import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, createServer as createSocketServer, type Server } from "node:net";
import { test } from "node:test";
import { askOwnInstance, checkHealth, instanceStep } from "../../src/check/own-instance.ts";
import { selfSigned } from "../support/self-signed.ts";

async function withServer(server: Server, use: (port: number) => Promise<void>): Promise<void> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    await use((server.address() as AddressInfo).port);
  } finally {
    if ("closeAllConnections" in server) (server.closeAllConnections as () => void)();
    server.close();
  }
}

const answering =
  (status: number, text: string): RequestListener =>
  (request, response) => {
    response.writeHead(status, { "Content-Type": "text/plain" }).end(`${request.url} ${text}\n`);
  };
const asked = (port: number, tls = false) => ({ hostname: undefined, port, tls, timeoutMs: 2_000 });

test("an instance that answers /-/healthy is healthy, with and without TLS, whichever is expected", async () => {
  for (const [server, scheme] of [
    [createServer(answering(200, "fine")), "http"],
    [createTlsServer(selfSigned, answering(200, "fine")), "https"],
  ] as const) {
    await withServer(server, async (port) => {
      for (const tls of [true, false]) {
        const { healthy, message } = await checkHealth(asked(port, tls));
        assert.deepEqual([healthy, message], [true, `${scheme}://127.0.0.1:${port}/-/healthy answers 200`]);
      }
    });
  }
});

test("an instance that asks for a password is healthy, one that answers 503 is not", async () => {
  await withServer(createServer(answering(401, "who?")), async (port) => {
    assert.equal((await checkHealth(asked(port))).healthy, true);
    assert.equal((await instanceStep(asked(port))).status, "ok");
  });
  await withServer(createServer(answering(503, "the disk is full")), async (port) => {
    const { healthy, message } = await checkHealth(asked(port));
    assert.equal(healthy, false);
    assert.match(message, /answers 503: \/-\/healthy the disk is full$/);
    const step = await instanceStep(asked(port));
    assert.equal(step.status, "warning");
    assert.match(step.message, /is not ready: \/-\/ready the disk is full$/);
  });
});

test("an instance that asks for a certificate of its clients is healthy", async () => {
  const asking = { ...selfSigned, ca: selfSigned.cert, requestCert: true, rejectUnauthorized: true };
  for (const maxVersion of ["TLSv1.3", "TLSv1.2"] as const) {
    await withServer(createTlsServer({ ...asking, maxVersion }, answering(200, "fine")), async (port) => {
      const { healthy, message } = await checkHealth(asked(port, true));
      assert.deepEqual(
        [healthy, message],
        [true, `https://127.0.0.1:${port}/-/healthy answers, and asks who we are`],
      );
    });
  }
});

test("an instance that hangs up after the handshake is healthy: that is how it refuses clients", async () => {
  const hangingUp = createTlsServer(selfSigned, (request) => request.socket.destroy());
  await withServer(hangingUp, async (port) => {
    assert.equal((await checkHealth(asked(port, true))).healthy, true);
    assert.equal((await checkHealth(asked(port))).healthy, true);
  });
  await withServer(
    createServer((request) => request.socket.destroy()),
    async (port) => {
      assert.equal((await checkHealth(asked(port))).healthy, false);
      assert.equal((await checkHealth(asked(port, true))).healthy, false);
    },
  );
});

test("nobody who listens, and one who says nothing, are told apart, and in time", async () => {
  const { healthy, message } = await checkHealth(asked(1));
  assert.equal(healthy, false);
  assert.match(message, /^http:\/\/127\.0\.0\.1:1\/-\/healthy: nobody listens there/);
  assert.equal((await instanceStep(asked(1))).status, "skipped");
  assert.match((await checkHealth(asked(0))).message, /port 0/);
  const sockets = new Set<{ destroy(): void }>();
  await withServer(
    createSocketServer((socket) => sockets.add(socket.on("error", () => socket.destroy()))),
    async (port) => {
      const startMs = performance.now();
      const silent = await askOwnInstance({ ...asked(port), timeoutMs: 300 }, "/-/healthy");
      assert.ok("problem" in silent && !silent.refused);
      assert.match(silent.problem, /^no answer within \d+ ms$/);
      assert.ok(performance.now() - startMs < 2_000);
      for (const socket of sockets) socket.destroy();
    },
  );
});

test("an instance that listens on one address is asked there", async () => {
  await withServer(createServer(answering(200, "fine")), async (port) => {
    for (const hostname of ["127.0.0.1", "localhost", "0.0.0.0"]) {
      assert.equal((await checkHealth({ ...asked(port), hostname })).healthy, true, hostname);
    }
  });
});
