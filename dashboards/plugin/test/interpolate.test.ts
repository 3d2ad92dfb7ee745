import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ALL, Replace, interpolateParams } from '../src/interpolate';

// dashboard replaces variables as Grafana does: the format is given what is chosen, a list where there are several;
// an unknown variable stays; a custom value for All is put in without asking the format.
function dashboard(chosen: Record<string, unknown>): Replace {
  return (text, format) =>
    text.replace(/\$(\w+)|\$\{(\w+)(?::\w+)?\}|\[\[(\w+)\]\]/g, (match, a, b, c) => {
      const name = a ?? b ?? c;
      if (!(name in chosen)) {
        return match;
      }
      return chosen[name] === ALL ? ALL : format(chosen[name]);
    });
}

test('parameters are replaced value by value', () => {
  const replace = dashboard({ team: ['payments', "it's, odd"], one: 'aws', none: [], everything: ALL, n: 7, env: ['prod', 'test'] });
  const cases: Array<[string, Record<string, never> | object, object]> = [
    ['several, one of them with a comma', { team: ['$team'] }, { team: ['payments', "it's, odd"] }],
    ['in braces and brackets', { team: ['${team}', '[[one]]'] }, { team: ['payments', "it's, odd", 'aws'] }],
    ['one stays one', { identity: '$one' }, { identity: 'aws' }],
    ['a list of one stays a list', { provider: ['$one'] }, { provider: ['aws'] }],
    ['several in a single parameter become a list', { identity: '$team' }, { identity: ['payments', "it's, odd"] }],
    ['everything is said, not left out', { team: ['$everything'], provider: ['aws', '$everything'] }, { team: [ALL], provider: [ALL] }],
    ['nothing chosen is left out', { team: ['$none'], provider: '' }, {}],
    ['numbers and what has no variable are untouched', { limit: 5, text: 'a,b' }, { limit: 5, text: 'a,b' }],
    ['a number by variable is text that the backend reads', { limit: '$n' }, { limit: '7' }],
    ['within a text, each value once', { text: 'svc-$env-$one' }, { text: ['svc-prod-aws', 'svc-test-aws'] }],
    ['what no variable is called stays', { text: 'costs $100' }, { text: 'costs $100' }],
    ['twice is once', { team: ['payments', '$team'] }, { team: ['payments', "it's, odd"] }],
  ];
  for (const [name, given, want] of cases) {
    assert.deepEqual(interpolateParams(given as never, replace), want, name);
  }
  assert.deepEqual(interpolateParams(undefined, replace), {});
});

test('a text with many variables is bounded', () => {
  const many = Array.from({ length: 200 }, (_, i) => `v${i}`);
  const got = interpolateParams({ text: ['$a$a$a'] }, dashboard({ a: many }));
  assert.ok((got.text as string[]).length <= 10_000);
});

test('a value is never read as something else', () => {
  const hostile = ['__proto__', 'constructor', '${team}', "'; DROP TABLE findings --", '\u202e', '{{x}}', '$&', '$1'];
  assert.deepEqual(interpolateParams({ team: ['$bad'] }, dashboard({ bad: hostile })), { team: hostile });
});
