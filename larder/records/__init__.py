"""Records: the register rule, and the operations that read and write the online store."""
