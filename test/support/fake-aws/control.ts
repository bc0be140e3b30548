/** The fake's own paths, for those who cannot call it in code. */
import { type Answer, jsonAnswer } from "./call.ts";
import type { FakeAws, LinesOf } from "./fake-aws.ts";
import { type Command, type Fault, isCommand, readFault } from "./fault.ts";

type Controlled = Pick<FakeAws, "fault" | "command" | "records" | "lines" | "state">;

/** Answers requests below `/_fake/`; 400 with a sentence for what it cannot do. */
export function createControl(
  fake: Controlled,
  endFault: (id: number) => boolean,
): (method: string, target: string, body: Buffer) => Promise<Answer> {
  return async (method, target, body) => {
    const [path = "", name = ""] = target
      .split("?", 1)[0]!
      .slice("/_fake/".length)
      .split("/")
      .map(decodeURIComponent);
    try {
      switch (`${method} ${path}`) {
        case "GET state":
          return plainJson(fake.state());
        case "GET records":
          return text(fake.records(name).map((each) => `${JSON.stringify(describe(each))}\n`));
        case "GET lines":
          return text(fake.lines(linesOf(fake, name)));
        case "POST faults":
          return plainJson({ ids: setAll(fake, JSON.parse(body.toString())) });
        case "DELETE faults":
          if (name === "") fake.command({ kind: "clear" });
          else if (!endFault(Number(name))) return plainJson({ message: `no fault ${name} is set` }, 404);
          return plainJson({});
        default:
          return plainJson(
            { message: `no ${method} ${target}: there are faults, state, records, lines` },
            404,
          );
      }
    } catch (error) {
      if (error instanceof SyntaxError || error instanceof TypeError || error instanceof RangeError) {
        return plainJson({ message: error.message }, 400);
      }
      throw error;
    }
  };
}

/** A stream, a delivery stream or a bucket of that name. */
function linesOf(fake: Controlled, name: string): LinesOf {
  const { streams, deliveryStreams } = fake.state();
  if (Object.hasOwn(streams, name)) return { stream: name };
  return Object.hasOwn(deliveryStreams, name) ? { deliveryStream: name } : { bucket: name };
}

/** Ids of the faults; null for a command. All are read before any is set. */
function setAll(fake: Controlled, value: unknown): (number | null)[] {
  const all: (Fault | Command)[] = (Array.isArray(value) ? value : [value]).map(readFault);
  return all.map((each) => {
    if (!isCommand(each)) return fake.fault(each).id;
    fake.command(each);
    return null;
  });
}

function describe(record: ReturnType<FakeAws["records"]>[number]): Record<string, unknown> {
  return { ...record, data: record.data.toString("base64") };
}

function plainJson(value: unknown, status = 200): Answer {
  const answer = jsonAnswer(value, status);
  return { ...answer, headers: { "Content-Type": "application/json" } };
}

function text(parts: readonly string[]): Answer {
  return { status: 200, headers: { "Content-Type": "text/plain; charset=utf-8" }, body: parts.join("") };
}
