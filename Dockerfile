# The exporter, as user 15782 and with nothing to write but its volume; the root file system may be read-only.
#
#   docker build -t dnsbl-exporter .
#   docker run --read-only -v "$PWD/deploy/exporter:/etc/dnsbl-exporter:ro" -v history:/var/lib/dnsbl-exporter -p 127.0.0.1:15782:15782 dnsbl-exporter
#
# compose.yaml starts it with Prometheus, Alertmanager and Grafana.

FROM python:3.11-slim-trixie AS build
WORKDIR /src
RUN python -m venv --without-pip /opt/dnsbl-exporter
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY exporter ./exporter
RUN pip --python /opt/dnsbl-exporter install --no-cache-dir -c constraints.txt .

# The same base: an environment belongs to the Python that made it.
FROM python:3.11-slim-trixie
# A new volume takes the owner of the folder that it covers.
RUN install -d -o 15782 -g 15782 /var/lib/dnsbl-exporter
COPY --from=build /opt/dnsbl-exporter /opt/dnsbl-exporter
ENV PATH=/opt/dnsbl-exporter/bin:$PATH
# A number, so that whoever runs it can see that it is not root.
USER 15782:15782
VOLUME /var/lib/dnsbl-exporter
EXPOSE 15782
# Asked directly, whatever proxy the environment names. Another port in --web.listen-address needs another one here.
HEALTHCHECK --interval=30s --timeout=6s --start-period=30s CMD ["python", "-c", "import http.client as h, sys; c = h.HTTPConnection('127.0.0.1', 15782, timeout=5); c.request('GET', '/-/healthy'); sys.exit(c.getresponse().status != 200)"]
ENTRYPOINT ["dnsbl-exporter"]
CMD ["serve", "--config.file=/etc/dnsbl-exporter/config.yml", "--history.path=/var/lib/dnsbl-exporter/history.db"]
