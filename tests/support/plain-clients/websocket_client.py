"""Debian's python3-websocket. Says who it is, then each frame's kind and bytes."""

import sys

import websocket

url, key = sys.argv[1:]
socket = websocket.create_connection(url, header={"Finance": key})
print(f"websocket-client {websocket.__version__} on python", flush=True)
while True:
    kind, data = socket.recv_data()
    if kind == websocket.ABNF.OPCODE_CLOSE:
        break
    print("text" if kind == websocket.ABNF.OPCODE_TEXT else kind, data.hex(), flush=True)
