import { createServer, type Server } from 'node:http';

const PAGE = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Heatmap gallery</title></head>
<body><div id="root"></div><script>window.grafanaBootData = { settings: {}, user: {}, navTree: [] };</script><script src="page.js"></script></body></html>`;

/** The gallery's page and its script, on loopback. */
export function serveGallery(script: Buffer, port: number): Promise<Server> {
  const server = createServer((request, response) => {
    const name = new URL(request.url ?? '/', 'http://gallery').pathname;
    if (name === '/') response.writeHead(200, { 'content-type': 'text/html' }).end(PAGE);
    else if (name === '/page.js') response.writeHead(200, { 'content-type': 'text/javascript' }).end(script);
    else response.writeHead(204).end();
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}
