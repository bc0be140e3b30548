/** Lines that go through the spool: the ack law and its kin over many seeds (over-seeds.ts). */
import { testSeeds } from "./over-seeds.ts";

testSeeds("records");
testSeeds("objects");
testSeeds("kinesis records");
