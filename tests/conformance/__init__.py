"""SageMaker Feature Store's behaviour, row by row, asked of an endpoint by clients as they are.

``make conformance`` runs it and writes ``docs/compatibility.md``. The suite knows nothing of
Larder's inside: it reads the AWS SDK's variables and two of its own, and calls.
"""
