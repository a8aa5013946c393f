"""What programs that call Larder import: helpers for AWS's own clients."""

from larder.client.signing import sign_for_execute_api

__all__ = ["sign_for_execute_api"]
