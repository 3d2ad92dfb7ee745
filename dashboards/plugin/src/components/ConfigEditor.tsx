import React from 'react';

import { DataSourcePluginOptionsEditorProps } from '@grafana/data';
import { Field, FieldSet, Input, SecretInput, Switch, Text } from '@grafana/ui';

import { dsnProblem } from '../catalogue';
import { GrantwatchOptions, GrantwatchSecrets } from '../types';
import { Scopes, TeamsInput } from './Scopes';
import { Seconds } from './Seconds';
import { Tls } from './Tls';
import { Token } from './Token';

export type ConfigProps = DataSourcePluginOptionsEditorProps<GrantwatchOptions, GrantwatchSecrets>;

// ConfigEditor asks where the store is and who may see which teams. Secrets are only ever sent to Grafana, which keeps
// them encrypted and never sends them back.
export function ConfigEditor({ options, onOptionsChange }: ConfigProps) {
  const { jsonData, secureJsonData, secureJsonFields } = options;
  const set = (change: Partial<GrantwatchOptions>) => onOptionsChange({ ...options, jsonData: { ...jsonData, ...change } });
  const setSecret = (name: keyof GrantwatchSecrets, value: string) => onOptionsChange({ ...options, secureJsonData: { ...secureJsonData, [name]: value } });
  const resetSecret = (name: keyof GrantwatchSecrets) =>
    onOptionsChange({ ...options, secureJsonFields: { ...secureJsonFields, [name]: false }, secureJsonData: { ...secureJsonData, [name]: '' } });
  const problem = jsonData.server === undefined ? undefined : dsnProblem(jsonData.server);
  const readOnly = options.readOnly;

  return (
    <>
      {readOnly && (
        <Text element="p" color="secondary">
          This data source was provisioned from a file and is changed there.
        </Text>
      )}
      <FieldSet label="Server">
        <Field label="Address" htmlFor="grantwatch-server" description="The ClickHouse server that Grantwatch writes to, with the database and without a password" required invalid={problem !== undefined} error={problem}>
          <Input id="grantwatch-server" width={60} placeholder="clickhouse://clickhouse:9000/grantwatch" value={jsonData.server ?? ''} disabled={readOnly} onChange={(e) => set({ server: e.currentTarget.value })} />
        </Field>
        <Field label="User" htmlFor="grantwatch-username" description="A user of the server who may read Grantwatch's tables and nothing else">
          <Input id="grantwatch-username" width={60} autoComplete="off" placeholder="grantwatch_reader" value={jsonData.username ?? ''} disabled={readOnly} onChange={(e) => set({ username: e.currentTarget.value })} />
        </Field>
        <Field label="Password" htmlFor="grantwatch-password">
          <SecretInput
            id="grantwatch-password"
            width={60}
            autoComplete="new-password"
            disabled={readOnly}
            isConfigured={Boolean(secureJsonFields?.password)}
            value={secureJsonData?.password ?? ''}
            onChange={(e) => setSecret('password', e.currentTarget.value)}
            onReset={() => resetSecret('password')}
          />
        </Field>
      </FieldSet>
      <Tls jsonData={jsonData} secrets={secureJsonData ?? {}} configured={secureJsonFields ?? {}} readOnly={readOnly} set={set} setSecret={setSecret} resetSecret={resetSecret} />
      <FieldSet label="Who sees which teams">
        <Field label="Forward identity" htmlFor="grantwatch-forward" description="The user who looks decides which teams are shown, by the rules below. Without it everybody sees the default teams">
          <Switch id="grantwatch-forward" value={jsonData.forwardIdentity === true} disabled={readOnly} onChange={(e) => set({ forwardIdentity: e.currentTarget.checked })} />
        </Field>
        <Field label="Default teams" htmlFor="grantwatch-default-teams" description="What a user sees whom no rule names, and what alert rules see. Nothing, when empty; * is every team">
          <TeamsInput id="grantwatch-default-teams" label="Default teams" value={jsonData.defaultTeams ?? []} disabled={readOnly} onChange={(defaultTeams) => set({ defaultTeams })} />
        </Field>
        <Scopes rules={jsonData.scopes ?? []} disabled={readOnly || jsonData.forwardIdentity !== true} onChange={(scopes) => set({ scopes })} />
      </FieldSet>
      <Token token={jsonData.identityToken} disabled={readOnly || jsonData.forwardIdentity !== true} onChange={(identityToken) => set({ identityToken })} />
      <FieldSet label="Time">
        <Seconds id="grantwatch-query-timeout" label="Longest query" description="Seconds after which the server gives a query up; 10 unless said" standard={10} max={300} value={jsonData.queryTimeoutSeconds} disabled={readOnly} onChange={(queryTimeoutSeconds) => set({ queryTimeoutSeconds })} />
        <Seconds id="grantwatch-poll" label="Live" description="Seconds between two looks for changed findings; 5 unless said" standard={5} max={3600} value={jsonData.pollSeconds} disabled={readOnly} onChange={(pollSeconds) => set({ pollSeconds })} />
      </FieldSet>
    </>
  );
}
