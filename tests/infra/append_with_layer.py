"""Run by a bare interpreter: appends to an Iceberg table with what the layer holds."""

import os
import sys

sys.path += sys.argv[1:]

import boto3
import pyarrow as pa
from pyiceberg.catalog.glue import GlueCatalog

boto3.client("s3").create_bucket(Bucket="layer")
boto3.client("glue").create_database(DatabaseInput={"Name": "layer"})
catalog = GlueCatalog(
    "layer",
    client=boto3.client("glue"),
    **{"s3.endpoint": os.environ["AWS_ENDPOINT_URL"], "s3.region": os.environ["AWS_REGION"]},
)
rows = pa.table({"identifier": ["a", "b"], "value": [1.5, 2.5]})
table = catalog.create_table("layer.rows", schema=rows.schema, location="s3://layer/rows")
table.append(rows)
print(catalog.load_table("layer.rows").scan().to_arrow().num_rows, "rows")
