/** Numbers with units and times, for people. */

const thousands = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** `1,234,567`; fractions only where they are most of the number. */
export function count(value: number): string {
  if (value === 0 || value >= 100) return thousands.format(value);
  if (value < 0.01) return "< 0.01";
  return String(Number(value.toPrecision(value >= 10 ? 3 : 2)));
}

/** `1,234`, `12.3 M`: what has to fit. */
export function short(value: number): string {
  const units = ["", " k", " M", " G", " T"];
  const at = value < 10_000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(value) / 3));
  return at === 0 ? count(value) : `${Number((value / 1000 ** at).toPrecision(3))}${units[at]}`;
}

/** `512 bytes`, `12.3 MiB`. */
export function bytes(value: number): string {
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB"];
  const at = value < 1024 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(value) / 10));
  if (at === 0) return value === 1 ? "1 byte" : `${Math.round(value)} bytes`;
  return `${Number((value / 1024 ** at).toPrecision(3))} ${units[at]}`;
}

/** `12 ms`, `1.24 s`. */
export function ms(value: number): string {
  if (value >= 1000) return `${Number((value / 1000).toPrecision(3))} s`;
  return `${Number(value.toPrecision(value >= 100 ? 3 : 2))} ms`;
}

/** `45 s`, `12 min`, `3 h 5 min`, `2 d 4 h`. */
export function span(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 120) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return hours % 24 === 0 ? `${Math.floor(hours / 24)} d` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** `$1,234`, `$3.42`, `$0.0042`. */
export function dollars(value: number): string {
  if (value >= 1000) return `$${thousands.format(value)}`;
  if (value >= 0.1 || value === 0) return `$${value.toFixed(2)}`;
  return value < 0.0001 ? "under $0.0001" : `$${Number(value.toPrecision(2))}`;
}

/** `1 record`, `2 records`. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** `2026-11-23T13:04:05Z`. */
export function iso(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 19)}Z`;
}

/** `13:04:05`, with the date where it is not that of `nowIso`. Both as `iso` writes them. */
export function clockTime(at: string, nowIso: string): string {
  const [date = "", time = ""] = at.replace("Z", "").split("T");
  return nowIso.startsWith(date) ? time : `${date} ${time}`;
}
