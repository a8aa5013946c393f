"""The control plane's function."""
