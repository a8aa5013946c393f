"""Data of the introduction notebooks: four customers, four orders, and what they ask."""

import io

import pandas

IDENTIFIERS = ["410001", "410002", "410003", "410004"]
_CUSTOMERS = """\
\ufeffcustomer_id,city_code,state_code,country_code
410001,1,11,2
410002,2,12,2
410003,3,13,2
410004,4,14,2"""
_ORDERS = """\
\ufeffcustomer_id,order_id,order_status,store_id
410001,9001,1,301
410002,9002,0,302
410003,9003,0,303
410004,9004,1,304"""
_UPDATED = """\
customer_id,city_code,state_code,country_code,email,name
410001,1,11,2,ann@example.com,Ann One
410002,2,12,2,ben@example.com,Ben Two
410003,3,13,2,cy@example.com,Cy Three
410004,4,14,2,dee@example.com,Dee Four"""


def customers(at):
    return _read(_CUSTOMERS, at)


def orders(at):
    return _read(_ORDERS, at)


def customers_updated(at):
    return _read(_UPDATED, at)


def key_search(prefix):
    """The search for identifiers, as the notebooks ask it."""
    return {
        "Resource": "FeatureMetadata",
        "SearchExpression": {
            "Filters": [
                {"Name": "FeatureGroupName", "Operator": "Contains", "Value": prefix},
                {"Name": "Parameters.idType", "Operator": "Equals", "Value": "primaryKey"},
            ]
        },
    }


def found(answer):
    """The features that a search found."""
    return [each["FeatureMetadata"]["FeatureName"] for each in answer["Results"]]


def _read(text, at):
    frame = pandas.read_csv(io.BytesIO(text.encode()))
    frame["EventTime"] = pandas.Series([at] * len(frame), dtype="float64")
    return frame
