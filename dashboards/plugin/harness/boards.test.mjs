// Every panel of every dashboard with Grafana's own code outside of Grafana: its transformations, field overrides,
// reducers, units and components, fed by the real plugin from a real store. Run by run.mjs.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { mkdir, readFile, readdir } from 'node:fs/promises';
import path from 'node:path';

import { browse, openDashboard, serve } from './rig.mjs';

const folder = path.resolve(import.meta.dirname, '../../grafana/json');
const pictures = process.env.PICTURES && process.env.STORE ? process.env.PICTURES : undefined;
const now = process.env.NOW ?? '2026-09-01T00:00:01Z';
const made = !process.env.STORE; // the small organisation, of which it is known that every panel has something
const whom = made ? ['Cleo Karst', 'AROA1', 'AIDAONE', "<b>o'dd\\</b>"] : [process.env.IDENTITY];

let server, browser;
before(async () => {
  server = await serve();
  browser = await browse();
  if (pictures) {
    await mkdir(pictures, { recursive: true });
  }
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const dashboards = (await readdir(folder)).map((f) => f.replace(/\.json$/, ''));

// look opens a dashboard as tall as it is, so that everything in it is drawn, and hands on what its panels say.
async function look(uid, options, body) {
  const page = await openDashboard(browser, server.url, uid, { now, ...options });
  try {
    const height = await page.evaluate(() => document.documentElement.scrollHeight);
    await page.setViewportSize({ width: 1600, height: height + 20 });
    await page.waitForFunction((n) => document.querySelectorAll('[data-panel]').length === n, (await page.evaluate(() => window.state.panels)).filter((p) => p.type !== 'row').length);
    await body(page, (await page.evaluate(() => window.state.panels)).filter((p) => p.type !== 'row'));
    assert.deepEqual(page.errors, []);
  } finally {
    await page.close();
  }
}

const said = (panel) => panel.values.some((column) => column.some((v) => v !== '' && v !== '–'));
const drawn = (page, id) => page.locator(`[data-panel="${id}"]`);

for (const uid of dashboards) {
  test(`${uid}: every panel says something, in words that fit`, async () => {
    const empty = new Map();
    for (const identity of uid === 'grantwatch-identity' ? whom : [undefined]) {
      await look(uid, { given: identity ? { identity } : {}, ...(made ? { from: 'now-30d' } : {}) }, async (page, panels) => {
        for (const panel of panels) {
          const where = `${uid}, ${panel.title}`;
          assert.deepEqual(panel.errors, [], where);
          assert.deepEqual(panel.unknown, [], `${where}: the harness does not hand on these options`);
          assert.ok(panel.columns.every((c) => c && !/[{}]/.test(c)), `${where}: names ${panel.columns}`);
          empty.set(panel.id, (empty.get(panel.id) ?? true) && !said(panel));
          for (const value of panel.values.flat()) {
            assert.ok(!/NaN|undefined|Invalid date|\[object/.test(value), `${where}: ${value}`);
            // An empty cell is no place for the text of an empty panel.
            assert.ok(panel.type !== 'table' || value !== panel.noValue, `${where}: ${value}`);
          }
          const text = await drawn(page, panel.id).innerText();
          assert.ok(text.includes(panel.title), where);
          if (!said(panel)) {
            continue;
          }
          if (panel.type === 'timeseries') {
            assert.ok(await drawn(page, panel.id).locator('canvas').count(), where);
            assert.ok(text.includes(panel.columns[0]), `${where}: the legend does not name ${panel.columns[0]}: ${text}`);
          } else if (panel.type === 'table') {
            const cell = panel.values.flatMap((column) => column.slice(0, 1)).find((v) => v !== '' && v !== '–');
            assert.ok(text.includes(cell), `${where}: ${cell} is not in ${text}`);
          } else if (panel.type === 'stat') {
            assert.ok(text.replace(/\s/g, '').includes(panel.values[0][0].replace(/\s/g, '')), `${where}: ${panel.values[0][0]} is not in ${text}`);
          }
        }
      });
    }
    if (made) {
      assert.deepEqual([...empty].filter(([, is]) => is).map(([id]) => id), [], 'panels without a word');
    }
  });
}

test('a number that is only digits of a name is a name', () =>
  look('grantwatch-identity', { given: { identity: whom[0] }, ...(made ? { from: 'now-30d' } : {}) }, async (_page, panels) => {
    for (const p of panels.filter((one) => one.type === 'table')) {
      const at = p.columns.indexOf('account');
      assert.ok(at < 0 || p.values[at].every((v) => !/ (K|Mil|Bil)$/.test(v)), `${p.title}: ${p.values[at]}`);
    }
  }));

test('nothing to say is said, in every panel', async () => {
  for (const uid of dashboards) {
    const board = JSON.parse(await readFile(path.join(folder, `${uid}.json`), 'utf8'));
    const nobody = Object.fromEntries(board.templating.list.filter((v) => v.type === 'query' && !['team', 'severity'].includes(v.name)).map((v) => [v.name, ['nobody-at-all']]));
    await look(uid, { given: { ...nobody, identity: 'nobody-at-all' }, at: '2020-01-01T00:00:00Z' }, async (page, panels) => {
      for (const panel of panels.filter((p) => p.values.every((column) => column.length === 0) && ['table', 'timeseries', 'logs', 'status-history'].includes(p.type))) {
        const text = await drawn(page, panel.id).innerText();
        assert.ok(text.includes(panel.noValue), `${uid}, ${panel.title}: ${text}`);
      }
    });
  }
});

if (pictures) {
  test('pictures', async () => {
    for (const uid of dashboards) {
      await look(uid, { given: { identity: whom[0] } }, async (page) => {
        // Graphs are drawn in the frame after they were laid out.
        await page.evaluate(async () => {
          await document.fonts.ready;
          await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(done))));
        });
        await page.screenshot({ path: path.join(pictures, `${uid.replace('grantwatch-', 'grafana-')}.png`), fullPage: true });
      });
    }
  });
}
