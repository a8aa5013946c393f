"""The workshop's customers, products and orders: a few rows of the same shape."""

import io

import pandas

AGES = ("18-29", "30-39", "40-49", "50-59", "60-69", "70-plus")
CATEGORIES = ("baby_food_formula", "baking_ingredients", "candy_chocolate")
CUSTOMERS, PRODUCTS, ORDERS = 12, 6, 30


def customers(at):
    """Twelve customers, C1 to C12, as of one event time."""
    rows = [
        {
            "customer_id": f"C{n}",
            "sex": n % 2,
            "is_married": n % 3 % 2,
            "event_time": at,
            **{f"age_{age}": int(n % len(AGES) == i) for i, age in enumerate(AGES)},
            "n_days_active": n / 16,
        }
        for n in range(1, CUSTOMERS + 1)
    ]
    return _typed(rows, "customer_id")


def products(at):
    """Six products, P1 to P6."""
    rows = [
        {
            "product_id": f"P{n}",
            "event_time": at,
            **{f"category_{c}": int(n % len(CATEGORIES) == i) for i, c in enumerate(CATEGORIES)},
        }
        for n in range(1, PRODUCTS + 1)
    ]
    return _typed(rows, "product_id")


def orders(at):
    """Thirty orders, O1 to O30, each of a customer and a product that are there."""
    rows = [
        {
            "order_id": f"O{n}",
            "customer_id": f"C{n % CUSTOMERS + 1}",
            "product_id": f"P{n % PRODUCTS + 1}",
            "purchase_amount": n / 32,
            "is_reordered": n % 2,
            "event_time": at,
            "n_days_since_last_purchase": n / 64,
        }
        for n in range(1, ORDERS + 1)
    ]
    return _typed(rows, "order_id", "customer_id", "product_id")


def _typed(rows, *identifiers):
    """Through a CSV file and ``convert_dtypes``, as the notebooks come to their types."""
    text = pandas.DataFrame(rows).to_csv(index=False)
    frame = pandas.read_csv(io.StringIO(text))
    frame = frame.convert_dtypes(infer_objects=True, convert_boolean=False)
    return frame.astype(dict.fromkeys((*identifiers, "event_time"), "string"))
