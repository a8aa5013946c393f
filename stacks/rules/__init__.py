"""Rules of cdk-nag, and our own, over the templates."""
