"""What happens to a group after the API answered: tables made, records purged."""
