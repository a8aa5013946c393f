"""The AWS emulator: ministack 1.5.33 with the gaps filled in that Larder's stacks meet.

Runs in the emulator's own virtual environment (``local/requirements-emulator.txt``) as
``python -m local.emulator``. Each module fills one kind of gap and says what AWS does instead:

- ``resources``: properties that ministack's CloudFormation accepts and drops.
- ``outputs``: changes of a stack's outputs alone.
- ``networks``: rules of security groups and flow logs, which it has no types for.
- ``caches``: ElastiCache Serverless as a resource; every cache is the platform's Valkey.
- ``functions``: how a Lambda function is started and how its errors are reported.
- ``streams``: event sources that follow a DynamoDB stream (``delivery`` has the rules, pure).
- ``recovery``: tables restored as they were at a point in time.
- ``custom_resources``: custom resources whose function can't answer.
- ``signatures``: whose signature is verified, and for which service (strict platform).
- ``forward_access``: the caller's rights for the local Athena (strict platform).
- ``glue_access``, ``stream_access``: which resources IAM checks for a call to Glue, to a stream.
- ``glue_jobs``, ``glue_tasks``: Spark jobs that run, and state machines that wait for them.
- ``http_api``: what an HTTP API answers when its function fails, and a template's CORS.
- ``snapshots``: state saved while the emulator runs.
- ``web_pages``: requests that a web page of another site sent.
- ``function_urls``: what a Function URL tells its function, and which permissions it asks for.

The modules replace private functions of one pinned version; ``tests/e2e/test_emulator_gaps.py``
observes every gap through AWS's own APIs.
"""
