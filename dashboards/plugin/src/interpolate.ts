import { ParamValue } from './types';

// ALL is what a variable stands for when everything is chosen in it. It is sent as it is: everything is not the same as
// nothing, for which the query's own default holds.
export const ALL = '$__all';

// Format is called for each variable in a text, with what is chosen in it.
export type Format = (value: unknown) => string;

// Replace is Grafana's replacement of variables, with the format of its result.
export type Replace = (text: string, format: Format) => string;

// LIMIT bounds how many values a text with several variables in it may become.
const LIMIT = 10_000;

function listOf(value: unknown): string[] {
  if (Array.isArray(value)) {
    return value.map(String);
  }
  return value === undefined || value === null ? [] : [String(value)];
}

// expand turns one text into the values that it stands for: "$team" into the chosen teams, one each, "svc-$env" into
// one name for each environment. Nothing is joined with commas and split again, so a value may hold any character.
function expand(text: string, replace: Replace): string[] {
  const chosen: string[][] = [];
  const marked = replace(text, (value) => `\u0000${chosen.push(listOf(value)) - 1}\u0000`);
  const parts = marked.split('\u0000');
  let out = [''];
  parts.forEach((part, i) => {
    const values = i % 2 === 0 ? [part] : (chosen[Number(part)] ?? []);
    out = out.flatMap((head) => values.map((value) => head + value)).slice(0, LIMIT);
  });
  return out;
}

// interpolateParams replaces the variables in the parameters of a query. A parameter in which nothing is chosen is left
// out. A single value stays single; where a variable gives several, it becomes a list.
export function interpolateParams(params: Record<string, ParamValue> | undefined, replace: Replace): Record<string, ParamValue> {
  const out: Record<string, ParamValue> = {};
  for (const [name, value] of Object.entries(params ?? {})) {
    if (typeof value === 'number' || typeof value === 'boolean') {
      out[name] = value;
      continue;
    }
    const texts = Array.isArray(value) ? value : [value];
    const values = [...new Set(texts.flatMap((text) => expand(text, replace)))].filter((v) => v !== '');
    if (values.includes(ALL)) {
      out[name] = Array.isArray(value) ? [ALL] : ALL;
    } else if (values.length > 0) {
      out[name] = Array.isArray(value) || values.length > 1 ? values : values[0]!;
    }
  }
  return out;
}
