"""The example that serves a model: trained, deployed and asked on the deployed stacks, twice."""

import pytest

from tests.e2e.test_clients import run_example

pytestmark = pytest.mark.e2e
DAYS = ("--first", "2013-01-06", "--last", "2013-01-07")


def test_a_model_is_trained_served_by_keys_and_ramped_up_and_a_second_run_goes_on(platform):
    for name, *arguments in (
        ("examples.flights", *DAYS),
        ("examples.training_set", *DAYS, "--engine", "duckdb"),
    ):
        done = run_example(platform, name, *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
    for _ in range(2):
        served = run_example(platform, "examples.serve_model")
        assert served.returncode == 0, served.stdout + served.stderr
        for variant in ("boosted", "logistic"):
            [line] = [each for each in served.stdout.splitlines() if f"  {variant}: 0." in each]
            assert line.endswith(": equal")
        assert "{'tail_number': 'N13566', 'carrier': 'EV'" in served.stdout
        assert "aircraft_seats" in served.stdout
        assert " moved to logistic, 0 moved back" in served.stdout
    endpoint = platform.client("sagemaker").describe_endpoint(EndpointName="late-flights")
    weights = {
        each["VariantName"]: each["CurrentWeight"] for each in endpoint["ProductionVariants"]
    }
    assert weights == {"boosted": 80.0, "logistic": 80.0}


def test_a_chat_answers_by_the_intent_of_a_text_and_the_customers_order(platform):
    done = run_example(platform, "examples.order_chat", "is it on its way?", "cancel it please")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "shop: Your blue kettle is with the carrier and arrives on Friday." in done.stdout
    assert "shop: Your blue kettle is with the carrier; shall I cancel it" in done.stdout


def test_a_payment_is_asked_for_by_identifiers_and_by_another_amount(platform):
    for _ in range(2):
        done = run_example(platform, "examples.card_fraud")
        assert done.returncode == 0, done.stdout + done.stderr
        scores = [float(line.split()[1]) for line in done.stdout.splitlines() if "fraud  " in line]
        assert len(scores) == 2
        assert scores[1] > 3 * scores[0]
        assert done.stdout.count("OVERRIDDEN") == 1
