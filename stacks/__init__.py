"""The CDK app's stacks: what exists."""
