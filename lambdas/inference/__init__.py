"""The function behind InvokeEndpoint."""
