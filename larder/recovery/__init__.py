"""Tables of the online store restored to an instant, and the offline rows that go with it."""
