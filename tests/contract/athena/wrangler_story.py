"""What a user of awswrangler does, run in an environment that has it: what each call gave, as JSON.

``python wrangler_story.py``; the environment names the endpoints.
"""

import json

import awswrangler as wr
import pandas as pd

SQL = "SELECT customerid, amount, items, event_time, is_deleted FROM events ORDER BY items"
NESTED = "SELECT ARRAY[1, 2] AS numbers, CAST(1.25 AS decimal(10, 2)) AS price, CAST(ROW(7, 'x') AS ROW(n integer, s varchar)) AS pair"


def main():
    asked = {"database": "shop", "workgroup": "open"}
    query = wr.athena.read_sql_query
    told = {
        "plain": frame(query(SQL, ctas_approach=False, **asked)),
        "ctas": frame(query(SQL, ctas_approach=True, **asked)),
        "unload": frame(
            query(
                SQL,
                ctas_approach=False,
                unload_approach=True,
                s3_output="s3://results/wrangler/unload/",
                **asked,
            )
        ),
        "chunks": sum(len(each) for each in query(SQL, ctas_approach=True, chunksize=1, **asked)),
        "parameters": frame(
            query(
                "SELECT items FROM events WHERE customerid = :who ORDER BY 1",
                params={"who": "c1"},
                ctas_approach=False,
                **asked,
            )
        ),
        "nested": frame(query(NESTED, ctas_approach=True, **asked)),
        "nothing": frame(
            query("SELECT items FROM events WHERE false", ctas_approach=False, **asked)
        ),
    }
    written = pd.DataFrame({"article": ["a", "b"], "amount": [1, 2]})
    wr.s3.to_parquet(
        written, path="s3://lake/wrangled/", dataset=True, database="shop", table="wrangled"
    )
    told["written"] = frame(query("SELECT * FROM wrangled ORDER BY 1", **asked))
    told["tables"] = sorted(t["Name"] for t in wr.catalog.get_tables(database="shop"))
    try:
        query("SELECT nope FROM events", ctas_approach=False, **asked)
    except wr.exceptions.QueryFailed as error:
        told["failed"] = str(error)
    print(json.dumps(told))


def frame(found):
    """A frame's rows in JSON's terms, and the types of its columns."""
    rows = json.loads(found.to_json(orient="values", date_format="iso", date_unit="us"))
    return {"rows": rows, "types": [str(kind) for kind in found.dtypes]}


if __name__ == "__main__":
    main()
