import { DataFrame, FieldType, GrafanaTheme2, InterpolateFunction, TimeRange, VizOrientation, getDisplayValueAlignmentFactors, getFieldDisplayName, getFieldDisplayValues, formattedValueToString } from '@grafana/data';
import { BarGauge, BigValue, TimeSeries, VizRepeater } from '@grafana/ui';
import { TableNG } from '@grafana/ui/unstable';
import * as React from 'react';

import { Panel, Ready, fieldConfig } from './prepare';

export interface Space {
  width: number;
  height: number;
}

export interface Around {
  theme: GrafanaTheme2;
  range: TimeRange;
  replace: InterpolateFunction;
}

// shown are the values of a stat or a bar gauge, reduced and formatted by Grafana.
export function shown(panel: Panel, frames: DataFrame[], { theme, replace }: Around) {
  return getFieldDisplayValues({ fieldConfig: fieldConfig(panel), reduceOptions: panel.options.reduceOptions, replaceVariables: replace, theme, data: frames, sparkline: false, timeZone: 'utc' });
}

function Stat({ panel, ready, space, around }: DrawProps) {
  const o = panel.options;
  return (
    <VizRepeater
      getValues={() => shown(panel, ready.frames, around)}
      getAlignmentFactors={(values: any) => getDisplayValueAlignmentFactors(values)}
      renderValue={({ value, width, height, count, alignmentFactors }: any) => (
        <BigValue value={value.display} count={count} width={width} height={height} theme={around.theme} colorMode={o.colorMode} graphMode={o.graphMode} justifyMode={o.justifyMode} textMode={o.textMode} alignmentFactors={alignmentFactors} hasLinks={false} />
      )}
      width={space.width}
      height={space.height}
      source={ready}
      itemSpacing={3}
      renderCounter={1}
      autoGrid
      orientation={o.orientation}
    />
  );
}

function Bars({ panel, ready, space, around }: DrawProps) {
  const o = panel.options;
  const values = shown(panel, ready.frames, around);
  return (
    <VizRepeater
      getValues={() => values}
      getAlignmentFactors={(all: any) => getDisplayValueAlignmentFactors(all)}
      renderValue={({ value, width, height, orientation, alignmentFactors }: any) => (
        <BarGauge value={value.display} display={value.view?.getFieldDisplayProcessor?.(value.colIndex)} field={value.field} text={o.text} width={width} height={height} orientation={orientation} theme={around.theme} displayMode={o.displayMode} showUnfilled={o.showUnfilled} valueDisplayMode={o.valueMode} namePlacement={o.namePlacement} itemSpacing={8} lcdCellWidth={16} alignmentFactors={alignmentFactors} />
      )}
      width={space.width}
      height={space.height}
      minVizWidth={8}
      minVizHeight={16}
      maxVizHeight={300}
      source={ready}
      itemSpacing={8}
      renderCounter={1}
      orientation={o.orientation === 'horizontal' ? VizOrientation.Horizontal : VizOrientation.Auto}
    />
  );
}

function Series({ panel, ready, space, around }: DrawProps) {
  const frames = ready.frames.filter((f) => f.fields.some((x) => x.type === FieldType.number));
  return <TimeSeries frames={frames} width={space.width} height={space.height} timeRange={around.range} timeZone="utc" legend={panel.options.legend} options={panel.options} structureRev={1} />;
}

function Rows({ panel, ready, space, around }: DrawProps) {
  const frame = ready.frames[0]!;
  return <TableNG data={frame} width={space.width} height={space.height} noHeader={!panel.options.showHeader} showTypeIcons={false} resizable sortBy={panel.options.sortBy} cellHeight={panel.options.cellHeight} timeRange={around.range} fieldConfig={panel.fieldConfig} structureRev={1} enableVirtualization={false} />;
}

// Squares stand for the status history, which Grafana publishes no component of. Names, values and colours are those that
// Grafana's own formatting gives; their arrangement is ours.
function Squares({ ready, space, around }: DrawProps) {
  const series = ready.frames.flatMap((frame) => frame.fields.filter((f) => f.type === FieldType.number).map((field) => ({ field, name: getFieldDisplayName(field, frame, ready.frames), times: frame.fields.find((f) => f.type === FieldType.time)!.values })));
  const height = Math.min(24, Math.floor(space.height / Math.max(1, series.length)) - 3);
  return (
    <div style={{ display: 'grid', gridTemplateColumns: 'max-content 1fr', gap: '3px 8px', alignItems: 'center' }}>
      {series.map(({ field, name, times }) => (
        <React.Fragment key={name}>
          <span style={{ fontSize: 12, color: around.theme.colors.text.secondary }}>{name}</span>
          <span style={{ display: 'flex', gap: 2 }}>
            {times.map((t: number, i: number) => {
              const value = field.values[i];
              const d = field.display!(value);
              return (
                <span key={t} style={{ flex: 1, height, background: value === null || value === undefined ? 'transparent' : d.color, opacity: 0.8, fontSize: 10, lineHeight: `${height}px`, textAlign: 'center', color: '#111', overflow: 'hidden' }}>
                  {value === null || value === undefined || times.length > 35 ? '' : formattedValueToString(d)}
                </span>
              );
            })}
          </span>
        </React.Fragment>
      ))}
    </div>
  );
}

// Lines stand for the logs panel, which Grafana publishes no component of either.
function Lines({ ready, space }: DrawProps) {
  const frame = ready.frames[0]!;
  const at = (name: string) => frame.fields.find((f) => f.name === name)!;
  const time = at('timestamp');
  return (
    <div style={{ height: space.height, overflow: 'hidden', fontFamily: 'monospace', fontSize: 12 }}>
      {at('body').values.slice(0, 12).map((line: string, i: number) => (
        <div key={i} style={{ padding: '2px 0', overflowWrap: 'anywhere' }}>
          {formattedValueToString(time.display!(time.values[i]))} {line}
        </div>
      ))}
    </div>
  );
}

export interface DrawProps {
  panel: Panel;
  ready: Ready;
  space: Space;
  around: Around;
}

export const drawings: Record<string, React.ComponentType<DrawProps>> = { stat: Stat, bargauge: Bars, timeseries: Series, table: Rows, 'status-history': Squares, logs: Lines };

// inWords is what a panel says, as texts: what a reader would see of its values, with Grafana's units, words and names.
export function inWords(panel: Panel, ready: Ready, around: Around): { columns: string[]; values: string[][] } {
  if (panel.type === 'stat' || panel.type === 'bargauge') {
    const all = shown(panel, ready.frames, around);
    return { columns: all.map((v) => v.display.title ?? ''), values: all.map((v) => [formattedValueToString(v.display)]) };
  }
  const columns: string[] = [];
  const values: string[][] = [];
  for (const frame of ready.frames) {
    for (const field of frame.fields) {
      if (panel.type !== 'table' && panel.type !== 'logs' && field.type === FieldType.time) {
        continue;
      }
      if (field.type === FieldType.other) {
        continue; // the labels of log lines are no text
      }
      columns.push(getFieldDisplayName(field, frame, ready.frames));
      values.push(Array.from(field.values as unknown[], (v) => (v === null || v === undefined ? '' : formattedValueToString(field.display!(v)))));
    }
  }
  return { columns, values };
}
