const unshare = ['unshare', '--user', '--map-root-user', '--mount']

/** Whether a process may have mounts of its own on this machine; within a container it often may not. */
export const mayMount =
  Bun.which('unshare') !== null &&
  Bun.spawnSync([...unshare, 'sh', '-c', 'mount --bind /tmp /tmp && mount -o remount,bind,ro /']).exitCode === 0

/** A command that starts another one, with mounts of its own, and leaves it its place. */
export const withMounts = (script: string): string[] => [...unshare, 'sh', '-c', `${script} && exec "$@"`, 'sh']

/** One to which everything but some folders is read-only. */
export const readOnlyBut = (folders: readonly string[]): string[] =>
  withMounts(
    [...folders.map((folder) => `mount --bind ${folder} ${folder}`), 'mount -o remount,bind,ro /'].join(' && '),
  )
