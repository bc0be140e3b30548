/** Whether a password has a bcrypt hash. */
export type VerifyBcrypt = (password: Uint8Array, hash: string) => Promise<boolean>;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * For runtimes that have no bcrypt of their own: in pieces of at most 100 ms, between which other requests go on. A
 * password that is not UTF-8 has no hash. Loaded when it is needed first.
 */
export const verifyBcryptHere: VerifyBcrypt = async (password, hash) => {
  const { compare } = await import("bcryptjs");
  let text: string;
  try {
    text = decoder.decode(password);
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
  return compare(text, hash);
};
