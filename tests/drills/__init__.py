"""Recoveries that are carried out on a platform of their own, and judged against an oracle."""
