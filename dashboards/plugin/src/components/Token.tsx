import React from 'react';

import { Combobox, Field, FieldSet, Input, Switch } from '@grafana/ui';

import { tokenProblem } from '../catalogue';
import { TokenOptions } from '../types';

interface Props {
  token: TokenOptions | undefined;
  disabled?: boolean;
  onChange: (token: TokenOptions | undefined) => void;
}

const headers = [
  { value: 'X-Grafana-Id', label: 'X-Grafana-Id', description: "Grafana's own, signed by the keys at /api/signing-keys/keys" },
  { value: 'Authorization', label: 'Authorization', description: "The sign-in provider's, forwarded by Grafana" },
];

// Token makes whoever looks prove it: without, the backend believes what Grafana says of the user.
export function Token({ token, disabled, onChange }: Props) {
  const problem = token ? tokenProblem(token) : {};
  const text = (name: 'jwksUrl' | 'issuer' | 'audience', label: string, description: string, placeholder: string, error?: string) => (
    <Field label={label} htmlFor={`grantwatch-token-${name}`} description={description} invalid={error !== undefined} error={error}>
      <Input id={`grantwatch-token-${name}`} width={60} placeholder={placeholder} value={token?.[name] ?? ''} disabled={disabled} aria-invalid={error !== undefined} onChange={(e) => onChange({ ...token, [name]: e.currentTarget.value.trim() || undefined })} />
    </Field>
  );
  return (
    <FieldSet label="Proof of who looks">
      <Field label="Signed token" htmlFor="grantwatch-token" description="The user must also be named by a signed token. Needs that identity is forwarded">
        <Switch id="grantwatch-token" value={token !== undefined} disabled={disabled} onChange={(e) => onChange(e.currentTarget.checked ? { header: 'X-Grafana-Id' } : undefined)} />
      </Field>
      {token && (
        <>
          <Field label="Header" htmlFor="grantwatch-token-header">
            <Combobox id="grantwatch-token-header" aria-label="Header" width={60} options={headers} value={token.header ?? 'X-Grafana-Id'} disabled={disabled} onChange={(o) => onChange({ ...token, header: o.value })} />
          </Field>
          {text('jwksUrl', 'Address of the keys', 'Where the public keys of whoever signs are read (JWKS)', 'https://grafana.corp.example/api/signing-keys/keys', problem.jwksUrl)}
          {text('issuer', 'Issuer', 'Who must have signed', 'https://grafana.corp.example', problem.issuer)}
          {text('audience', 'Audience', 'For whom the token must be', 'org:1')}
        </>
      )}
    </FieldSet>
  );
}
