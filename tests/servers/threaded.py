"""A little server of our own in a thread of this process."""

import threading
from socketserver import TCPServer


class Threaded:
    """Serves from :meth:`start` to :meth:`stop`."""

    def __init__(self, server: TCPServer, name: str) -> None:
        self._server = server
        self._thread = threading.Thread(target=server.serve_forever, args=(0.05,), name=name)

    @property
    def address(self) -> str:
        """`127.0.0.1:PORT`, where such servers listen."""
        return f"127.0.0.1:{self._server.server_address[1]}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Return when nothing of it is left."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
