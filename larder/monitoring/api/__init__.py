"""Monitoring in SageMaker's words: job definitions, schedules, executions."""
