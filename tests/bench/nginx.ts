import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../support/port'
import { aProcess } from '../support/process'

/** What is configured besides that nginx runs alone, in a folder of its own, and writes nothing elsewhere. */
interface Configured {
  /** Before everything else. */
  main?: string
  connectionsMax: number
  http: string
  /** What follows the port in `listen`. */
  listen?: string
  /** Of the one server. */
  server: string
}

/** Starts nginx, Debian's, with one worker. */
async function startNginx({ main = '', connectionsMax, http, listen = '', server }: Configured) {
  const folder = mkdtempSync(join(tmpdir(), 'nginx-'))
  const url = `http://127.0.0.1:${freePort()}`
  const configuration = join(folder, 'nginx.conf')
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  writeFileSync(
    configuration,
    `${main}
worker_processes 1;
daemon off;
pid ${folder}/pid;
error_log ${folder}/error.log;
events { worker_connections ${connectionsMax}; }
http {
  access_log off;
  ${temporary.map((of) => `${of}_temp_path ${folder}/${of};`).join('\n  ')}
  ${http}
  server {
    listen ${new URL(url).host} ${listen};
    keepalive_requests 1000000;
    ${server}
  }
}
`,
  )
  const nginx = aProcess(() => ({
    name: 'nginx',
    command: ['nginx', '-c', configuration],
    environment: process.env,
    isReady: () =>
      fetch(url).then(
        () => true,
        () => false,
      ),
    startMsMax: 10_000,
  }))
  await nginx.start()
  return {
    url,
    pid: nginx.pid,
    async stop() {
      await nginx.stop()
      rmSync(folder, { recursive: true })
    },
  }
}

/** In front of a service: it knows one key, adds the identity, and keeps its connections to the service. */
export const startProxy = ({ upstream, key, identity }: { upstream: string; key: string; identity: string }) =>
  startNginx({
    connectionsMax: 1024,
    http: `map $http_finance $known { default 0; "${key}" 1; }
  upstream service { server ${new URL(upstream).host}; keepalive 64; }`,
    server: `location / {
      if ($known = 0) { return 401; }
      proxy_pass http://service;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header X-Channelling-Identity "${identity}";
    }`,
  })

const nchan = '/usr/lib/nginx/modules/ngx_nchan_module.so'

/** With nchan (`nginx libnginx-mod-nchan`): what is POSTed to /publish goes to every socket on /subscribe. */
export async function startNchan() {
  if (!existsSync(nchan)) throw new Error('There is no nchan: apt-get install nginx libnginx-mod-nchan')
  return startNginx({
    main: `load_module ${nchan};
worker_rlimit_nofile 20000;`,
    connectionsMax: 20_000,
    http: 'nchan_shared_memory_size 128M;',
    listen: 'backlog=4096',
    server: `location = /publish { nchan_publisher; nchan_channel_id everybody; nchan_message_buffer_length 1000; }
    location = /subscribe { nchan_subscriber websocket; nchan_channel_id everybody; nchan_subscriber_first_message newest; }`,
  })
}
