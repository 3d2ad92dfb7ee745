import React from 'react';

import { Button, Combobox, Field, IconButton, MultiCombobox, Stack } from '@grafana/ui';

import { ScopeRule } from '../types';

interface NamesProps {
  id: string;
  label: string;
  value: string[];
  disabled?: boolean;
  placeholder?: string;
  options?: string[];
  width?: number;
  onChange: (value: string[]) => void;
}

// Names is a list of names that are typed, one after the other.
function Names({ id, label, value, disabled, placeholder, options = [], width = 60, onChange }: NamesProps) {
  return (
    <MultiCombobox
      id={id}
      aria-label={label}
      width={width}
      disabled={disabled}
      createCustomValue
      isClearable
      placeholder={placeholder}
      options={[...new Set([...options, ...value])].map((v) => ({ value: v, label: v }))}
      value={value}
      onChange={(chosen) => onChange(chosen.map((o) => o.value.trim()).filter(Boolean))}
    />
  );
}

export function TeamsInput(props: Omit<NamesProps, 'options'>) {
  return <Names {...props} options={['*']} placeholder={props.placeholder ?? 'payments'} />;
}

type Subject = 'users' | 'roles';

const subjects: Array<{ value: Subject; label: string }> = [
  { value: 'users', label: 'User' },
  { value: 'roles', label: 'Role' },
];

const grafanaRoles = ['Viewer', 'Editor', 'Admin'];

interface Props {
  rules: ScopeRule[];
  disabled?: boolean;
  onChange: (rules: ScopeRule[]) => void;
}

// Scopes are the rules that give teams to users. A user gets the teams of every rule that names him.
export function Scopes({ rules, disabled, onChange }: Props) {
  const replace = (i: number, rule: ScopeRule) => onChange(rules.map((old, n) => (n === i ? rule : old)));
  return (
    <Stack direction="column" gap={1} alignItems="flex-start">
      {rules.map((rule, i) => {
        const subject: Subject = rule.roles !== undefined ? 'roles' : 'users';
        const n = i + 1;
        return (
          <div key={i} role="group" aria-label={`Rule ${n}`}>
            <Stack direction="row" gap={1} alignItems="flex-end" wrap="wrap">
              <Field label="Who" htmlFor={`grantwatch-scope-${n}-kind`} noMargin>
                <Combobox id={`grantwatch-scope-${n}-kind`} aria-label={`Rule ${n}: who`} width={14} disabled={disabled} options={subjects} value={subject} onChange={(o) => replace(i, { [o.value]: [], teams: rule.teams })} />
              </Field>
              <Field label={subject === 'users' ? 'Logins or e-mail addresses' : 'Roles in the organisation'} htmlFor={`grantwatch-scope-${n}-who`} noMargin>
                <Names
                  id={`grantwatch-scope-${n}-who`}
                  label={`Rule ${n}: ${subject}`}
                  width={38}
                  disabled={disabled}
                  value={rule[subject] ?? []}
                  options={subject === 'roles' ? grafanaRoles : []}
                  placeholder={subject === 'users' ? 'ana@corp.example' : 'Admin'}
                  onChange={(names) => replace(i, { [subject]: names, teams: rule.teams })}
                />
              </Field>
              <Field label="Teams" htmlFor={`grantwatch-scope-${n}-teams`} noMargin>
                <TeamsInput id={`grantwatch-scope-${n}-teams`} label={`Rule ${n}: teams`} width={38} disabled={disabled} value={rule.teams} onChange={(teams) => replace(i, { ...rule, teams })} />
              </Field>
              <IconButton name="trash-alt" size="lg" aria-label={`Remove rule ${n}`} disabled={disabled} onClick={() => onChange(rules.filter((_, k) => k !== i))} />
            </Stack>
          </div>
        );
      })}
      <Button variant="secondary" icon="plus" disabled={disabled} onClick={() => onChange([...rules, { users: [], teams: [] }])}>
        Add a rule
      </Button>
    </Stack>
  );
}
