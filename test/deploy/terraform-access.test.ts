/** deploy/terraform does what its own tests say of the bucket, of who may do what, and of who is told. */
import { test } from "node:test";
import { assertModuleTests, terraformMissing } from "../support/terraform.ts";

const options = terraformMissing === undefined ? { timeout: 115_000 } : { skip: terraformMissing };

test("terraform test passes for bucket, access and alarms, with a provider that is mocked", options, () => {
  assertModuleTests("bucket", "access", "alarms");
});
