"""A Prometheus with weeks of a made past, to look at the dashboards with any Grafana, or anything else that speaks to it."""

import argparse
import asyncio
import tempfile
import time
from pathlib import Path

from tests.past.scrapes import Past, write
from tests.servers.archive import Archive


def main() -> None:
    """Serve until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.showcase", description=__doc__)
    parser.add_argument("--targets", type=int, default=300, help="up to 5 are a small office")
    parser.add_argument("--days", type=float, default=28)
    parser.add_argument("--shards", type=int, default=1)
    parser.add_argument("--end", type=float, default=time.time() // 60 * 60, help="Unix seconds; now, if not given")
    chosen = parser.parse_args()
    past = Past(chosen.targets, chosen.days, chosen.end, chosen.shards)
    with tempfile.TemporaryDirectory(prefix="dnsbl-showcase-") as name:
        folder = Path(name)
        began = time.monotonic()
        samples = asyncio.run(write(folder, past))
        print(f"scraped after {time.monotonic() - began:.0f} s")
        with Archive(folder, samples) as archive:
            print(f"{archive.url}, from {past.begin:.0f} to {past.end:.0f}, after {time.monotonic() - began:.0f} s")
            try:
                while True:
                    time.sleep(3600)
            except KeyboardInterrupt:
                print("ended")


if __name__ == "__main__":
    main()
