const pageBytes = 64 * 1024;
const modules = new Map<string, WebAssembly.Module>();

/** Memory of so many bytes that never grows, so that no view of it ends. Throws RangeError where there is none. */
export function createWasmMemory(bytes: number): WebAssembly.Memory {
  const pages = Math.ceil(bytes / pageBytes);
  return new WebAssembly.Memory({ initial: pages, maximum: pages });
}

/** Whether this engine takes the module: none without WebAssembly, or without its SIMD. */
export function takesModule(base64: string): boolean {
  return globalThis.WebAssembly !== undefined && WebAssembly.validate(bytesOf(base64));
}

/** The module, compiled once for all. */
export function loadModule(base64: string): WebAssembly.Module {
  let module = modules.get(base64);
  if (module === undefined) {
    module = new WebAssembly.Module(bytesOf(base64));
    modules.set(base64, module);
  }
  return module;
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}
