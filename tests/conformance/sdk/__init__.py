"""What a data scientist does with the SageMaker SDKs, run by interpreters of their own.

Only the standard library, pandas and one SDK can be imported here.
"""
