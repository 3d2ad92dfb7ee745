import React from 'react';

import { QueryEditorProps } from '@grafana/data';
import { InlineField, InlineSwitch } from '@grafana/ui';

import { foldable } from '../catalogue';
import type { GrantwatchDataSource } from '../datasource';
import { GrantwatchOptions, GrantwatchQuery } from '../types';
import { LABEL, NamedQuery } from './NamedQuery';

type Props = QueryEditorProps<GrantwatchDataSource, GrantwatchQuery, GrantwatchOptions>;

// QueryEditor is the editor of a panel, of Explore and of an alert rule. Each change runs.
export function QueryEditor({ datasource, query, onChange, onRunQuery }: Props) {
  const change = (next: GrantwatchQuery) => {
    onChange(next);
    onRunQuery();
  };
  const live = `grantwatch-streaming-${query.refId}`;
  const rows = `grantwatch-rows-${query.refId}`;
  return (
    <NamedQuery datasource={datasource} query={{ ...query, query: query.query ?? '', params: query.params ?? {} }} onChange={change} label="Query">
      {(spec) => (
        <>
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
