"""The data plane's function."""
