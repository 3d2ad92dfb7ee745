import React, { useState } from 'react';

import { Field, Input } from '@grafana/ui';

import { secondsOf } from '../catalogue';

interface Props {
  id: string;
  label: string;
  description: string;
  // standard is what holds while the field is empty.
  standard: number;
  max: number;
  value: number | undefined;
  disabled?: boolean;
  onChange: (value: number | undefined) => void;
}

// Seconds is a whole number of seconds. What is none is said and not kept.
export function Seconds({ id, label, description, standard, max, value, disabled, onChange }: Props) {
  const [text, setText] = useState(value === undefined || value === 0 ? '' : String(value));
  const invalid = Number.isNaN(secondsOf(text, max));
  return (
    <Field label={label} htmlFor={id} description={description} invalid={invalid} error={`A whole number from 1 to ${max}`}>
      <Input
        id={id}
        width={12}
        inputMode="numeric"
        placeholder={String(standard)}
        value={text}
        disabled={disabled}
        aria-invalid={invalid}
        onChange={(e) => {
          const typed = e.currentTarget.value;
          setText(typed);
          const seconds = secondsOf(typed, max);
          if (!Number.isNaN(seconds)) {
            onChange(seconds);
          }
        }}
      />
    </Field>
  );
}
