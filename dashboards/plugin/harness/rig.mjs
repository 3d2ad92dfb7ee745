// Starts the harness server and a browser, and gives tests a page with one editor on it.
import { chromium } from 'playwright-core';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';

const root = path.resolve(import.meta.dirname, '..');
const axe = readFileSync(path.join(root, 'node_modules/axe-core/axe.min.js'), 'utf8');

export async function serve() {
  const server = spawn(path.join(root, '.build/harness'), ['-plugin', path.join(root, '.build/gpx_grantwatch_datasource'), '-files', `page=${root}/.build/page,dist=${root}/dist,dashboards=${root}/../grafana/json`, ...(process.env.STORE ? ['-store', process.env.STORE] : [])], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => server.once('exit', resolve));
  for await (const line of createInterface({ input: server.stdout })) {
    if (line.startsWith('harness ')) {
      return {
        url: line.slice('harness '.length).trim(),
        stop: () => {
          server.kill('SIGINT');
          return ended;
        },
      };
    }
  }
  throw new Error('the harness server ended');
}

// browse starts the browser. All pages share one context, and with it the compiled code of Grafana's libraries.
export async function browse() {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  const context = await browser.newContext({ viewport: { width: 900, height: 700 } });
  context.setDefaultTimeout(60_000);
  return { newPage: () => context.newPage(), close: () => browser.close() };
}

// open shows one editor. Whatever the page writes as an error ends the test that asks for it.
export async function open(browser, url, editor, { given, variables, theme = 'dark', title, width = 900, height = 700 } = {}) {
  const page = await browser.newPage();
  await page.setViewportSize({ width, height });
  page.errors = [];
  page.on('pageerror', (err) => page.errors.push(String(err)));
  page.on('console', (m) => m.type() === 'error' && !/Failed to load resource/.test(m.text()) && page.errors.push(m.text()));
  const params = new URLSearchParams({ editor, theme, title: title ?? editor, given: JSON.stringify(given ?? {}), variables: JSON.stringify(variables ?? []) });
  await page.goto(`${url}/page/?${params}`);
  await page.waitForFunction(() => document.documentElement.dataset.ready !== undefined);
  const broken = await page.locator('#broken').count();
  if (broken > 0 || (await page.evaluate(() => document.documentElement.dataset.ready)) === 'broken') {
    throw new Error(await page.locator('body').innerText());
  }
  return page;
}

// openDashboard shows one dashboard as it was at a moment; from is another beginning of its range, such as now-30d.
export async function openDashboard(browser, url, uid, { now, at, from, given, theme = 'dark', width = 1600 } = {}) {
  const page = await browser.newPage();
  await page.setViewportSize({ width, height: 1000 });
  page.errors = [];
  page.on('pageerror', (err) => page.errors.push(String(err)));
  page.on('console', (m) => m.type() === 'error' && !/Failed to load resource/.test(m.text()) && page.errors.push(m.text()));
  await page.goto(`${url}/page/?${new URLSearchParams({ dashboard: uid, theme, now: at ?? now, ...(from ? { from } : {}), given: JSON.stringify(given ?? {}) })}`);
  await page.waitForFunction(() => document.documentElement.dataset.ready !== undefined);
  if ((await page.locator('#broken').count()) > 0 || (await page.evaluate(() => document.documentElement.dataset.ready)) === 'broken') {
    throw new Error(await page.locator('body').innerText());
  }
  return page;
}

// violations are what axe finds wrong on the page, in words.
export async function violations(page) {
  await page.evaluate(axe);
  const found = await page.evaluate(async () => {
    const { violations } = await window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'] });
    return violations.map((v) => `${v.id} (${v.impact}): ${v.help}: ${v.nodes.map((n) => n.html.slice(0, 200)).join(' | ')}`);
  });
  return found;
}
