/** What a panel of deploy/grafana/dashboard.json is, and short ways to make one. */

/** One line, number or heat of a panel. `P_` stands for the program's prefix, `{}` for the chosen instances. */
export interface Question {
  readonly expr: string;
  readonly legend: string;
}

export interface Panel {
  readonly title: string;
  readonly type: "timeseries" | "stat" | "heatmap" | "table";
  readonly unit: string;
  /** What it means, and when to worry. */
  readonly description: string;
  readonly questions: readonly Question[];
  /** Of the 24 columns. */
  readonly width: number;
  /** From which value on it is yellow and red; undefined: it has no bad values. */
  readonly limits?: { readonly yellow?: number; readonly red: number } | undefined;
  /** Below these it is yellow and red instead. */
  readonly downward?: boolean;
  /** Names for single values of a stat. */
  readonly names?: Readonly<Record<string, { readonly text: string; readonly color: string }>>;
  readonly stacked?: boolean;
}

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

export const by = (aggregate: string, expr: string) => `${aggregate} by (instance) (${expr})`;
export const rate = (metric: string) => `rate(${metric}{}[$__rate_interval])`;
export const quantile = (q: number, metric: string) =>
  `histogram_quantile(${q}, sum by (instance, le) (rate(${metric}_bucket{}[$__rate_interval])))`;

export function stat(
  title: string,
  unit: string,
  expr: string,
  more: Partial<Panel> & { description: string },
): Panel {
  const questions = [{ expr, legend: "{{instance}}" }];
  return { title, unit, type: "stat", width: 4, questions, ...more };
}

export function lines(
  title: string,
  unit: string,
  questions: Readonly<Record<string, string>>,
  description: string,
  more: Partial<Panel> = {},
): Panel {
  const list = Object.entries(questions).map(([legend, expr]) => ({
    legend: `${legend} {{instance}}`.trim(),
    expr,
  }));
  return { title, unit, type: "timeseries", width: 8, description, questions: list, ...more };
}
