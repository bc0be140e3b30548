/** The numbers of the protocol where a JavaScript number does not hold them all. */

/** A 64-bit integer: a number while that is exact, a bigint beyond ±(2^53 − 1). */
export type Int64 = number | bigint;

/**
 * An IEEE 754 double: a number, or for every NaN a bigint with its 64 bits. Engines are free to change the payload of
 * a NaN that passes through a number (JavaScriptCore and V8 both do), and Prometheus keeps meaning in it.
 */
export type Float64 = number | bigint;

/** The NaN that marks a series as ended. https://github.com/prometheus/prometheus/blob/main/model/value/value.go */
export const staleMarkerBits = 0x7ff0_0000_0000_0002n;
/** The NaN that Prometheus itself computes with. Same source. */
export const ordinaryNanBits = 0x7ff8_0000_0000_0001n;
