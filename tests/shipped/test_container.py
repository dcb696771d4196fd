"""The Dockerfile and compose.yaml do what they say, as far as that can be seen without a container engine.

No image is built here: each step of both files is followed under a folder that stands for the container's root.
"""

import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.servers.daemon import Daemon, require, wait_until
from tests.servers.ports import free_port
from tests.shipped.container import PROJECT, Root, dockerfile, services, the

PORT = "15782"
SERVICES = services()
FOUND = {"exporter", "prometheus", "alertmanager", "grafana"}
PINNED = re.compile(r"[\w./-]+:v?\d+\.\d+\.\d+")
UNIT = (PROJECT / "deploy" / "dnsbl-exporter.service").read_text()
CONFIG = """\
resolvers: ["127.0.0.1:{port}"]
lists: [{{zone: bl.example.net, kinds: [ipv4], non_global: true}}]
targets: [203.0.113.5]
"""


@pytest.fixture(name="built", scope="module")
def _built(tmp_path_factory: pytest.TempPathFactory) -> Root:
    """The Dockerfile, followed: a fresh environment with the project in it."""
    root = Root(tmp_path_factory.mktemp("image"))
    root.build()
    return root


@pytest.fixture(name="mounted", params=sorted(FOUND - {"exporter"}))
def _mounted(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Root]:
    root = Root(tmp_path)
    root.mount(SERVICES[request.param])
    return request.param, root


# ---- The Dockerfile


def test_the_base_is_pinned_to_the_python_that_is_tested() -> None:
    """Both stages have it, as the environment that is copied belongs to its Python."""
    bases = {instruction.words[0] for instruction in dockerfile() if instruction.name == "FROM"}
    tested = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["mypy"]["python_version"]
    (base,) = bases
    assert re.fullmatch(rf"python:{re.escape(tested)}-slim-[a-z]+", base)


