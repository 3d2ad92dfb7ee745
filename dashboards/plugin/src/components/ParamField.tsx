import React, { useCallback, useState } from 'react';

import { getTemplateSrv } from '@grafana/runtime';
import { Combobox, ComboboxOption, InlineField, Input, MultiCombobox } from '@grafana/ui';

import { inputOf, numberOrVariable, sourceOf } from '../catalogue';
import type { GrantwatchDataSource } from '../datasource';
import { ParamSpec, ParamValue } from '../types';
import { FIELD, LABEL } from './NamedQuery';

interface Props {
  id: string;
  datasource: GrantwatchDataSource;
  param: ParamSpec;
  value: ParamValue | undefined;
  onChange: (value: ParamValue | undefined) => void;
}

// ParamField asks for one parameter, in the way of its type. Every field takes a variable of the dashboard too.
export function ParamField(props: Props) {
  const { id, param } = props;
  const label = param.name.replace(/_/g, ' ');
  return (
    <InlineField label={label} labelWidth={LABEL} htmlFor={id} tooltip={param.description}>
      <Field {...props} label={label} />
    </InlineField>
  );
}

function Field(props: Props & { label: string }) {
  switch (inputOf(props.param)) {
    case 'choices':
      return <ChoicesField {...props} />;
    case 'choice':
      return <ChoiceField {...props} />;
    case 'number':
      return <NumberField {...props} />;
    case 'text':
      return <TextField {...props} />;
  }
}

// variablesOf are the dashboard's variables as options.
function variablesOf(): Array<ComboboxOption<string>> {
  return getTemplateSrv()
    .getVariables()
    .map((v) => ({ value: `\${${v.name}}`, label: `$${v.name}`, description: 'variable of this dashboard' }));
}

// useOptions loads what can be chosen while somebody types: the dashboard's variables first, then values of the store.
function useOptions(datasource: GrantwatchDataSource, param: ParamSpec) {
  return useCallback(
    async (typed: string): Promise<Array<ComboboxOption<string>>> => {
      const source = sourceOf(param);
      const fixed = (param.options ?? []).map((value) => ({ value, label: value }));
      // A list that cannot be had leaves the field usable: a value can be typed.
      const found = source ? await datasource.options(source, typed).catch(() => []) : [];
      const stored = found.map((v) => ({ value: String(v.value ?? v.text), label: v.text, description: v.value !== v.text ? String(v.value) : undefined }));
      const all = [...variablesOf(), ...fixed, ...stored];
      const wanted = typed.toLowerCase();
      return all.filter((o) => `${o.label} ${o.value}`.toLowerCase().includes(wanted));
    },
    [datasource, param]
  );
}

// hint says what holds while the field is empty.
function hint(param: ParamSpec): string {
  if (param.needed) {
    return 'needed';
  }
  const value = param.default ?? '';
  return (Array.isArray(value) ? value.join(', ') : String(value)) || (param.multi || sourceOf(param) ? 'all' : '');
}

function ChoicesField({ id, datasource, param, value, onChange, label }: Props & { label: string }) {
  const chosen = value === undefined ? [] : Array.isArray(value) ? value : [String(value)];
  return (
    <MultiCombobox
      id={id}
      aria-label={label}
      width={FIELD}
      placeholder={hint(param)}
      createCustomValue
      isClearable
      options={useOptions(datasource, param)}
      value={chosen.map((v) => ({ value: v, label: v }))}
      onChange={(options) => onChange(options.length === 0 ? undefined : options.map((o) => o.value))}
    />
  );
}

function ChoiceField({ id, datasource, param, value, onChange, label }: Props & { label: string }) {
  const chosen = value === undefined ? null : Array.isArray(value) ? (value[0] ?? null) : String(value);
  return (
    <Combobox
      id={id}
      aria-label={label}
      width={FIELD}
      placeholder={hint(param)}
      createCustomValue
      isClearable
      options={useOptions(datasource, param)}
      value={chosen === null ? null : { value: chosen, label: chosen }}
      onChange={(option: ComboboxOption<string> | null) => onChange(option?.value || undefined)}
    />
  );
}

// NumberField and TextField hold what is typed until the field is left or Enter is pressed, so that half a number is
// never asked for.
function NumberField({ id, param, value, onChange, label }: Props & { label: string }) {
  const [text, setText] = useState(value === undefined ? '' : String(value));
  const invalid = text.trim() !== '' && numberOrVariable(text, param) === undefined;
  const done = () => {
    if (!invalid && text !== String(value ?? '')) {
      onChange(numberOrVariable(text, param));
    }
  };
  return (
    <Input
      id={id}
      aria-label={label}
      width={FIELD}
      inputMode="numeric"
      placeholder={hint(param)}
      value={text}
      invalid={invalid}
      aria-invalid={invalid}
      onChange={(e) => setText(e.currentTarget.value)}
      onBlur={done}
      onKeyDown={(e) => e.key === 'Enter' && done()}
    />
  );
}

function TextField({ id, param, value, onChange, label }: Props & { label: string }) {
  const [text, setText] = useState(value === undefined ? '' : String(value));
  const done = () => text !== String(value ?? '') && onChange(text || undefined);
  return (
    <Input
      id={id}
      aria-label={label}
      width={FIELD}
      placeholder={hint(param)}
      value={text}
      onChange={(e) => setText(e.currentTarget.value)}
      onBlur={done}
      onKeyDown={(e) => e.key === 'Enter' && done()}
    />
  );
}
