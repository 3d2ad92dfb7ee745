import { GrafanaTheme2, LoadingState, TimeRange, dateMath, dateTime } from '@grafana/data';
import { PanelChrome } from '@grafana/ui';
import * as React from 'react';

import { variables } from '../services';
import { Around, drawings, inWords } from './draw';
import { Panel, Ready, prepare, unknownOptions } from './prepare';

// A dashboard outside of Grafana: its JSON, laid out on Grafana's grid and drawn with Grafana's own components.

const COLUMNS = 24;
const CELL = 30;
const GAP = 8;

// fill chooses the variables as Grafana does when a dashboard is opened: what is saved, All, or the first value.
async function fill(dashboard: any, datasource: any, given: Record<string, unknown>, range: TimeRange) {
  variables.push({ name: 'datasource', value: 'gw' });
  for (const v of dashboard.templating.list.filter((one: any) => one.type === 'query')) {
    const values = await datasource.metricFindQuery(v.query, { range });
    const chosen = given[v.name] ?? (v.includeAll ? v.allValue : v.multi ? [values[0]?.value] : values[0]?.value);
    const label = chosen === '$__all' ? 'All' : values.find((x: any) => x.value === chosen)?.text ?? String(chosen);
    variables.push({ name: v.name, value: chosen, label: v.label, text: label, choices: values.length } as never);
  }
}

interface Shown {
  panel: Panel;
  ready: Ready;
}

export async function openDashboard(uid: string, datasource: any, theme: GrafanaTheme2, replace: any, now: string, given: Record<string, unknown>, from: string | null) {
  const dashboard = await (await fetch(`/dashboards/${uid}.json`)).json();
  dashboard.time.from = from ?? dashboard.time.from;
  const at = dateTime(now);
  const relative = (text: string, up: boolean) => dateMath.toDateTime(text.replace('now', `${at.toISOString()}||`), { roundUp: up, timezone: 'utc' })!;
  const range: TimeRange = { from: relative(dashboard.time.from, false), to: relative(dashboard.time.to, true), raw: dashboard.time };
  await fill(dashboard, datasource, given, range);
  const around: Around = { theme, range, replace };
  const shown: Shown[] = [];
  for (const panel of dashboard.panels as Panel[]) {
    shown.push({ panel, ready: panel.type === 'row' ? { frames: [], state: LoadingState.Done, errors: [], notices: [] } : await prepare(panel, datasource, range, theme, replace) });
  }
  (window as any).state.panels = shown.map(({ panel, ready }) => ({ id: panel.id, type: panel.type, title: panel.title, noValue: panel.fieldConfig?.defaults.noValue, unknown: unknownOptions(panel), errors: ready.errors, notices: ready.notices, ...(panel.type === 'row' ? { columns: [], values: [] } : inWords(panel, ready, around)) }));
  return () => <Board dashboard={dashboard} shown={shown} around={around} />;
}

function Board({ dashboard, shown, around }: { dashboard: any; shown: Shown[]; around: Around }) {
  const { theme, range } = around;
  const width = (document.documentElement.clientWidth - 32 + GAP) / COLUMNS;
  const place = ({ x, y, w, h }: Panel['gridPos']): React.CSSProperties => ({ position: 'absolute', left: x * width, top: y * (CELL + GAP), width: w * width - GAP, height: h * (CELL + GAP) - GAP });
  const bottom = Math.max(...shown.map(({ panel: { gridPos: g } }) => (g.y + g.h) * (CELL + GAP)));
  const quiet = { color: theme.colors.text.secondary, fontSize: 12 };
  return (
    <>
      <div style={{ display: 'flex', gap: 16, alignItems: 'center', flexWrap: 'wrap', marginBottom: 12 }}>
        <h1 style={{ fontSize: 18, margin: 0 }}>{dashboard.title}</h1>
        {(variables as any[]).filter((v) => v.label).map((v) => (
          <span key={v.name} style={quiet}>
            {v.label}: <b style={{ color: theme.colors.text.primary }}>{v.text}</b>
          </span>
        ))}
        <span style={{ ...quiet, marginLeft: 'auto' }}>
          {range.from.toISOString().slice(0, 16)} to {range.to.toISOString().slice(0, 16)} UTC
        </span>
      </div>
      <div style={{ position: 'relative', height: bottom }}>
        {shown.map(({ panel, ready }) =>
          panel.type === 'row' ? (
            <h2 key={panel.id} style={{ ...place(panel.gridPos), fontSize: 16, fontWeight: 500, lineHeight: '30px', margin: 0 }}>{panel.title}</h2>
          ) : (
            <div key={panel.id} style={place(panel.gridPos)} data-panel={panel.id}>
              <PanelChrome title={panel.title} {...(panel.description ? { description: panel.description } : {})} width={panel.gridPos.w * width - GAP} height={panel.gridPos.h * (CELL + GAP) - GAP} {...(ready.errors[0] ? { statusMessage: ready.errors[0] } : {})}>
                {(innerWidth, innerHeight) => <Drawn panel={panel} ready={ready} around={around} space={{ width: innerWidth, height: innerHeight }} />}
              </PanelChrome>
            </div>
          )
        )}
      </div>
    </>
  );
}

function Drawn(props: { panel: Panel; ready: Ready; around: Around; space: { width: number; height: number } }) {
  const { panel, ready, around } = props;
  const Drawing = drawings[panel.type];
  if (!Drawing) {
    throw new Error(`nothing here draws ${panel.type}`);
  }
  const rows = ready.frames.reduce((n, f) => n + f.length, 0);
  if (rows === 0) {
    const color = around.theme.colors.text.secondary;
    return <div style={{ display: 'flex', height: '100%', alignItems: 'center', justifyContent: 'center', color }}>{panel.fieldConfig?.defaults.noValue ?? 'No data'}</div>;
  }
  return <Drawing {...props} />;
}
