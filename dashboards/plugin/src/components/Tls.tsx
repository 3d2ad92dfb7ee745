import React from 'react';

import { Field, FieldSet, Input, SecretTextArea, Switch } from '@grafana/ui';

import { GrantwatchOptions, GrantwatchSecrets } from '../types';

interface Props {
  jsonData: GrantwatchOptions;
  secrets: GrantwatchSecrets;
  configured: Partial<Record<keyof GrantwatchSecrets, boolean>>;
  readOnly?: boolean;
  set: (change: Partial<GrantwatchOptions>) => void;
  setSecret: (name: keyof GrantwatchSecrets, value: string) => void;
  resetSecret: (name: keyof GrantwatchSecrets) => void;
}

// Tls holds what a server with a certificate of its own authority, or one that asks for a client's, needs.
export function Tls({ jsonData, secrets, configured, readOnly, set, setSecret, resetSecret }: Props) {
  const pem = (name: keyof GrantwatchSecrets, label: string, begins: string) => (
    <Field label={label} htmlFor={`grantwatch-${name}`}>
      <SecretTextArea
        id={`grantwatch-${name}`}
        cols={60}
        rows={5}
        placeholder={begins}
        disabled={readOnly}
        isConfigured={Boolean(configured[name])}
        value={secrets[name] ?? ''}
        onChange={(e) => setSecret(name, e.currentTarget.value)}
        onReset={() => resetSecret(name)}
      />
    </Field>
  );
  return (
    <FieldSet label="TLS">
      <Field label="Own certificate authority" htmlFor="grantwatch-tls-ca" description="The server's certificate was issued by an authority that this machine does not know">
        <Switch id="grantwatch-tls-ca" value={jsonData.tlsAuthWithCACert === true} disabled={readOnly} onChange={(e) => set({ tlsAuthWithCACert: e.currentTarget.checked })} />
      </Field>
      {jsonData.tlsAuthWithCACert && pem('tlsCACert', 'Certificate of the authority', '-----BEGIN CERTIFICATE-----')}
      <Field label="Client certificate" htmlFor="grantwatch-tls-client" description="The server asks who connects">
        <Switch id="grantwatch-tls-client" value={jsonData.tlsAuth === true} disabled={readOnly} onChange={(e) => set({ tlsAuth: e.currentTarget.checked })} />
      </Field>
      {jsonData.tlsAuth && (
        <>
          <Field label="Name of the server" htmlFor="grantwatch-server-name" description="The name in the server's certificate, if it is not the host of the address">
            <Input id="grantwatch-server-name" width={60} value={jsonData.serverName ?? ''} disabled={readOnly} onChange={(e) => set({ serverName: e.currentTarget.value })} />
          </Field>
          {pem('tlsClientCert', 'Client certificate (PEM)', '-----BEGIN CERTIFICATE-----')}
          {pem('tlsClientKey', 'Client key (PEM)', '-----BEGIN PRIVATE KEY-----')}
        </>
      )}
      <Field label="Skip verification" htmlFor="grantwatch-tls-skip" description="The certificate is not checked. Anybody between Grafana and the server can read and change what is shown">
        <Switch id="grantwatch-tls-skip" value={jsonData.tlsSkipVerify === true} disabled={readOnly} onChange={(e) => set({ tlsSkipVerify: e.currentTarget.checked })} />
      </Field>
    </FieldSet>
  );
}
