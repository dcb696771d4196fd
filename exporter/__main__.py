"""``python -m exporter`` is ``dnsbl-exporter``."""

from exporter.cli import main

main(prog_name="dnsbl-exporter")
