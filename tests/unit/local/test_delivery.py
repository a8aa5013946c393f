"""The rules by which an event source mapping moves along a stream."""

from local.emulator.delivery import Delivery, Policy, first_failed_item

NOW = 1_000.0


def drive(policy: Policy, poison: set[int], *, end: int, limit: int = 500) -> dict[str, list[int]]:
    """Deliver positions 0..end to a function that fails on ``poison``; who went where."""
    delivery, clock = Delivery(position=0), NOW
    taken: list[int] = []
    given_up: list[int] = []
    calls = 0
    while delivery.position < end:
        assert calls < limit, "the mapping does not come to an end"
        piece = delivery.next_piece(end=end, now=clock, policy=policy)
        clock += 1
        if piece is None:
            continue
        calls += 1
        positions = range(*piece)
        if not poison.intersection(positions):
            taken += positions
            delivery.succeeded()
        elif delivery.failed(now=clock, oldest=NOW, policy=policy):
            given_up += positions
            delivery.succeeded()
    return {"taken": taken, "given up": given_up, "calls": [calls]}


def test_every_position_is_delivered_once_and_in_order() -> None:
    assert drive(Policy(batch_size=7), set(), end=50)["taken"] == list(range(50))


def test_bisecting_isolates_the_poison_and_loses_nobody_else() -> None:
    policy = Policy(batch_size=100, bisect=True, max_retries=2)
    seen = drive(policy, {3, 64}, end=100)
    assert seen["given up"] == [3, 64]
    assert seen["taken"] == [p for p in range(100) if p not in {3, 64}]


def test_without_bisecting_the_whole_batch_is_given_up_after_its_attempts() -> None:
    seen = drive(Policy(batch_size=10, max_retries=2), {4}, end=20)
    assert seen["given up"] == list(range(10))
    assert seen["calls"] == [4]  # three for the first batch, one for the second


def test_without_a_limit_of_attempts_age_ends_the_retries() -> None:
    seen = drive(Policy(batch_size=5, max_age_seconds=60), {0}, end=5)
    assert seen["given up"] == [0, 1, 2, 3, 4]


def test_a_batch_waits_for_its_window_unless_it_is_full() -> None:
    policy = Policy(batch_size=3, window_seconds=10)
    delivery = Delivery(position=0)
    assert delivery.next_piece(end=2, now=NOW, policy=policy) is None
    assert delivery.next_piece(end=2, now=NOW + 9.9, policy=policy) is None
    assert delivery.next_piece(end=2, now=NOW + 10, policy=policy) == (0, 2)
    full = Delivery(position=0)
    assert full.next_piece(end=4, now=NOW, policy=policy) == (0, 3)


def test_the_window_starts_with_the_first_record_and_not_with_the_last_batch() -> None:
    policy = Policy(batch_size=3, window_seconds=10)
    delivery = Delivery(position=0)
    assert delivery.next_piece(end=0, now=NOW, policy=policy) is None
    assert delivery.next_piece(end=1, now=NOW + 60, policy=policy) is None
    assert delivery.next_piece(end=1, now=NOW + 70, policy=policy) == (0, 1)


def test_a_failure_pauses_the_mapping_longer_each_time() -> None:
    policy, delivery = Policy(batch_size=1), Delivery(position=0)
    pauses = []
    for _ in range(8):
        delivery.next_piece(end=1, now=NOW, policy=policy)
        assert not delivery.failed(now=NOW, oldest=NOW, policy=policy)
        pauses.append(delivery.not_before - NOW)
        assert delivery.next_piece(end=1, now=NOW, policy=policy) is None
        delivery.not_before = NOW
    assert pauses == sorted(pauses)
    assert pauses[0] < pauses[3]
    assert max(pauses) == 10


def test_throttling_costs_no_attempt() -> None:
    policy, delivery = Policy(batch_size=1, max_retries=0), Delivery(position=0)
    delivery.next_piece(end=1, now=NOW, policy=policy)
    delivery.refused(NOW)
    assert delivery.attempts == 0
    assert delivery.next_piece(end=1, now=NOW + 1, policy=policy) == (0, 1)


def test_progress_within_a_batch_is_kept() -> None:
    policy, delivery = Policy(batch_size=10), Delivery(position=0)
    delivery.next_piece(end=10, now=NOW, policy=policy)
    delivery.progressed(4)
    assert delivery.next_piece(end=10, now=NOW, policy=policy) == (4, 10)


def test_a_batch_too_large_for_one_call_is_delivered_in_parts() -> None:
    policy, delivery = Policy(batch_size=10), Delivery(position=0)
    delivery.next_piece(end=10, now=NOW, policy=policy)
    delivery.narrow(6)
    delivery.succeeded()
    assert delivery.next_piece(end=10, now=NOW, policy=policy) == (6, 10)


def test_the_first_reported_item_is_where_the_retry_starts() -> None:
    numbers = ["10", "11", "12"]
    reported = {"batchItemFailures": [{"itemIdentifier": "12"}, {"itemIdentifier": "11"}]}
    assert first_failed_item(reported, numbers) == 1
    assert first_failed_item({"batchItemFailures": []}, numbers) is None
    assert first_failed_item(None, numbers) is None


def test_a_report_of_an_unknown_item_fails_the_whole_batch() -> None:
    reported = {"batchItemFailures": [{"itemIdentifier": ""}]}
    assert first_failed_item(reported, ["10", "11"]) == 0


def test_a_policy_reads_the_lambda_apis_spelling() -> None:
    mapping = {
        "BatchSize": 1000,
        "MaximumBatchingWindowInSeconds": 15,
        "BisectBatchOnFunctionError": "true",
        "MaximumRetryAttempts": -1,
        "MaximumRecordAgeInSeconds": 72000,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
    }
    assert Policy.of(mapping, window_limit=5) == Policy(
        batch_size=1000,
        window_seconds=5,
        bisect=True,
        max_retries=None,
        max_age_seconds=72000,
        reports_item_failures=True,
    )
