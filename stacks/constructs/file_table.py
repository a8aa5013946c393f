"""A table of the Glue catalog over files of events."""

from aws_cdk import Stack
from aws_cdk import aws_glue as glue
from constructs import Construct

from larder.pipelines.source_files import FileTable


def file_table(scope: Construct, table: FileTable, *, database: str) -> glue.CfnTable:
    """The table in ``database``; files stay where they are when it goes."""
    return glue.CfnTable(
        scope,
        table.name,
        catalog_id=Stack.of(scope).account,
        database_name=database,
        table_input=glue.CfnTable.TableInputProperty(
            name=table.name,
            table_type="EXTERNAL_TABLE",
            parameters=dict(table.parameters),
            storage_descriptor=glue.CfnTable.StorageDescriptorProperty(
                columns=[
                    glue.CfnTable.ColumnProperty(name=name, type=kind)
                    for name, kind in table.columns
                ],
                location=table.location,
                input_format=table.input_format,
                output_format=table.output_format,
                serde_info=glue.CfnTable.SerdeInfoProperty(
                    serialization_library=table.serde, parameters=dict(table.serde_parameters)
                ),
            ),
        ),
    )
