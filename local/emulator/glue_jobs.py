"""Glue jobs of Spark: a job's own script runs, or its run fails. ministack says that it succeeded.

The script runs on this machine's Spark (``make spark-tools``) with the job's arguments and the
rights of its role. Spark itself is given the job's ``--conf``, in which alone the names of
Iceberg's classes differ: those that PyPI has carry a prefix.

PyPI has no file system of Spark's for S3. So what Spark writes to ``s3://`` lands in a folder of
this machine. When the script ends well, the folders that the job's arguments name are put on S3 as
Spark left them. Tables are read by Iceberg's own client of S3; other files than those below the
named folders are not there for Spark.
"""

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from ministack.core.lambda_runtime import execution_credentials
from ministack.core.responses import get_account_id, get_region
from ministack.services import glue

Document = dict[str, Any]
_SPARK = ("glueetl", "gluestreaming")
_PREFIX = "smfs.shaded."
_ICEBERG = "org.apache.iceberg."
_CATALOG = "spark.sql.catalog."
_VIEW = "org.apache.hadoop.fs.viewfs.ViewFileSystemOverloadScheme"
_POLL_SECONDS = 0.25
_ENOUGH = 2000
"""Characters of a log that an error message ends with."""


@dataclass(frozen=True, slots=True)
class Tools:
    """The interpreter that has Spark, installed now or later, and the folder of jobs' logs."""

    python: Path
    logs: Path

    @classmethod
    def from_environment(cls) -> "Tools":
        """As the launcher says; its variables are taken out of the environment."""
        return cls(
            Path(os.environ.pop("LARDER_SPARK_PYTHON", "none/bin/python")),
            Path(os.environ.pop("LARDER_JOB_LOGS", tempfile.gettempdir())),
        )

    @property
    def is_there(self) -> bool:
        """Whether the installation was completed."""
        return (self.python.parents[1] / ".installed").exists()

    @property
    def jar(self) -> Path:
        """Iceberg with clients of Glue and S3, as a connector for Spark 3.5 carries them."""
        pattern = "lib/python*/site-packages/feature_store_pyspark/jars/*-3.5.jar"
        return next(self.python.parents[1].glob(pattern))


def install(tools: Tools) -> None:
    """Have scripts run."""
    execute, resolve = glue._execute_subprocess, glue._resolve_script

    def run(run: Document, job: Document, args: dict[str, str], script: str) -> None:
        if not is_spark(job):
            execute(run, job, args, script)
            return
        try:
            _Run(tools, run, job, args).execute(Path(script))
        except Exception as error:  # the thread's end would leave the run RUNNING for ever
            _end(run, "FAILED", f"{type(error).__name__}: {error}")

    def found(location: str) -> str:
        """The script as a file; one that is missing fails where it is run."""
        path: str | None = resolve(location)
        return path if path and path.endswith(".py") else f"{location}.py"

    glue._is_spark_job = lambda _job: False  # the branch that runs nothing
    glue._execute_subprocess, glue._resolve_script = run, found


def is_spark(job: Document) -> bool:
    """Whether a job is one of Spark."""
    return (job.get("Command") or {}).get("Name") in _SPARK


def spark_conf(given: str, endpoint: str, region: str) -> dict[str, str]:
    """A job's ``--conf``, ``a=b --conf c=d``, as Spark's settings on this machine."""
    pairs = (each.split("=", 1) for each in given.split(" --conf ") if "=" in each)
    conf = {name.strip(): _named_here(value.strip()) for name, value in pairs}
    for name in [each for each in conf if _is_catalog(each)]:
        conf |= {
            f"{name}.s3.endpoint": endpoint,
            f"{name}.s3.path-style-access": "true",
            f"{name}.glue.endpoint": endpoint,
            f"{name}.client.region": region,
        }
    return conf


def folders_of(arguments: Mapping[str, str]) -> list[str]:
    """The folders on S3 that a job's arguments name; several are parted by commas."""
    named = (text for value in arguments.values() for text in value.split(","))
    return [text for text in named if text.startswith("s3://") and text.endswith("/")]


def _is_catalog(name: str) -> bool:
    return name.startswith(_CATALOG) and "." not in name.removeprefix(_CATALOG)


def _named_here(value: str) -> str:
    return f"{_PREFIX}{value}" if value.startswith(_ICEBERG) else value


