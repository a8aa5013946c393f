"""Amazon Athena on one machine: its protocol and its SQL, over the emulator's S3 and Glue.

``python -m local.athena --port 4570`` answers Athena's JSON protocol. Statements in Athena's
dialect run on DuckDB over the Glue catalog's Iceberg and Hive tables; operations that run no
statement (workgroups, named queries) are passed on to the emulator. It belongs to the local
platform and is no part of the product.
"""
