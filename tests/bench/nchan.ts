import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../support/port'

const modules = '/usr/lib/nginx/modules'

/** nginx with nchan, Debian's (`nginx libnginx-mod-nchan`): what is POSTed to /publish goes to every socket on /subscribe. */
export async function startNchan() {
  if (!existsSync(`${modules}/ngx_nchan_module.so`)) {
    throw new Error('There is no nchan: apt-get install nginx libnginx-mod-nchan')
  }
  const folder = mkdtempSync(join(tmpdir(), 'nchan-'))
  const port = freePort()
  const configuration = join(folder, 'nginx.conf')
  writeFileSync(
    configuration,
    `load_module ${modules}/ngx_nchan_module.so;
worker_processes 1;
worker_rlimit_nofile 20000;
daemon off;
pid ${folder}/pid;
error_log ${folder}/error.log;
events { worker_connections 20000; }
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  nchan_shared_memory_size 128M;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    keepalive_requests 1000000;
    location = /publish { nchan_publisher; nchan_channel_id everybody; nchan_message_buffer_length 1000; }
    location = /subscribe { nchan_subscriber websocket; nchan_channel_id everybody; nchan_subscriber_first_message newest; }
  }
}
`,
  )
  const child = Bun.spawn(['nginx', '-c', configuration], { stdout: 'ignore', stderr: 'inherit' })
  const url = `http://127.0.0.1:${port}`
  while (!(await fetch(url).catch(() => null))) await Bun.sleep(20)
  return {
    url,
    pid: child.pid,
    async stop() {
      child.kill()
      await child.exited
      rmSync(folder, { recursive: true })
    },
  }
}
