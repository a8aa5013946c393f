"""Rows as people have them, each kind once, through the deployed platform.

``python -m tests.e2e.file_cases CASE FOLDER`` ends silently where the case is right. A process of
its own, since Arrow reads its certificates when it is loaded.
"""

import gzip
import sys
import uuid
from pathlib import Path

import boto3
import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

import larder

AT = "2024-01-01T00:00:00Z"
PLAIN = {"id": "String", "ts": "String", "v": "Fractional", "region": "String"}


def new_group(platform, features):
    """A group of its own; the identifier is ``id``, the event time ``ts``."""
    name = f"case-{uuid.uuid4().hex[:8]}"
    platform.groups.create(name, features, record_identifier="id", event_time="ts")
    return name


def hive(folder):
    """A file in a folder that names a column."""
    part = folder / "region=E%2FU"
    part.mkdir(parents=True)
    pq.write_table(pa.table({"id": ["a"], "ts": [AT], "v": [1.0]}), part / "part-0.parquet")
    return folder


def folders(platform, folder):
    name = new_group(platform, PLAIN)
    done = platform.ingestion.ingest(name, hive(folder), to="both")
    assert (done.written, done.stored, done.rejected) == (1, 1, 0), done
    assert platform.records.get(name, "a")["region"] == "E/U"


def folders_of_labels_on_s3(platform, folder):
    name, s3 = new_group(platform, PLAIN), boto3.client("s3")
    platform.ingestion.ingest(name, {"id": ["00701"], "ts": [AT], "v": [1.5]})
    bucket = platform.location.variables["LARDER_OFFLINE_BUCKET"]
    prefix = f"cases/{name}"
    labels = gzip.compress(b"asked;n\n2024-02-01T00:00:00Z;1\n2024-02-02T00:00:00Z;2\n")
    s3.put_object(Bucket=bucket, Key=f"{prefix}/id=00701/a.CSV.gz", Body=labels)
    s3.put_object(
        Bucket=bucket, Key=f"{prefix}/id=__HIVE_DEFAULT_PARTITION__/a.csv.gz", Body=labels
    )
    made = platform.training_sets.create(
        name, f"s3://{bucket}/{prefix}", event_time="asked", features={name: ["v"]}
    )
    found = made.to_arrow().to_pydict()
    assert found["id"] == ["00701", "00701", None, None], found
    assert (found["n"], found["v"]) == ([1, 2, 1, 2], [1.5, 1.5, None, None]), found


def wide(platform, _folder):
    names = [f"f{n}" for n in range(2498)]
    features = {"id": "String", "ts": "String", **dict.fromkeys(names, "Fractional")}
    name = new_group(platform, features)
    row = {"id": ["a"], "ts": [AT], **{each: [float(n)] for n, each in enumerate(names)}}
    done = platform.ingestion.ingest(name, row, to="both")
    assert (done.written, done.stored) == (1, 1), done
    assert platform.records.get(name, "a")["f2497"] == 2497.0
    assert platform.materialization.materialize(name).stored == 1


def local_times(platform, folder):
    name, path = new_group(platform, PLAIN), folder / "rows.csv"
    path.write_text("id,ts,v\na,2024-01-01 00:00:00,1\nb,2024-07-01T12:30:00,2\n")
    refused = platform.ingestion.ingest(name, path, rejects=folder / "r.jsonl")
    assert refused.rejected == 2, refused
    line = orjson.loads((folder / "r.jsonl").read_bytes().splitlines()[1])
    assert (line["file"], line["row"], line["column"]) == (str(path), 1, "ts"), line
    assert "--time-zone" in line["reason"], line
    zone = "America/Sao_Paulo"
    assert platform.ingestion.ingest(name, path, to="both", time_zone=zone).rejected == 0
    assert platform.records.get(name, "b")["ts"] == "2024-07-01T15:30:00Z"


def frame_headers(platform, _folder):
    name = new_group(platform, PLAIN)
    rows = pd.DataFrame({"Unnamed: 0": [0], "id": ["a"], "ts": [AT], "v [m]": [0.5]})
    done = platform.ingestion.ingest(name, rows, columns={"Unnamed: 0": "", "v [m]": "v"})
    assert done.written == 1, done


def several_types(platform, folder):
    name = new_group(platform, PLAIN)
    for row, values in (("a", pa.array([1], pa.int64())), ("b", pa.array([2.5]))):
        table = pa.table({"id": [row], "ts": [AT], "v": values})
        pq.write_table(table, folder / f"{row}.parquet")
    (folder / "c.csv").write_text("")
    assert platform.ingestion.ingest(name, folder).written == 2


def huge_integer(platform, folder):
    name = new_group(platform, {"id": "String", "ts": "String", "n": "Integral"})
    rows = pd.DataFrame({"id": ["a", "b"], "ts": [AT] * 2, "n": [1, 10**25]})
    done = platform.ingestion.ingest(name, rows, rejects=folder)
    assert (done.written, done.rejected) == (1, 1), done
    line = orjson.loads(Path(done.rejects).read_bytes())
    assert (line["row"], line["column"], line["value"]) == (1, "n", str(10**25)), line


def text_files(platform, folder):
    name = new_group(platform, PLAIN)
    texts = {
        "semicolons.csv": f"id;ts;v\na;{AT};1,5\nb;{AT};1.5\n".encode(),
        "UPPER.CSV": f"id,ts,v\nc,{AT},1\n".encode(),
        "tabs.tsv": f"id\tts\tv\nd\t{AT}\t1\n".encode("utf-8-sig"),
        "packed.csv.gz": gzip.compress(f"id|ts|v\ne|{AT}|1\n".encode("utf-16")),
        "lines.jsonl": b'{"id": "f", "ts": "%s", "v": 1}\n' % AT.encode(),
    }
    for file, data in texts.items():
        (folder / file).write_bytes(data)
    done = platform.ingestion.ingest(name, folder, rejects=folder / "r.csv", to="both")
    assert (done.rows, done.written, done.rejected) == (6, 5, 1), done
    assert "decimal point" in (folder / "r.csv").read_text()


CASES = {
    case.__name__: case
    for case in (
        folders, folders_of_labels_on_s3, wide, local_times, frame_headers, several_types,
        huge_integer, text_files,
    )
}  # fmt: skip

if __name__ == "__main__":
    with larder.connect("dev") as opened:
        CASES[sys.argv[1]](opened, Path(sys.argv[2]))
