/** The one suite that holds for the program however it is run. Each runtime's test file is one call of it. */
import { test } from "node:test";
import { type ProgramKind, reasonToSkip } from "../support/program.ts";
import { checkCases } from "./check-cases.ts";
import { commandLineCases } from "./command-line-cases.ts";
import { httpCases } from "./http-cases.ts";
import { lifeCases } from "./life-cases.ts";
import { securityCases } from "./security-cases.ts";
import { spoolCases } from "./spool-cases.ts";

export interface Case {
  readonly name: string;
  readonly run: (kind: ProgramKind) => Promise<void>;
}

/** Registers every case for `kind`; where it cannot be started, each says why it was skipped. */
export async function testProgram(kind: ProgramKind): Promise<void> {
  const skip = await reasonToSkip(kind);
  for (const { name, run } of [
    ...commandLineCases,
    ...httpCases,
    ...lifeCases,
    ...securityCases,
    ...spoolCases,
    ...checkCases,
  ]) {
    test(`${kind}: ${name}`, skip === undefined ? {} : { skip }, () => run(kind));
  }
}
