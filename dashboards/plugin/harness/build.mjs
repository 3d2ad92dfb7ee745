// Builds the page that stands where Grafana's shell does, with the real libraries that Grafana provides.
import { build } from 'esbuild';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const out = path.join(root, '.build/page');
await mkdir(out, { recursive: true });
await build({
  entryPoints: [path.join(root, 'harness/page.tsx')],
  bundle: true,
  outfile: path.join(out, 'page.js'),
  format: 'iife',
  platform: 'browser',
  target: 'es2022',
  jsx: 'transform',
  define: { 'process.env.NODE_ENV': '"production"', global: 'window' },
  loader: { '.svg': 'dataurl', '.png': 'dataurl', '.ttf': 'dataurl', '.woff': 'dataurl', '.woff2': 'dataurl' },
  logLevel: 'error',
  legalComments: 'none',
  minify: true,
});
await writeFile(
  path.join(out, 'index.html'),
  '<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8"><title>Grantwatch editors</title><link rel="icon" href="data:,">\n<link rel="stylesheet" href="page.css"></head>\n<body><div id="root"></div><script>window.grafanaBootData = { settings: {}, user: {}, navTree: [] }; window.__grafana_public_path__ = "/page/public/";</script><script src="page.js"></script></body>\n</html>\n'
);
await cp(path.join(root, 'node_modules/@grafana/ui/dist/public'), path.join(out, 'public/build'), { recursive: true });
