"""deploy/statefulset.yml agrees with itself, with the image and with the program, as far as that can be seen without a cluster.

The command of a pod is run here as it stands, on a machine that is called as the pod would be.
"""

import http.client
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

import pytest
import yaml

import exporter
from tests.servers.daemon import Daemon, require, wait_until
from tests.servers.ports import free_port
from tests.shipped.container import PROJECT, Root, services, the
from tests.system.command import run

Node = Mapping[str, object]

TEXT = (PROJECT / "deploy" / "statefulset.yml").read_text("utf-8")
OBJECTS: Mapping[str, Node] = {each["kind"]: each for each in yaml.safe_load_all(TEXT)}
NAME = "dnsbl-exporter"
NOBODY_LISTENS = """\
resolvers: ["127.0.0.1:{port}"]
lists: [{{zone: bl.example.net, kinds: [ipv4], non_global: true}}]
targets: [203.0.113.5, 203.0.113.6, 203.0.113.7, 203.0.113.8]
"""


def at(node: object, *path: str) -> object:
    """What stands there; an entry of a list is found by its name."""
    for step in path:
        if isinstance(node, list):
            (node,) = [each for each in node if each["name"] == step]
        else:
            node = cast("Node", node)[step]
    return node


SET = at(OBJECTS["StatefulSet"], "spec")
POD = at(SET, "template", "spec")
CONTAINER = at(POD, "containers", "exporter")
ARGS = cast("list[str]", at(CONTAINER, "args"))
FLAGS = dict(word.split("=") for word in ARGS if "=" in word)
PROBES = [name for name in cast("Node", CONTAINER) if name.endswith("Probe")]


def test_its_objects_belong_together() -> None:
    """The Service finds the pods and gives them names, and the set keeps the pods that it makes."""
    assert OBJECTS.keys() == {"ConfigMap", "Service", "StatefulSet"}
    assert {at(each, "metadata", "name") for each in OBJECTS.values()} == {NAME}
    labels = at(SET, "template", "metadata", "labels")
    assert labels == at(SET, "selector", "matchLabels") == at(OBJECTS["Service"], "spec", "selector")
    assert at(SET, "serviceName") == NAME
    assert at(OBJECTS["Service"], "spec", "clusterIP") == "None"


def test_it_runs_what_the_container_runs_as_shards() -> None:
    """The command of the image with the same paths, and as many shards as there are pods."""
    shards = ["--shard=auto", f"--total-shards={at(SET, 'replicas')}"]
    assert [*the("CMD").listed, *shards] == ARGS


def test_it_runs_as_the_user_of_the_image() -> None:
    """Whose the new volume is, too."""
    user, group = map(int, the("USER").words[0].split(":"))
    context = at(POD, "securityContext")
    assert (at(context, "runAsUser"), at(context, "runAsGroup"), at(context, "fsGroup")) == (user, group, group)
    assert at(context, "runAsNonRoot") is True


def test_it_is_shut_in() -> None:
    """A read-only root, no capabilities, no way to more rights, no word with the cluster; its memory is limited."""
    context = at(CONTAINER, "securityContext")
    assert at(context, "readOnlyRootFilesystem") is True
    assert at(context, "allowPrivilegeEscalation") is False
    assert at(context, "capabilities", "drop") == ["ALL"]
    assert at(POD, "securityContext", "seccompProfile", "type") == "RuntimeDefault"
    assert at(POD, "automountServiceAccountToken") is False
    assert at(CONTAINER, "resources", "limits", "memory")


def test_what_it_reads_and_writes_is_mounted() -> None:
    """The config read-only, and the history on a volume that each pod claims for itself; besides that, it may write to /tmp."""
    mounts = {each["mountPath"]: each for each in cast("list[dict[str, object]]", at(CONTAINER, "volumeMounts"))}
    claimed = [at(each, "metadata", "name") for each in cast("list[Node]", at(SET, "volumeClaimTemplates"))]
    history, config = (str(Path(FLAGS[flag]).parent) for flag in ("--history.path", "--config.file"))
    assert mounts.keys() == {history, config, "/tmp"}
    assert history == the("VOLUME").words[0]
    assert claimed == [mounts[history]["name"]]
    assert at(POD, "volumes", str(mounts[config]["name"]), "configMap", "name") == NAME
    assert at(POD, "volumes", str(mounts["/tmp"]["name"]), "emptyDir") == {}
    assert [path for path, mount in mounts.items() if mount.get("readOnly")] == [config]
    assert Path(FLAGS["--config.file"]).name in cast("Node", at(OBJECTS["ConfigMap"], "data"))


