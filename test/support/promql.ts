/** What a PromQL expression asks for, and the questions of a dashboard. */

const word = /prometheus_remote_kinesis_\w+/g;

/** The metrics of the program that `expr` names, without what histograms add to theirs. Recorded ones are left out. */
export function metricsIn(expr: string): readonly string[] {
  const names = [...expr.matchAll(/[\w:]+/g)].map(([name]) => name).filter((name) => !name.includes(":"));
  return names
    .flatMap((name) => name.match(word) ?? [])
    .map((name) => name.replace(/_(bucket|sum|count)$/, ""));
}

/** The names of all metrics in a text exposition, from their TYPE lines. */
export function metricNames(text: string): ReadonlySet<string> {
  return new Set([...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name!));
}

export interface Dashboard {
  readonly schemaVersion: number;
  readonly panels: readonly DashboardPanel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] };
  readonly annotations: { readonly list: readonly { readonly expr: string }[] };
}

export interface DashboardPanel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly {
    readonly refId: string;
    readonly expr: string;
    readonly legendFormat: string;
  }[];
}

/** Puts in what Grafana puts in place of its variables. */
export function withoutVariables(expr: string, interval: string): string {
  return expr.replaceAll("$__rate_interval", interval).replaceAll(/\$(job|instance)\b/g, ".*");
}
