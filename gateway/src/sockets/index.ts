export { createSocketDoor, type SocketDoor } from './admission'
export { watchKeys } from './key-watch'
export { createOpenSockets } from './open-sockets'
export { SOCKET_PATH, socketOperation } from './operation'
