"""A real recursive resolver: unbound, with each zone stubbed to a server of ours.

Rule 1: it never leaves loopback: names outside the stubbed zones are REFUSED.
Rule 2: it remembers no answers, so a change behind it is seen at once. An outage it remembers to the end of its clock's second,
if more than one question went unanswered.
Rule 3: a server that is down is SERVFAIL after about a second.
"""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from tests.servers.ask import answers, endpoint
from tests.servers.daemon import Daemon, require
from tests.servers.ports import free_port

# Seen with 1.17.1:
# stub-no-cache, since with cache-max-ttl: 0 an NXDOMAIN without SOA was still kept for 5 s;
# one try and a bounded round trip, since an outage took more than 20 s to become SERVFAIL;
# infra-host-ttl: 0, since the outage is remembered for 15 minutes;
# no minimised names (RFC 9156), since those are questions that we never asked.
SERVER = """\
server:
  interface: {host}@{port}
  access-control: 127.0.0.0/8 allow
  directory: "{folder}"
  username: ""
  chroot: ""
  pidfile: ""
  logfile: ""
  use-syslog: no
  verbosity: 1
  num-threads: 1
  module-config: "iterator"
  do-not-query-localhost: no
  qname-minimisation: no
  outbound-msg-retry: 1
  infra-host-ttl: 0
  infra-cache-max-rtt: 1000
  local-zone: "." refuse
{more}
remote-control:
  control-enable: no
"""
STUB = """\
stub-zone:
  name: "{zone}"
  stub-addr: {host}@{port}
  stub-no-cache: yes
"""


class Unbound:
    """unbound on a free port of 127.0.0.1; `stubs` maps a zone to the `host:port` that knows it.

    With `private_127` it has the rebinding protection that turns a listing into an empty answer.
    """

    def __init__(self, folder: Path, stubs: Mapping[str, str], *, private_127: bool = False) -> None:
        self.host = "127.0.0.1"
        self.port = free_port()
        self.address = f"{self.host}:{self.port}"
        own = Path(tempfile.mkdtemp(prefix="unbound-", dir=folder))
        config = own / "unbound.conf"
        config.write_text(self._config(own, stubs, private_127))
        command = [require("unbound"), "-d", "-c", str(config)]
        self.daemon = Daemon("unbound", command, own, lambda: answers(self.address))

    def __enter__(self) -> Self:
        self.daemon.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self.daemon.stop()

    def start(self) -> None:
        """Serve, on the same port as before; returns when it answers."""
        self.daemon.start()

    def stop(self) -> None:
        """Play an outage: the port is closed until `start`."""
        self.daemon.stop()

    def _config(self, own: Path, stubs: Mapping[str, str], private_127: bool) -> str:
        # Neither "." as set above nor .test (RFC 6303) would be resolved otherwise.
        more = [f'  local-zone: "{zone}" transparent' for zone in stubs]
        if private_127:
            more.append("  private-address: 127.0.0.0/8")
        server = SERVER.format(host=self.host, port=self.port, folder=own, more="\n".join(more))
        return server + "".join(_stub(zone, address) for zone, address in stubs.items())


def _stub(zone: str, address: str) -> str:
    host, port = endpoint(address)
    return STUB.format(zone=zone, host=host, port=port)
