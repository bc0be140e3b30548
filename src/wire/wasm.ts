const pageBytes = 64 * 1024;
const modules = new Map<string, WebAssembly.Module | undefined>();

/** Memory of so many bytes that never grows, so that no view of it ends. Throws RangeError where there is none. */
export function createWasmMemory(bytes: number): WebAssembly.Memory {
  const pages = Math.ceil(bytes / pageBytes);
  return new WebAssembly.Memory({ initial: pages, maximum: pages });
}

/** Whether this engine takes the module: none without WebAssembly, or without its SIMD. */
export function takesModule(base64: string): boolean {
  return moduleOf(base64) !== undefined;
}

/** The module, compiled once for all. Throws RangeError where the engine does not take it. */
export function loadModule(base64: string): WebAssembly.Module {
  const module = moduleOf(base64);
  if (module === undefined) throw new RangeError("This engine has no WebAssembly with SIMD");
  return module;
}

function moduleOf(base64: string): WebAssembly.Module | undefined {
  if (!modules.has(base64)) {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const isTaken = globalThis.WebAssembly !== undefined && WebAssembly.validate(bytes);
    modules.set(base64, isTaken ? new WebAssembly.Module(bytes) : undefined);
  }
  return modules.get(base64);
}
