"""`make prove-image`: build both Dockerfiles and start Airflow in what came of them.

Without a Docker engine and without the real base images: buildah builds in a chroot, on a Debian
made by debootstrap in their place.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from deploy.proof.machine import check, mirror, run, take_over_package_indexes
from sandbox.airflow_home import REPOSITORY

BASE = "localhost/debian"
HOST = "localhost/tweet-lake"
PACKAGES = "ca-certificates,caddy,python3,python3-pip,python3-venv"
FOLDERS = {
    "/opt/airflow/logs": "50000:0 770",
    "/run/postgresql": "999:999 3777",
    "/var/lib/caddy": "50000:0 770",
}
"""Owner and mode that a volume takes over, whichever container is first."""
DAGS = sorted((REPOSITORY / "dags").glob("*.py"))
UNWANTED = (".git", ".env", ".local", ".venv")


def main() -> None:
    """Build and look; exit with what failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--suite", default="bookworm", help="Debian's release; its Python is used")
    parser.add_argument("--directory", type=Path, default=Path("/var/tmp"), help="8 GB are needed")  # noqa: S108 - a folder of its own is made there
    arguments = parser.parse_args()
    check({"debootstrap": "debootstrap", "buildah": "buildah"})
    began = time.monotonic()
    with tempfile.TemporaryDirectory(dir=arguments.directory, prefix="prove-image-") as folder:
        builder = Builder(Path(folder))
        try:
            print(f"a Debian {arguments.suite} in place of the base images", flush=True)
            builder.stand_in(arguments.suite)
            prove_host(builder)
            prove_astro(builder)
        finally:
            builder.clear()
    print(f"Proven in {time.monotonic() - began:.0f} s.")


def prove_host(builder: Builder) -> None:
    """The image of deploy/host: not root, nothing in it that is not wanted, Airflow starts."""
    print("deploy/host/Dockerfile", flush=True)
    dockerfile = REPOSITORY / "deploy" / "host" / "Dockerfile"
    bases = re.findall(r"^FROM (\S+:\S+)", dockerfile.read_text(encoding="utf-8"), re.MULTILINE)
    instead = [f"--build-context={base}=container-image://{BASE}" for base in bases]
    builder.build(HOST, REPOSITORY, f"--file={dockerfile}", *instead)
    with_secrets = {
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "sqlite:////tmp/airflow.db",
        "AIRFLOW__CORE__FERNET_KEY": "",
        "AIRFLOW__API__SECRET_KEY": "proof",
        "AIRFLOW__API_AUTH__JWT_SECRET": "proof-" * 12,
        "AIRFLOW__SECRETS__BACKEND": "",
        "AIRFLOW__LOGGING__REMOTE_LOGGING": "False",
        "TWEET_LAKE_API_SERVER": "http://127.0.0.1:8080",
        "TWEET_LAKE_BUCKET": "proof",
        "TWEET_LAKE_DOMAIN": "localhost",
        "TWEET_LAKE_SECRETS_FOLDER": "/tmp",  # noqa: S108 - of the image
        "TWEET_LAKE_SECRETS_PREFIX": "tweet-lake",
    }
    look_at(builder, HOST, "/opt/airflow/tweet-lake", with_secrets, FOLDERS)


def prove_astro(builder: Builder) -> None:
    """The image of the root's Dockerfile, on what Astro's documentation says of its base."""
    print("Dockerfile (Astro)", flush=True)
    dockerfile = (REPOSITORY / "Dockerfile").read_text(encoding="utf-8")
    (base,) = re.findall(r"^FROM (\S+)$", dockerfile, re.MULTILINE)
    uv = REPOSITORY / ".local" / "uv" / "bin" / "uv"
    command = [str(uv), "export", "--quiet", "--locked", "--no-hashes", "--no-header"]
    context = builder.folder / "astro"
    context.mkdir()
    locked = run([*command, "--project", str(REPOSITORY), "--only-group", "astro-runtime"])
    (context / "runtime.txt").write_text(locked, encoding="utf-8")
    stand_in = Path(__file__).with_name("astro_base.Dockerfile")
    builder.build(base, context, f"--file={stand_in}", f"--build-arg=BASE_IMAGE={BASE}")
    image = "localhost/astro"
    builder.build(image, REPOSITORY)
    home = "/usr/local/airflow"
    folders = {
        "AIRFLOW_HOME": "/tmp/airflow",  # noqa: S108 - of the image
        "AIRFLOW__CORE__DAGS_FOLDER": f"{home}/dags",
        "AIRFLOW__CORE__PLUGINS_FOLDER": f"{home}/plugins",
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    }
    look_at(builder, image, home, folders)