class _Run:
    """One run of a job."""

    def __init__(self, tools: Tools, run: Document, job: Document, args: dict[str, str]) -> None:
        self._tools, self._run, self._job = tools, run, job
        self._given = {str(name): str(value) for name, value in args.items()}
        self._log = tools.logs / f"glue-{run['Id']}.log"
        self._region = get_region()
        place = f"{self._region}:{get_account_id()}"
        self._credentials = execution_credentials(  # a function's, whose form it wants
            {
                "FunctionArn": f"arn:aws:lambda:{place}:function:{job['Name']}",
                "FunctionName": "GlueJobRunnerSession",
                "Role": job["Role"],
            }
        )

    def execute(self, script: Path) -> None:
        """Run the script to its end, and note how that was."""
        if not self._tools.is_there:
            _end(self._run, "FAILED", "Spark is not installed on this machine: make spark-tools")
        elif not script.exists():
            location = self._job["Command"].get("ScriptLocation")
            _end(self._run, "FAILED", f"there is no Python script at {location}")
        else:
            with tempfile.TemporaryDirectory(prefix="glue-") as scratch:
                self._execute_in(Path(scratch), script)

    def _execute_in(self, scratch: Path, script: Path) -> None:
        folders = [_Folder(self._s3(), each, scratch) for each in folders_of(self._given)]
        for folder in folders:
            folder.fetch()
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("wb") as log:
            process = subprocess.Popen(
                [str(self._tools.python), str(script), *self._arguments()],
                cwd=scratch,
                env=self._environment(scratch, folders),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            self._wait(process)
        if self._run["JobRunState"] != "RUNNING":
            return
        if process.returncode:
            _end(self._run, "FAILED", f"{_tail(self._log)}\nThe whole log: {self._log}")
            return
        for folder in folders:
            folder.store()
        _end(self._run, "SUCCEEDED", "")

    def _wait(self, process: "subprocess.Popen[bytes]") -> None:
        """Wait for the end, for a stop, or for the job's time to be over."""
        until = time.monotonic() + 60 * int(self._job.get("Timeout") or 2880)
        while process.poll() is None:
            if time.monotonic() > until:
                _end(self._run, "TIMEOUT", "Job execution timed out")
            if self._run["JobRunState"] != "RUNNING":
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                return
            time.sleep(_POLL_SECONDS)

    def _arguments(self) -> Iterator[str]:
        """Glue gives a script all arguments, and two of its own."""
        own = {"--JOB_NAME": self._run["JobName"], "--JOB_RUN_ID": self._run["Id"]}
        for name, value in (own | self._given).items():
            yield from (name, value)

    def _environment(self, scratch: Path, folders: "list[_Folder]") -> dict[str, str]:
        conf = {
            **spark_conf(self._given.get("--conf", ""), _endpoint(), self._region),
            "spark.master": "local[2]",
            "spark.ui.enabled": "false",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.host": "127.0.0.1",
            "spark.local.dir": str(scratch / "spark"),
            "spark.jars": str(self._tools.jar),
            "spark.sql.shuffle.partitions": "4",  # of one machine, not of a cluster
            "spark.hadoop.fs.s3.impl": _VIEW,
        }
        for each in folders:
            mount = f"spark.hadoop.fs.viewfs.mounttable.{each.bucket}.linkFallback"
            conf[mount] = f"file://{scratch / each.bucket}"
        options = [part for name, value in conf.items() for part in ("--conf", f"{name}={value}")]
        return {
            **os.environ,
            **self._credentials,
            "AWS_REGION": self._region,
            "PYSPARK_PYTHON": str(self._tools.python),
            "PYSPARK_SUBMIT_ARGS": " ".join([*options, "pyspark-shell"]),
            **_trust(scratch),
        }

    def _s3(self) -> Any:
        found = self._credentials
        return boto3.client(
            "s3",
            endpoint_url=_endpoint(),
            region_name=self._region,
            aws_access_key_id=found["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=found["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=found["AWS_SESSION_TOKEN"] or None,
        )


class _Folder:
    """A folder of S3, and its copy on this machine for as long as a job runs."""

    def __init__(self, s3: Any, address: str, scratch: Path) -> None:
        self._s3 = s3
        self.bucket, _, self._prefix = address.removeprefix("s3://").partition("/")
        self._root = scratch / self.bucket

    def fetch(self) -> None:
        """Have here what is on S3."""
        self._root.mkdir(parents=True, exist_ok=True)
        for key in self._keys():
            path = self._root / key
            path.parent.mkdir(parents=True, exist_ok=True)
            self._s3.download_file(self.bucket, key, str(path))

    def store(self) -> None:
        """Have on S3 what is here, and nothing else; checksums of local files are left out."""
        files = (self._root / self._prefix).rglob("*")
        kept = [each for each in files if each.is_file() and each.suffix != ".crc"]
        for path in kept:
            self._s3.upload_file(str(path), self.bucket, str(path.relative_to(self._root)))
        for key in set(self._keys()) - {str(each.relative_to(self._root)) for each in kept}:
            self._s3.delete_object(Bucket=self.bucket, Key=key)

    def _keys(self) -> list[str]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=self._prefix
        )
        return [each["Key"] for page in pages for each in page.get("Contents", [])]


def _end(run: Document, state: str, message: str) -> None:
    """The state in which a run ends; one that was stopped stays so."""
    if run["JobRunState"] == "RUNNING":
        run.update(ErrorMessage=message, JobRunState=state)


def _endpoint() -> str:
    return os.environ["AWS_ENDPOINT_URL"]


def _trust(scratch: Path) -> dict[str, str]:
    """Where the platform speaks TLS, Java has to know its certificate."""
    certificate = os.environ.get("MINISTACK_SSL_CERT")
    if certificate is None:
        return {}
    store, word = scratch / "trust.p12", "larder-local"
    options = ["-noprompt", "-alias", "larder", "-storepass", word, "-keystore", str(store)]
    command = ["keytool", "-importcert", *options, "-file", certificate]
    subprocess.run(command, check=True, capture_output=True)
    java = {"trustStore": str(store), "trustStorePassword": word}
    return {"JAVA_TOOL_OPTIONS": " ".join(f"-Djavax.net.ssl.{k}={v}" for k, v in java.items())}


def _tail(log: Path) -> str:
    return log.read_text(errors="replace")[-_ENOUGH:]
