/** Answers with status 200 that say something else than what became of the call. */
import { type Answer, type Call, errorAnswer } from "./call.ts";
import type { AnswerForm } from "./fault.ts";

const page = "<html><head><title>Welcome</title></head><body><h1>It works</h1></body></html>";
/** Where the entries of an answer stand. */
const entriesFields = ["Records", "RequestResponses"];
const proofFields = ["SequenceNumber", "ShardId", "RecordId"];

/** The answer in another form. Forms about entries leave answers without entries as they are. */
export function applyForm(form: AnswerForm, call: Call, answer: Answer): Answer {
  const json = call.service !== "s3" && call.service !== "sts";
  switch (form) {
    case "empty":
      return { ...answer, status: 200, body: "" };
    case "html":
      return { status: 200, headers: { "Content-Type": "text/html" }, body: page };
    case "malformed":
      return { ...answer, status: 200, body: json ? '{"Records":[{"Sequence' : "<Result><Key>unfinished" };
    case "cut": {
      const text = Buffer.from(answer.body as string);
      return { ...answer, status: 200, body: text.subarray(0, text.length >> 1) };
    }
    case "error": {
      const message = "We encountered an internal error. Please try again.";
      const error = { code: "InternalError", message, status: 200, headers: {} };
      return errorAnswer(call.service, error, "fake");
    }
    case "fewer-entries":
      return withEntries(answer, (entries) => entries.slice(0, -1));
    case "more-entries":
      return withEntries(answer, (entries) => [...entries, ...entries.slice(-1)]);
    case "no-entries":
      return withEntries(answer, () => undefined);
    case "no-proof":
      return withEntries(answer, (entries) =>
        entries.map((entry) =>
          Object.fromEntries(Object.entries(entry).filter(([name]) => !proofFields.includes(name))),
        ),
      );
  }
}

type Entry = Readonly<Record<string, unknown>>;

function withEntries(
  answer: Answer,
  change: (entries: readonly Entry[]) => readonly Entry[] | undefined,
): Answer {
  const text = String(answer.body);
  if (!text.startsWith("{")) return answer;
  const value = JSON.parse(text) as Record<string, unknown>;
  const name = entriesFields.find((each) => Array.isArray(value[each]));
  if (name === undefined) return answer;
  return { ...answer, body: JSON.stringify({ ...value, [name]: change(value[name] as Entry[]) }) };
}