def test_the_port_is_the_exporters_everywhere() -> None:
    """That of the image, by the name that the Service, the probes and the SRV records know it by."""
    (port,) = the("EXPOSE").words
    assert at(CONTAINER, "ports", "http", "containerPort") == int(port)
    assert at(OBJECTS["Service"], "spec", "ports", "http", "port") == int(port)
    assert at(OBJECTS["Service"], "spec", "ports", "http", "targetPort") == "http"
    assert {at(CONTAINER, probe, "httpGet", "port") for probe in PROBES} == {"http"}
    assert "--web.listen-address" not in FLAGS


def test_it_has_the_time_to_write_what_it_found() -> None:
    """As much as compose.yaml gives."""
    assert f"{at(POD, 'terminationGracePeriodSeconds')}s" == services()["exporter"].fields["stop_grace_period"]


def test_the_image_has_the_version_of_the_project() -> None:
    """At a registry that does not exist, so nobody runs another's by mistake."""
    images = set(re.findall(r"registry\.example\.org/dnsbl-exporter:\S+", TEXT))
    assert images == {at(CONTAINER, "image")} == {f"registry.example.org/dnsbl-exporter:{exporter.__version__}"}


def test_the_sample_config_is_fine_when_its_addresses_are_replaced(tmp_path: Path) -> None:
    """The program takes it then, and has nothing else to say against it as it stands."""
    sample = str(at(OBJECTS["ConfigMap"], "data", "config.yml"))
    (tmp_path / "config.yml").write_text(sample)
    (fault,) = run("config", "check", folder=tmp_path).stderr.splitlines()
    assert "203.0.113.5 is a private, loopback, documentation or multicast address" in fault
    (tmp_path / "config.yml").write_text(sample.replace("203.0.113.5", "9.9.9.9"))
    checked = run("config", "check", folder=tmp_path)
    assert checked.returncode == 0, checked.stderr
    assert re.fullmatch(r"config\.yml: fine: 2 targets, \d+ lists, \d+ checks\n", checked.stdout)


def test_the_job_of_its_head_is_one(tmp_path: Path) -> None:
    """Prometheus takes it, it asks for the Service's port by name, and the alerts find it by its name."""
    commented = re.search(r"^#   - job_name: .*\n(?:#     .*\n)+", TEXT, re.MULTILINE)
    assert commented is not None
    text = re.sub("^# ", "", commented[0], flags=re.MULTILINE)
    (tmp_path / "prometheus.yml").write_text(f"scrape_configs:\n{text}")
    checked = subprocess.run([require("promtool"), "check", "config", tmp_path / "prometheus.yml"], check=False)
    assert checked.returncode == 0
    (job,) = yaml.safe_load(text)
    (asked,) = job["dns_sd_configs"]
    assert "dnsbl" in job["job_name"]
    (name,) = asked["names"]
    assert name.startswith(f"_{at(OBJECTS['Service'], 'spec', 'ports', 'http', 'name')}._tcp.{NAME}.")
    assert asked.keys() == {"names"}  # SRV is what is asked for if nothing else is said


@pytest.fixture(name="pod")
def _pod(tmp_path: Path) -> Iterator[tuple[Daemon, str]]:
    """The last pod's command, on a machine of its name, on a port that is free here."""
    root = Root(tmp_path / "root")
    for flag in ("--config.file", "--history.path"):
        root.path(FLAGS[flag]).parent.mkdir(parents=True)
    root.path(FLAGS["--config.file"]).write_text(NOBODY_LISTENS.format(port=free_port()))
    address = f"127.0.0.1:{free_port()}"
    command = [sys.executable, "-m", "exporter", *map(root.inside, ARGS), f"--web.listen-address={address}"]
    name = f"{NAME}-{int(str(at(SET, 'replicas'))) - 1}"
    renamed = [require("unshare"), "--uts", "sh", "-c", 'hostname "$0" && exec "$@"', name]
    if subprocess.run([*renamed, "true"], capture_output=True, check=False).returncode:
        pytest.skip("may not give itself another name here")
    daemon = Daemon("pod", [*renamed, *command], tmp_path, lambda: "msg=listening" in daemon.log)
    with daemon:
        yield daemon, address


def _get(address: str, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection(address, timeout=5)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def test_a_pod_starts_as_the_shard_that_its_name_says(pod: tuple[Daemon, str]) -> None:
    """It becomes what its probes ask for, and ends in order."""
    daemon, address = pod
    paths = {str(at(CONTAINER, probe, "httpGet", "path")) for probe in PROBES}
    assert paths == {"/-/healthy", "/-/ready"}
    wait_until(lambda: all(_get(address, path)[0] == 200 for path in paths), "its probes are content")
    _, metrics = _get(address, "/metrics")
    total = at(SET, "replicas")
    assert f"\ndnsbl_total_shards {total}.0\n" in metrics
    assert f"\ndnsbl_shard_ordinal {int(str(total)) - 1}.0\n" in metrics
    assert daemon.stop() == 0
