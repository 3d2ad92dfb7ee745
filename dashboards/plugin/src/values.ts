import { DataFrame, FieldType, MetricFindValue } from '@grafana/data';

// valuesOf reads the values of a variable out of frames: the field that the query names for it, with the field text
// beside it if there is one; else the first field of strings. A value that comes twice is listed once.
export function valuesOf(frames: DataFrame[], column?: string): MetricFindValue[] {
  const seen = new Set<string>();
  const out: MetricFindValue[] = [];
  for (const frame of frames) {
    const first = frame.fields.find((f) => f.type === FieldType.string);
    const value = frame.fields.find((f) => f.name === column) ?? first;
    const text = frame.fields.find((f) => f.name === 'text') ?? value;
    for (let i = 0; i < (value?.values.length ?? 0); i++) {
      const v = String(value!.values[i] ?? '');
      if (v !== '' && !seen.has(v)) {
        seen.add(v);
        out.push({ text: String(text!.values[i] ?? v), value: v });
      }
    }
  }
  return out;
}
