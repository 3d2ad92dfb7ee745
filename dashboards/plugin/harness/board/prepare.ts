import {
  DataFrame,
  DataTransformerConfig,
  FieldConfigOptionsRegistry,
  FieldConfigSource,
  GrafanaTheme2,
  InterpolateFunction,
  LoadingState,
  TimeRange,
  applyFieldOverrides,
  dataLinksOverrideProcessor,
  displayNameOverrideProcessor,
  identityOverrideProcessor,
  standardTransformers,
  standardTransformersRegistry,
  thresholdsOverrideProcessor,
  transformDataFrame,
  unitOverrideProcessor,
  valueMappingsOverrideProcessor,
} from '@grafana/data';
import { lastValueFrom, takeWhile } from 'rxjs';

// What a panel's frames go through in Grafana before they are drawn: transformations, then the defaults and overrides of
// its fields. The functions are Grafana's; the list of options is what its dashboards register, as far as ours name them.

export interface Panel {
  id: number;
  type: string;
  title: string;
  description?: string;
  gridPos: { x: number; y: number; w: number; h: number };
  interval?: string;
  targets?: any[];
  fieldConfig?: FieldConfigSource;
  options?: any;
  transformations?: DataTransformerConfig[];
}

standardTransformersRegistry.setInit(() =>
  [...new Set(Object.values(standardTransformers))].map((t: any) => ({ id: t.id, name: t.name, transformation: () => Promise.resolve(t), editor: () => null, imageDark: '', imageLight: '' }))
);

// A panel that names no thresholds gets these from Grafana: whoever colours by thresholds and means none must say so.
const grafanasThresholds = { mode: 'absolute', steps: [{ value: -Infinity, color: 'green' }, { value: 80, color: 'red' }] };

const customDefaults: Record<string, Record<string, unknown>> = {
  timeseries: { axisPlacement: 'auto', axisColorMode: 'text', axisCenteredZero: false, barAlignment: 0, barWidthFactor: 0.6, drawStyle: 'line', fillOpacity: 0, gradientMode: 'none', hideFrom: { legend: false, tooltip: false, viz: false }, insertNulls: false, lineInterpolation: 'linear', lineWidth: 1, pointSize: 5, scaleDistribution: { type: 'linear' }, showPoints: 'auto', spanNulls: false, stacking: { mode: 'none', group: 'A' }, thresholdsStyle: { mode: 'off' } },
  table: { align: 'auto', cellOptions: { type: 'auto' }, filterable: false, inspect: false },
};

const custom = ['align', 'axisLabel', 'axisPlacement', 'axisColorMode', 'axisCenteredZero', 'barAlignment', 'barWidthFactor', 'cellOptions', 'drawStyle', 'fillOpacity', 'filterable', 'gradientMode', 'hideFrom', 'hidden', 'insertNulls', 'inspect', 'lineInterpolation', 'lineStyle', 'lineWidth', 'minWidth', 'pointSize', 'scaleDistribution', 'showPoints', 'spanNulls', 'stacking', 'thresholdsStyle', 'width', 'wrapText'];

const registry = new FieldConfigOptionsRegistry();
const standard: Array<[string, (value: any, context: any, settings: any) => any]> = [
  ['unit', unitOverrideProcessor],
  ['min', identityOverrideProcessor],
  ['max', identityOverrideProcessor],
  ['decimals', identityOverrideProcessor],
  ['displayName', displayNameOverrideProcessor],
  ['color', identityOverrideProcessor],
  ['noValue', identityOverrideProcessor],
  ['links', dataLinksOverrideProcessor],
  ['mappings', valueMappingsOverrideProcessor],
  ['thresholds', thresholdsOverrideProcessor],
];
for (const [id, process] of standard) {
  registry.register({ id, path: id, name: id, process, shouldApply: () => true } as never);
}
for (const id of custom) {
  registry.register({ id: `custom.${id}`, path: id, name: id, isCustom: true, process: identityOverrideProcessor, shouldApply: () => true } as never);
}

// known are the options of fields that the harness hands on; an override of another one would be lost in silence.
export function unknownOptions(panel: Panel): string[] {
  const named = [...(panel.fieldConfig?.overrides ?? []).flatMap((o) => o.properties.map((p) => p.id)), ...Object.keys(panel.fieldConfig?.defaults?.custom ?? {}).map((k) => `custom.${k}`)];
  return named.filter((id) => !registry.getIfExists(id));
}

export function fieldConfig(panel: Panel): FieldConfigSource {
  const given = panel.fieldConfig ?? { defaults: {}, overrides: [] };
  return { ...given, defaults: { thresholds: grafanasThresholds as never, mappings: [], ...given.defaults, custom: { ...customDefaults[panel.type], ...given.defaults.custom } } };
}

export interface Ready {
  frames: DataFrame[];
  state: LoadingState;
  errors: string[];
  notices: string[];
}

const milliseconds: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

// stepOf is the width of a point: what the panel asks for at least, else what fits.
function stepOf(panel: Panel, range: TimeRange): number {
  const fits = (range.to.valueOf() - range.from.valueOf()) / 800;
  const nice = [1000, 15_000, 60_000, 300_000, 900_000, 3_600_000, 10_800_000, 43_200_000, 86_400_000, 604_800_000].find((n) => n >= fits) ?? 604_800_000;
  const [, count, unit] = /^>?(\d+)([smhd])$/.exec(panel.interval ?? '') ?? [];
  return Math.max(nice, count && unit ? Number(count) * milliseconds[unit]! : 0);
}

// prepare asks the data source as a panel does, and makes of the answer what is drawn.
export async function prepare(panel: Panel, datasource: any, range: TimeRange, theme: GrafanaTheme2, replace: InterpolateFunction): Promise<Ready> {
  const step = stepOf(panel, range);
  const answer: any = await lastValueFrom(
    datasource
      .query({ requestId: `Q${panel.id}`, app: 'dashboard', interval: `${step}ms`, intervalMs: step, maxDataPoints: 800, range, scopedVars: {}, startTime: 0, timezone: 'utc', targets: (panel.targets ?? []).map((t) => ({ ...t, datasource: datasource.getRef() })) })
      .pipe(takeWhile((said: any) => said.state !== LoadingState.Streaming, true)) // a stream's first word is what is there
  );
  const errors = [...(answer.errors ?? []), ...(answer.error ? [answer.error] : [])].map((e: any) => String(e.message ?? e));
  // A stream comes as what changes of one frame; a frame without its class would lose what Grafana adds to it.
  const data = (answer.data as DataFrame[]).map((f: any) => ({ ...f, fields: f.fields, length: f.length }));
  const notices = data.flatMap((f) => f.meta?.notices ?? []).map((n: any) => String(n.text));
  const transformed = await lastValueFrom(transformDataFrame(panel.transformations ?? [], data, { interpolate: replace }));
  const frames = applyFieldOverrides({ data: transformed, fieldConfig: fieldConfig(panel), fieldConfigRegistry: registry, replaceVariables: replace, theme, timeZone: 'utc' });
  return { frames, state: LoadingState.Done, errors, notices };
}
