"""Where features come from, and what uses them."""
