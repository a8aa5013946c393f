"""Dashboards, alarms and who is told."""
