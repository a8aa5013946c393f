"""Grants: who may read, write or administer a named resource."""
