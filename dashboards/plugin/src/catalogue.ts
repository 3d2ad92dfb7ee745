import { ColumnSpec, ParamSpec, ParamValue, QuerySpec, TokenOptions } from './types';

// sources say which list of the backend holds the values of a parameter, by the parameter's type.
const sources: Record<string, string> = {
  team: 'teams',
  provider: 'providers',
  identity: 'identities',
  kind: 'kinds',
  severity: 'severities',
  feed: 'feeds',
  figure: 'figures',
};

// sourceOf names the list that a parameter's values come from, if there is one.
export function sourceOf(param: ParamSpec): string | undefined {
  return sources[param.type];
}

// Input is how a parameter is asked for.
export type Input = 'choice' | 'choices' | 'number' | 'text';

export function inputOf(param: ParamSpec): Input {
  if (param.type === 'int') {
    return 'number';
  }
  if (param.multi) {
    return 'choices';
  }
  return sourceOf(param) || param.options?.length ? 'choice' : 'text';
}

// numberOrVariable reads what was typed into a number's field: a whole number within its bounds, or a variable that will
// be one. Anything else is undefined, and the field says so.
export function numberOrVariable(text: string, { min = -Infinity, max = Infinity }: { min?: number; max?: number } = {}): number | string | undefined {
  const trimmed = text.trim();
  if (/^(\$\w+|\$\{[^}]+\}|\[\[[^\]]+\]\])$/.test(trimmed)) {
    return trimmed;
  }
  const number = Number(trimmed);
  return trimmed !== '' && Number.isInteger(number) && number >= min && number <= max ? number : undefined;
}

const groups: Array<[RegExp, string]> = [
  [/^(findings?|exceptions)(_|$)/, 'Findings'],
  [/^(team|figure|drift|governance|revocation|visibility|nhi)(_|$)/, 'Teams and governance'],
  [/^(identity|credentials|raw)(_|$)/, 'Identities'],
  [/^(feeds?|coverage)(_|$)/, 'Log coverage'],
  [/^(rules|evaluations)(_|$)/, 'Rules'],
  [/^(pipeline|dead|deliveries|table)(_|$)/, 'Pipeline'],
];

// groupOf says under which heading a query is listed.
export function groupOf(spec: QuerySpec): string {
  if (spec.variable === 'value') {
    return 'Values for variables';
  }
  return groups.find(([pattern]) => pattern.test(spec.name))?.[1] ?? 'Other';
}

// pruned keeps of old parameters those that the newly chosen query has too.
export function pruned(params: Record<string, ParamValue> | undefined, spec: QuerySpec | undefined): Record<string, ParamValue> {
  const known = new Set(spec?.params.map((p) => p.name));
  return Object.fromEntries(Object.entries(params ?? {}).filter(([name]) => known.has(name)));
}

// annotates tells whether the rows of a query have a time, a title and a text, which annotations need.
export function annotates(spec: QuerySpec): boolean {
  return spec.shape === 'annotations';
}

// lists tells whether a query offers values for a variable.
export function lists(spec: QuerySpec): boolean {
  return Boolean(spec.variable);
}

// foldable tells whether a query gives series, which can be had as rows too.
export function foldable(spec: QuerySpec): boolean {
  return spec.shape === 'timeseries-long' || spec.shape === 'timeseries-wide';
}

// numbersOf are the columns of numbers of a query, of which a panel or an alert rule can take one. A table is shown whole.
export function numbersOf(spec: QuerySpec): ColumnSpec[] {
  if (spec.shape !== 'numeric-long' && !foldable(spec)) {
    return [];
  }
  return (spec.columns ?? []).filter((c) => c.type === 'count' || c.type === 'number');
}

// secondsOf reads a whole number of seconds within its bounds. An empty text is undefined, for the default; anything else
// that is no such number is NaN, and the field says so.
export function secondsOf(text: string, max: number): number | undefined {
  const trimmed = text.trim();
  if (trimmed === '') {
    return undefined;
  }
  const number = Number(trimmed);
  return /^\d+$/.test(trimmed) && number >= 1 && number <= max ? number : NaN;
}

// tokenProblem says what the backend would refuse of the settings of a token, field by field.
export function tokenProblem(token: TokenOptions): { jwksUrl?: string; issuer?: string } {
  const out: { jwksUrl?: string; issuer?: string } = {};
  let url: URL | undefined;
  try {
    url = new URL(token.jwksUrl ?? '');
  } catch {
    // said below
  }
  if (!token.jwksUrl) {
    out.jwksUrl = 'Without keys nobody can tell a token from a forged one.';
  } else if (!url || !['https:', 'http:'].includes(url.protocol) || url.host === '') {
    out.jwksUrl = 'This is no https:// address.';
  }
  if (!token.issuer && !token.audience) {
    out.issuer = 'Issuer or audience is needed: one of them at least.';
  }
  return out;
}

// dsnProblem says what is wrong with a server's address, in words, or nothing.
export function dsnProblem(text: string): string | undefined {
  if (text.trim() === '') {
    return 'The address of the ClickHouse server is missing.';
  }
  let url: URL;
  try {
    url = new URL(text.trim());
  } catch {
    return 'This is no address. An example: clickhouse://host:9000/grantwatch';
  }
  if (!['clickhouse:', 'http:', 'https:'].includes(url.protocol)) {
    return `${url.protocol}// is not spoken here: use clickhouse://, http:// or https://`;
  }
  // Chromium reads user and password of any scheme that has an authority.
  if (url.password !== '' || url.searchParams.has('password')) {
    return 'A password does not belong into the address: it would be stored readable. Use the field below.';
  }
  if (url.host === '') {
    return 'The host is missing.';
  }
  return undefined;
}