def look_at(
    builder: Builder,
    image: str,
    code: str,
    environment: dict[str, str],
    folders: dict[str, str] | None = None,
) -> None:
    """Run what a container of the image would, its file system read-only but for /tmp."""
    container = Container(builder, image, code, environment)
    try:
        user = container.run("id -u").strip()
        if user == "0":
            sys.exit(f"{image} runs as root.")
        found = [name for name in UNWANTED if (container.root / code[1:] / name).exists()]
        if found:
            sys.exit(f"{image} holds {', '.join(found)}.")
        for folder, wanted in (folders or {}).items():
            is_so = container.run(f"stat --format='%u:%g %a' {folder}").strip()
            if is_so != wanted:
                sys.exit(f"{folder} is {is_so} and has to be {wanted}.")
        show(f"runs as user {user}; {folder_size(container.root)} MB")
        show(f"airflow version: {container.run('airflow version').split()[-1]}")
        container.run("airflow db migrate")
        errors = container.run("airflow dags list-import-errors --local --output plain").strip()
        if errors and "No data found" not in errors:
            sys.exit(f"DAG files can't be imported:\n{errors}")
        listed = container.run("airflow dags list --local --columns dag_id --output plain").split()
        missing = {dag.stem for dag in DAGS} - set(listed)
        if missing:
            sys.exit(f"These DAGs are not listed: {', '.join(sorted(missing))}")
        show(f"{len(DAGS)} DAGs, no import error, root file system read-only")
    finally:
        container.remove()


class Builder:
    """buildah with a storage of its own in ``folder``, so that nothing is left behind."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        storage = [f"--root={folder / 'storage'}", f"--runroot={folder / 'run'}"]
        self.buildah = ["buildah", *storage, "--storage-driver=overlay"]

    def stand_in(self, suite: str) -> None:
        """Make the image that all others are built on: Debian, Python, Caddy, a user `airflow`."""
        root = self.folder / "debian"
        run(
            [
                "debootstrap",
                "--variant=minbase",
                f"--include={PACKAGES}",
                suite,
                str(root),
                mirror(),
            ]
        )
        take_over_package_indexes(root)
        run(
            [
                "chroot",
                str(root),
                "useradd",
                "--uid",
                "50000",
                "--gid",
                "0",
                "--create-home",
                "airflow",
            ]
        )
        container = run([*self.buildah, "from", "scratch"]).strip()
        run([*self.buildah, "add", "--quiet", container, str(root), "/"])
        shutil.rmtree(root)
        taken = [
            f"--env={name}={os.environ[name]}" for name in ("SSL_CERT_FILE",) if name in os.environ
        ]
        run([*self.buildah, "config", "--user=airflow", *taken, container])
        run([*self.buildah, "commit", "--quiet", "--rm", "--format=docker", container, BASE])

    def build(self, image: str, context: Path, *arguments: str) -> None:
        """Build a Dockerfile, by nothing but what is here already."""
        how = ["--isolation=chroot", "--ulimit=nofile=1024:1024", "--pull-never", "--format=docker"]
        began = time.monotonic()
        run([*self.buildah, "bud", *how, f"--tag={image}", *arguments, str(context)])
        show(f"built in {time.monotonic() - began:.0f} s")

    def clear(self) -> None:
        """Unmount and delete everything."""
        for what in ("rm", "rmi"):
            command = [*self.buildah, what, "--all", *(["--force"] if what == "rmi" else [])]
            subprocess.run(command, check=False, capture_output=True)
        subprocess.run(
            ["umount", str(self.folder / "storage" / "overlay")], check=False, capture_output=True
        )


class Container:
    """An image's files, entered by its user, read-only but for /tmp."""

    def __init__(
        self, builder: Builder, image: str, code: str, environment: dict[str, str]
    ) -> None:
        self._buildah = builder.buildah
        self._name = run([*self._buildah, "from", "--pull-never", image]).strip()
        self.root = Path(run([*self._buildah, "mount", self._name]).strip())
        self._code = code
        self._scratch = builder.folder / "scratch"
        self._scratch.mkdir()
        self._scratch.chmod(0o1777)
        template = "{{range .OCIv1.Config.Env}}{{println .}}{{end}}"
        own = run([*self._buildah, "inspect", "--format", template, self._name]).split("\n")
        self._environment = [
            *filter(None, own),
            *(f"{k}={v}" for k, v in environment.items()),
            "AIRFLOW__LOGGING__BASE_LOG_FOLDER=/tmp/logs",
        ]
        user = run([*self._buildah, "inspect", "--format", "{{.OCIv1.Config.User}}", self._name])
        self._user = user.strip().split(":")[0]

    def run(self, command: str) -> str:
        """Run a shell's command there; exit here if it fails."""
        root = str(self.root)
        mounts = (
            f"mount --rbind {root} {root} && mount -o remount,bind,ro {root} "
            f"&& mount -t proc proc {root}/proc && mount --bind /dev {root}/dev "
            f"&& mount --bind {self._scratch} {root}/tmp"  # noqa: S108 - of the image
        )
        enter = ["chroot", f"--userspec={self._user}:0", root, "env", "-i", *self._environment]
        inside = ["sh", "-c", f"cd {self._code} && {command}"]
        script = f'{mounts} && exec "$@"'
        return run(["unshare", "--mount", "sh", "-c", script, "sh", *enter, *inside])

    def remove(self) -> None:
        """Unmount and delete it."""
        run([*self._buildah, "umount", self._name])
        run([*self._buildah, "rm", self._name])
        shutil.rmtree(self._scratch)


def folder_size(folder: Path) -> int:
    """Size of all files, in MB."""
    return int(run(["du", "--summarize", "--block-size=1M", str(folder)]).split()[0])


def show(text: str) -> None:
    """Print a line that belongs to the one above."""
    print(f"    {text}", flush=True)


if __name__ == "__main__":
    main()
