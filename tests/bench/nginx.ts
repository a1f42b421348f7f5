import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../support/port'

/** nginx, Debian's, in front of a service: it knows one key, adds the identity, and keeps its connections to the service. */
export function startNginx(options: { upstream: string; key: string; identity: string }) {
  const folder = mkdtempSync(join(tmpdir(), 'nginx-'))
  const port = freePort()
  const configuration = join(folder, 'nginx.conf')
  writeFileSync(
    configuration,
    `worker_processes 1;
daemon off;
pid ${folder}/pid;
error_log ${folder}/error.log;
events { worker_connections 1024; }
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  map $http_finance $known { default 0; "${options.key}" 1; }
  upstream service { server ${new URL(options.upstream).host}; keepalive 64; }
  server {
    listen 127.0.0.1:${port};
    keepalive_requests 1000000;
    location / {
      if ($known = 0) { return 401; }
      proxy_pass http://service;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header X-Channelling-Identity "${options.identity}";
    }
  }
}
`,
  )
  const child = Bun.spawn(['nginx', '-c', configuration], { stdout: 'ignore', stderr: 'inherit' })
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      child.kill()
      await child.exited
      rmSync(folder, { recursive: true })
    },
  }
}
