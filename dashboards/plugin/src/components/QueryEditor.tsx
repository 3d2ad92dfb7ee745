import React from 'react';

import { QueryEditorProps } from '@grafana/data';
import { Combobox, ComboboxOption, InlineField, InlineSwitch } from '@grafana/ui';

import { foldable, numbersOf } from '../catalogue';
import type { GrantwatchDataSource } from '../datasource';
import { GrantwatchOptions, GrantwatchQuery, QuerySpec } from '../types';
import { FIELD, LABEL, NamedQuery } from './NamedQuery';

type Props = QueryEditorProps<GrantwatchDataSource, GrantwatchQuery, GrantwatchOptions>;

// unknown tells whether a column is named that the query does not have, as may be after an update or in a panel's JSON.
function unknown(spec: QuerySpec, column: string | undefined): boolean {
  return Boolean(column) && !numbersOf(spec).some((c) => c.name === column);
}

// QueryEditor is the editor of a panel, of Explore and of an alert rule. Each change runs.
export function QueryEditor({ datasource, query, onChange, onRunQuery }: Props) {
  const change = (next: GrantwatchQuery) => {
    onChange(next);
    onRunQuery();
  };
  const live = `grantwatch-streaming-${query.refId}`;
  const rows = `grantwatch-rows-${query.refId}`;
  const column = `grantwatch-column-${query.refId}`;
  return (
    <NamedQuery datasource={datasource} query={{ ...query, query: query.query ?? '', params: query.params ?? {} }} onChange={change} label="Query">
      {(spec) => (
        <>
          {spec && (numbersOf(spec).length > 1 || query.column) && (
            <InlineField label="Number" labelWidth={LABEL} htmlFor={column} tooltip="Only one number of each row. An alert rule should name one: two numbers of one row are two series." invalid={unknown(spec, query.column)} error="The query has no such column of numbers">
              <Combobox
                id={column}
                aria-label="Number"
                width={FIELD}
                isClearable
                invalid={unknown(spec, query.column)}
                placeholder="all of them"
                options={numbersOf(spec).map((c) => ({ value: c.name, label: c.name, description: c.description }))}
                value={query.column ? { value: query.column, label: query.column } : null}
                onChange={(option: ComboboxOption<string> | null) => change({ ...query, column: option?.value || undefined })}
              />
            </InlineField>
          )}
          {spec?.streaming && (
            <InlineField label="Live" labelWidth={LABEL} htmlFor={live} tooltip="New rows follow while the panel is open, without a refresh.">
              <InlineSwitch id={live} aria-label="Live" value={query.streaming === true} onChange={(e) => change({ ...query, streaming: e.currentTarget.checked || undefined })} />
            </InlineField>
          )}
          {spec && foldable(spec) && (
            <InlineField label="As rows" labelWidth={LABEL} htmlFor={rows} tooltip="One row for each time and set of labels, for tables, instead of series for graphs and alerts.">
              <InlineSwitch id={rows} aria-label="As rows" value={query.format === 'table'} onChange={(e) => change({ ...query, format: e.currentTarget.checked ? 'table' : undefined })} />
            </InlineField>
          )}
        </>
      )}
    </NamedQuery>
  );
}
