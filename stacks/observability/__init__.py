"""Dashboards, alarms and whom they notify."""
