import { testProgram } from "./black-box.ts";

await testProgram("bun");