def test_all_that_is_copied_and_nothing_else_goes_to_the_engine() -> None:
    """Keys and histories that lie in the folder never become part of an image."""
    copied = {
        source.removeprefix("./")
        for instruction in dockerfile()
        if instruction.name == "COPY" and "--from=" not in instruction.rest
        for source in instruction.words[:-1]
    }
    lines = [line for line in (PROJECT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    assert lines[0] == "*"
    assert {line.removeprefix("!") for line in lines if line.startswith("!")} == copied
    assert all((PROJECT / source).exists() for source in copied)


def test_it_runs_as_a_user_with_a_number_who_owns_the_history() -> None:
    """A cluster that admits no root can tell, and a new volume belongs to the user."""
    user = the("USER").words[0]
    uid, gid = user.split(":")
    assert int(uid) > 0
    assert f"install -d -o {uid} -g {gid} {the('VOLUME').words[0]}" in [instruction.rest for instruction in dockerfile()]


def test_the_history_is_on_the_volume() -> None:
    """Of the paths that the command names, the one that is written lies there; the other is mounted read-only by compose.yaml."""
    flags = dict(word.split("=") for word in the("CMD").listed if "=" in word)
    volume = the("VOLUME").words[0]
    assert flags["--history.path"].startswith(f"{volume}/")
    writable = {mount.target: mount.writable for mount in SERVICES["exporter"].mounts}
    assert writable == {volume: True, str(Path(flags["--config.file"]).parent): False}


def test_the_install_line_works_in_a_fresh_environment(built: Root) -> None:
    """The command is there and knows the catalogue, so the package's data came along; so does what is pinned."""
    shown = subprocess.run(
        [*_entry(built), "lists", "--json"], env=built.environment(), cwd="/", capture_output=True, text=True, check=True
    )
    assert "zen.spamhaus.org" in shown.stdout
    pins = dict(line.lower().replace("_", "-").split("==") for line in (PROJECT / "constraints.txt").read_text().splitlines())
    (packages,) = built.path("/opt/dnsbl-exporter/lib").glob("python*/site-packages")
    names = [re.fullmatch(r"(.+)-([^-]+)\.dist-info", path.name) for path in packages.glob("*.dist-info")]
    installed = {match[1].lower().replace("_", "-"): match[2] for match in names if match}
    assert installed.pop("dnsbl-exporter")
    assert installed == {name: pins[name] for name in installed}


def test_the_entry_point_starts(built: Root) -> None:
    """It is the command of that environment, found by the PATH that the Dockerfile sets."""
    done = subprocess.run([*_entry(built), "--help"], env=built.environment(), capture_output=True, text=True, check=True)
    assert done.stdout.startswith("Usage: dnsbl-exporter")


@pytest.fixture(name="running")
def _running(built: Root, tmp_path: Path) -> Iterator[tuple[Daemon, str]]:
    """The Dockerfile's own command in its environment, on a port that is free here."""
    built.path("/etc/dnsbl-exporter").mkdir(parents=True, exist_ok=True)
    for left in built.path(the("VOLUME").words[0]).iterdir():
        left.unlink()
    built.path("/etc/dnsbl-exporter/config.yml").write_text(CONFIG.format(port=free_port()))
    port = str(free_port())
    words = [*_entry(built), *(built.inside(word) for word in the("CMD").listed), f"--web.listen-address=127.0.0.1:{port}"]
    daemon = Daemon("serve", words, tmp_path, lambda: "msg=listening" in daemon.log, env=built.environment())
    with daemon:
        yield daemon, port


def test_the_health_check_says_yes_while_it_runs_and_no_afterwards(built: Root, running: tuple[Daemon, str]) -> None:
    """By its own command, whatever proxy is set; and the command ends well when it is told to."""
    daemon, port = running
    check = [word.replace(PORT, port) for word in the("HEALTHCHECK").listed]
    environment = {**built.environment(), "http_proxy": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"}
    assert subprocess.run(check, env=environment, check=False).returncode == 0
    assert daemon.stop() == 0
    assert subprocess.run(check, env=environment, capture_output=True, check=False).returncode != 0


def test_it_writes_nowhere_but_to_its_volume(built: Root, running: tuple[Daemon, str]) -> None:
    """So its root file system may be read-only."""
    volume = built.path(the("VOLUME").words[0])
    started = built.path("/etc/dnsbl-exporter/config.yml").stat().st_mtime_ns
    wait_until(lambda: any(volume.iterdir()), "a history")
    assert running[0].stop() == 0
    fresh = [path for path in built.folder.rglob("*") if path.is_file() and path.stat().st_mtime_ns > started]
    assert fresh
    assert all(path.is_relative_to(volume) for path in fresh), fresh


def test_the_port_is_the_same_everywhere() -> None:
    """What the exporter listens on by default is exposed, asked for health, published and scraped."""
    assert the("EXPOSE").words == [PORT]
    assert PORT in the("HEALTHCHECK").rest
    assert SERVICES["exporter"].ports == [("127.0.0.1", int(PORT), int(PORT))]


# ---- compose.yaml


def test_it_starts_all_four() -> None:
    """The exporter is built, the others are pinned."""
    assert SERVICES.keys() == FOUND
    assert SERVICES["exporter"].fields["build"] == "."
    assert all(PINNED.fullmatch(SERVICES[name].image) for name in FOUND - {"exporter"})


@pytest.mark.parametrize("name", sorted(FOUND))
def test_each_is_shut_in(name: str) -> None:
    """A read-only root, no capabilities, nothing reachable from outside, and what is mounted from the project is not written."""
    service = SERVICES[name]
    assert service.fields["read_only"] is True
    assert service.entries("cap_drop") == ["ALL"]
    assert service.entries("security_opt") == ["no-new-privileges:true"]
    assert service.entries("tmpfs") == ["/tmp"]
    assert {host for host, _, _ in service.ports} == {"127.0.0.1"}
    assert [mount.writable for mount in service.mounts] == [mount.is_volume for mount in service.mounts]


def test_every_volume_is_declared_and_used_once() -> None:
    """Nothing that is kept ends in a volume without a name."""
    declared = yaml.safe_load((PROJECT / "compose.yaml").read_text())["volumes"]
    used = [mount.source for service in SERVICES.values() for mount in service.mounts if mount.is_volume]
    assert sorted(used) == sorted(declared)


@pytest.mark.parametrize("source", sorted({m.source for s in SERVICES.values() for m in s.mounts if not m.is_volume}))
def test_what_is_mounted_is_committed(source: str) -> None:
    """An engine makes an empty folder of a source that does not exist, and says nothing."""
    listed = subprocess.run(["git", "ls-files", source], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert listed.stdout


def test_a_service_names_only_paths_that_are_mounted(mounted: tuple[str, Root]) -> None:
    """Configs are where the flags say, and what is kept goes to the volume."""
    name, root = mounted
    for flag, value in (word.split("=", 1) for word in SERVICES[name].entries("command")):
        assert not value.startswith("/") or root.path(value).exists(), flag


def test_prometheus_takes_its_config_and_finds_rules(tmp_path: Path) -> None:
    """Rule files are looked for beside the config, where compose.yaml puts them."""
    root = Root(tmp_path)
    root.mount(SERVICES["prometheus"])
    path = root.path("/etc/prometheus/prometheus.yml")
    checked = subprocess.run([require("promtool"), "check", "config", path], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    patterns = yaml.safe_load(path.read_text())["rule_files"]
    assert {found.name for pattern in patterns for found in path.parent.glob(pattern)} == {
        found.name for found in (PROJECT / "grafana" / "rules").glob("*.yml")
    }
    assert re.search(r"SUCCESS: \d+ rules? found", checked.stdout)


def test_prometheus_reaches_the_exporter_and_alertmanager() -> None:
    """By the names and ports of compose.yaml; the job is called as the alerts expect."""
    config = yaml.safe_load((PROJECT / "deploy" / "prometheus.yml").read_text())
    (job,) = config["scrape_configs"]
    (manager,) = config["alerting"]["alertmanagers"]
    assert job["job_name"] == "dnsbl"
    assert _addresses(job) == {_inside("exporter")}
    assert _addresses(manager) == {_inside("alertmanager")}


def test_alertmanager_takes_its_config_and_finds_templates(tmp_path: Path) -> None:
    """Templates are looked for beside the config, where compose.yaml puts them."""
    root = Root(tmp_path)
    root.mount(SERVICES["alertmanager"])
    path = root.path("/etc/alertmanager/alertmanager.yml")
    checked = subprocess.run([require("amtool"), "check-config", path], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    patterns = yaml.safe_load(path.read_text())["templates"]
    assert patterns
    assert all(list(path.parent.glob(pattern)) for pattern in patterns)


def test_grafana_finds_its_dashboards_and_reaches_prometheus(tmp_path: Path) -> None:
    """The provider's folder is the one that is mounted, and the data source has the name and port of compose.yaml."""
    root = Root(tmp_path)
    root.mount(SERVICES["grafana"])
    provisioning = root.path("/etc/grafana/provisioning")
    (providers,) = (provisioning / "dashboards").glob("*.yml")
    for provider in yaml.safe_load(providers.read_text())["providers"]:
        assert {path.stem for path in root.path(provider["options"]["path"]).glob("*.json")} == {
            *("dnsbl-fleet", "dnsbl-target", "dnsbl-lists", "dnsbl-exporter")
        }
    (sources,) = (provisioning / "datasources").glob("*.yml")
    (source,) = yaml.safe_load(sources.read_text())["datasources"]
    assert source["url"] == f"http://{_inside('prometheus')}"


def test_each_alert_is_evaluated_once() -> None:
    """Prometheus has the rules, so Grafana does not get the same ones."""
    assert "./grafana/rules" in {mount.source for mount in SERVICES["prometheus"].mounts}
    assert not [mount for mount in SERVICES["grafana"].mounts if "alerting" in mount.source]


def test_links_in_alerts_lead_to_the_grafana_that_is_published() -> None:
    """Its address is set beside the rules."""
    (group,) = yaml.safe_load((PROJECT / "grafana" / "rules" / "dnsbl-links.yml").read_text())["groups"]
    (rule,) = group["rules"]
    ((_, port, _),) = SERVICES["grafana"].ports
    assert rule["labels"]["grafana"] == f"http://localhost:{port}"
    assert SERVICES["grafana"].fields["environment"]["GF_SERVER_ROOT_URL"] == f"http://localhost:{port}"  # type: ignore[index]


# ---- Without containers


def test_the_readme_wires_each_file_that_compose_mounts() -> None:
    """Who has no containers is told where each of them goes."""
    section = re.search(r"^## Without containers\n(.*?)^## ", (PROJECT / "README.md").read_text(), re.DOTALL | re.MULTILINE)
    assert section is not None
    mounted = {mount.source for service in SERVICES.values() for mount in service.mounts if not mount.is_volume}
    assert not [source for source in mounted - {"./deploy/exporter"} if source.removeprefix("./") not in section[1]]


def test_the_systemd_unit_starts_what_the_container_starts() -> None:
    """The same command with the same paths, and a folder that systemd makes for the history."""
    command = " ".join(["/opt/dnsbl-exporter/bin/dnsbl-exporter", *the("CMD").listed])
    assert f"\nExecStart={command}\n" in UNIT
    assert f"\nStateDirectory={Path(the('VOLUME').words[0]).name}\n" in UNIT


def test_the_systemd_unit_is_one(built: Root, tmp_path: Path) -> None:
    """systemd takes every line of it."""
    unit = tmp_path / "dnsbl-exporter.service"
    unit.write_text(UNIT.replace("/opt/", str(built.path("/opt")) + "/"))
    done = subprocess.run([require("systemd-analyze"), "verify", unit], capture_output=True, text=True, check=False)
    assert unit.name not in done.stderr, done.stderr
    assert done.returncode == 0, done.stderr


def _entry(built: Root) -> list[str]:
    """The entry point, as the PATH of the Dockerfile finds it."""
    (name,) = the("ENTRYPOINT").listed
    path = built.environment()["PATH"].split(":")[0]
    return [str(Path(path) / name)]


def _inside(service: str) -> str:
    """How other containers reach it."""
    ((_, _, port),) = SERVICES[service].ports
    return f"{service}:{port}"


def _addresses(entry: dict[str, list[dict[str, list[str]]]]) -> set[str]:
    return {address for group in entry["static_configs"] for address in group["targets"]}
